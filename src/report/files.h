#pragma once
/// Writes an audit's files into a folder: report.html, report.json, report.sarif, junit.xml and the pictures under
/// examples/. Each file appears whole or not at all; the page comes last, so that where it is, all is.
/// Failures: `denied`, `exhausted` (disk full), `invalid_input` (the folder's name is a file), naming the file.
/// Thread rule: pure but for the files; two writers must not share a folder.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bartizan/finding.h"
#include "bartizan/result.h"

namespace bartizan::report {

/// Gives every picture of `report` the path, relative to the report's folder, that it is written under:
/// "examples/BTZ-EVA-001-1-2.png" is the second picture of the rule's first row.
void name_pictures(Report& report);

/// The paths written, the page first. Findings at or above `gate` are failures in junit.xml.
Result<std::vector<std::string>> write_report_files(Report report, const std::filesystem::path& folder,
                                                    std::optional<Severity> gate = Severity::high);

}  // namespace bartizan::report
