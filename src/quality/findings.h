#pragma once
/// A report of `check` as findings: one for each kind of issue, with where it was seen and its worst offenders.
/// Thread rule: pure functions.

#include <string>
#include <string_view>
#include <vector>

#include "bartizan/finding.h"
#include "quality/check.h"

namespace bartizan::quality {

/// The rule that a kind of issue is reported under: "BTZ-DAT-003" for leaks. Defects where no other fits.
std::string_view rule_of(std::string_view kind);

/// Gravest first. `asset`: the data set, as the user named it.
std::vector<Finding> findings_of(const CheckReport& report, const std::string& asset);

}  // namespace bartizan::quality
