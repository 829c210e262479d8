#pragma once
/// Issues that another module found, into the report of the checks of this one: one report, one exit status, one
/// quarantine. Thread rule: pure functions.

#include <vector>

#include "quality/check.h"

namespace bartizan::quality {

/// Keeps the order (gravest first) and the list of suspects.
void add_issues(CheckReport& report, std::vector<Issue> issues);

}  // namespace bartizan::quality
