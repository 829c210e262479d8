#pragma once
/// What explanations are worth, as a finding: used by the command `explain` and the probe of that name.
/// Thread rule: pure function.

#include <string>
#include <string_view>

#include "bartizan/finding.h"
#include "explain/fidelity.h"

namespace bartizan::audit {

/// low: the verdict is `rejected`; else info. Its evidence holds every figure of the summary.
Finding explanation_finding(const std::string& model, std::string_view method, const explain::Summary& summary);

}  // namespace bartizan::audit
