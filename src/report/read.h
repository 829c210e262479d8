#pragma once
/// Reads back what json.h wrote: report.json as a `Report`, for comparing two audits. Pictures come with caption, size
/// and path, without their bytes. Fields that a later version added are left alone.
/// Thread rule: pure functions, but for the file.

#include <filesystem>
#include <string_view>

#include "bartizan/finding.h"
#include "bartizan/result.h"

namespace bartizan::report {

/// Fails with `invalid_input` naming the field ("findings[3].severity") and what is wrong with it.
Result<Report> parse_report(std::string_view json);
/// Of a file, or of the report.json in a folder.
Result<Report> read_report(const std::filesystem::path& path);

}  // namespace bartizan::report
