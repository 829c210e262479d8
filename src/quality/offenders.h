#pragma once
/// The worst offenders as pictures, and a check as a report like any other.
/// Thread rule: pure but for the data that they read.

#include <string>
#include <vector>

#include "bartizan/finding.h"
#include "bartizan/result.h"
#include "quality/check.h"

namespace bartizan::quality {

/// To each finding of `findings_of` about a set of images, the first `count` items of the gravest issues of its kind, side
/// by side with their labels. Other sets have rows of text already (examples.h). Fails where the data cannot be read.
Result<void> add_pictures(const CheckReport& report, const std::string& spec, const std::string& label_column,
                          std::size_t count, std::vector<Finding>& findings);

/// The whole check, with pictures, for report/files.h; the caller adds what made it and when.
Result<Report> report_of(const CheckReport& report, const std::string& spec, const std::string& label_column);

}  // namespace bartizan::quality
