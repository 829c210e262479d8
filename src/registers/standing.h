#pragma once
/// Evidence of the organisation that a register makes of itself: that no audit is overdue, that the budget is in its
/// band. It is told again when what it says changes, and holds for a week: a service that is not there shows nothing.
/// Thread rule: may be called from any thread.

#include <string>

#include "governance/governance.h"
#include "registers/records.h"

namespace bartizan::registers {

struct Standing {
    std::string check = {};  ///< "audit.programme"
    governance::Verdict verdict = governance::Verdict::inconclusive;
    std::string summary = {};
    std::int64_t expires = 0;  ///< when it can no longer be true; 0: not known
};
inline constexpr std::int64_t kStandingHolds = 7 * kDay;

/// Records it, unless the newest evidence of the check says the same and holds for half its time yet. What was disputed
/// is not told again in the same words.
Result<void> tell(governance::Governance& governance, const std::string& actor, const Standing& standing);

}  // namespace bartizan::registers
