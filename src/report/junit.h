#pragma once
/// The audit as JUnit XML, for continuous integration: one test suite, one test case per probe. A finding at or above
/// the gate is a failure, a probe that failed or did not finish an error (so that it never looks like a pass), a
/// skipped one is skipped; findings below the gate go to system-out.
/// Thread rule: pure function. Cannot fail; the output is well-formed XML 1.0 whatever the report holds.

#include <optional>
#include <string>

#include "bartizan/finding.h"

namespace bartizan::report {

/// No `gate`: findings never fail a case.
std::string report_junit(const Report& report, std::optional<Severity> gate = Severity::high);

}  // namespace bartizan::report
