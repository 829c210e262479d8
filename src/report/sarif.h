#pragma once
/// The audit as SARIF 2.1.0 (OASIS Standard, 27 March 2020), for code-scanning systems: one run; rules with their
/// help; results on the model file with its SHA-256; the outside schemes as taxonomies; failed and unfinished probes
/// as tool execution notifications, with executionSuccessful false. Findings of severity info are results of
/// kind "informational", so that no gate trips over them.
/// Thread rule: pure functions. Cannot fail.

#include "bartizan/finding.h"
#include "core/json.h"

namespace bartizan::report {

Json report_sarif(const Report& report);

/// "error" (critical, high), "warning" (medium), "note" (low), "none" (info).
std::string_view sarif_level(Severity severity);

}  // namespace bartizan::report
