#pragma once
/// What an extraction found, as a finding with its curve: used by the command `extract` and the probe `extraction`.
/// Thread rule: pure functions.

#include <string>
#include <vector>

#include "bartizan/finding.h"
#include "extraction/curve.h"

namespace bartizan::audit {

/// high: the same function, or a copy of 90 % agreement within 100 queries; medium: within 1,000; low: within 10,000;
/// info: none was seen.
Severity severity_of_theft(const std::vector<extraction::Point>& points);

Finding theft_finding(const std::string& model, std::string_view attack, const std::vector<extraction::Point>& points,
                      std::uint64_t seed);

/// Queries that one caller may be given: a tenth of those to 90 % agreement. Nothing: the curve does not reach it.
std::optional<std::int64_t> suggested_budget(const std::vector<extraction::Point>& points);

}  // namespace bartizan::audit
