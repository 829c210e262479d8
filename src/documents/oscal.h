#pragma once
/// OSCAL 1.2 (pages.nist.gov/OSCAL): assessment results, and a plan of action and milestones, of one asset. Evidence
/// becomes observations, requirements become findings, what is in trouble becomes risks. Two states are all that OSCAL
/// has: what failed is not-satisfied for the reason "fail", what is unknown or stale is not-satisfied for "other"; our
/// own state stands beside it as a property. Pure.

#include "bartizan/result.h"
#include "core/json.h"
#include "documents/facts.h"

namespace bartizan::documents {

inline constexpr std::string_view kOscalVersion = "1.2.2";

Json oscal_results(const Facts& facts);
/// Fails with `not_found` when nothing is failing, stale or unknown: such a plan has at least one item.
Result<Json> oscal_plan(const Facts& facts);

}  // namespace bartizan::documents
