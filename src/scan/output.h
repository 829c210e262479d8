#pragma once
/// The scan as text, as JSON "bartizan.scan/1" (docs/schema/scan.schema.json) and as SARIF 2.1.0. Names and details
/// come from attackers: each form escapes them for the place where they are written. Thread rule: pure functions.
/// Cannot fail.

#include <string>
#include <string_view>

#include "core/json.h"
#include "scan/scan.h"

namespace bartizan::scan {

Json scan_json(const ScanResult& scan);
/// Files with something to say, gravest first in each; then a line with the counts and the verdict.
std::string scan_text(const ScanResult& scan);
/// `tool_version`: what the document says about its maker.
Json scan_sarif(const ScanResult& scan, std::string_view tool_version, std::string_view command_line);

/// The gravest severity of all issues.
Severity gravest(const ScanResult& scan);

}  // namespace bartizan::scan
