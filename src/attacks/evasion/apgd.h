#pragma once
/// Auto-PGD (Croce & Hein 2020, algorithm 1): projected ascent with momentum whose step is halved, and which returns
/// to the best point, when progress stalls. In l1 (Croce & Hein 2021, "Mind the box") steps are sparse, and their
/// sparsity follows the best point. One start, one loss, one target class: restarts and targets are stages.

#include <cstdint>
#include <memory>
#include <vector>

#include "attacks/attack.h"
#include "attacks/loss.h"

namespace bartizan::attacks::evasion {

struct ApgdOptions {
    Loss loss = Loss::cross_entropy;
    std::int64_t steps = 100;
    double rho = 0.75;
    std::int64_t eot = 1;      ///< passes averaged for each gradient
    bool shrink = true;        ///< l1: three phases in balls of 3, 2 and 1 eps
    std::int64_t rank = 0;     ///< targeted losses: which wrong class, 0 the most likely
    std::int64_t restart = 0;  ///< keys the random start
};

Result<std::unique_ptr<Attack>> make_apgd(const ThreatModel& threat, const ApgdOptions& options);

/// Steps after which progress is judged: ceil(p_j * steps), p_0 = 0, p_1 = 0.22,
/// p_(j+1) = p_j + max(p_j - p_(j-1) - 0.03, 0.06) (section 3.2).
std::vector<std::int64_t> apgd_checkpoints(std::int64_t steps);

}  // namespace bartizan::attacks::evasion
