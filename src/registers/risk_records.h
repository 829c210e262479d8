#pragma once
/// Risks as documents: how they are kept and shown. Pure.

#include "registers/risks.h"

namespace bartizan::registers {

Json body_of(const Risk& risk);
/// What `body_of` wrote. Fails with `invalid_input`.
Result<Risk> risk_of(const Record& record);
void apply(const RiskWords& words, Risk& risk);
/// The worst residual first, then the inherent one, then by number; what no longer applies last.
void sort_by_score(std::vector<RiskView>& risks);

}  // namespace bartizan::registers
