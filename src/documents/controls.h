#pragma once
/// Checks that failed or went stale as the findings of a report, so that one place writes SARIF. What is unknown is no
/// finding: code-scanning systems would show what nobody looked at beside what was found; the report's execution says
/// how much of it there is. Pure.

#include "bartizan/finding.h"
#include "documents/facts.h"

namespace bartizan::documents {

Report controls_report(const Facts& facts);

}  // namespace bartizan::documents
