#pragma once
/// Evidence out of "bartizan.drill/1". Internal to `governance`. Pure.

#include <vector>

#include "governance/evidence.h"

namespace bartizan::governance {

/// One piece for each check that the drill bears on; of others that the document may name, none. What is missing or of
/// another type makes it inconclusive. A drill that was cut short shows no pass.
std::vector<Evidence> evidence_of_drill(const Json& report);

}  // namespace bartizan::governance
