#pragma once
/// Gradient attacks of one fixed step: fgsm, bim, pgd, mim are this loop with different settings.
/// A sample leaves the batch in the step in which it is fooled; the forward pass that shows it is the one that gives
/// the next gradient, so n steps cost n + 1 passes forth and n back.

#include <cstdint>
#include <memory>

#include "attacks/attack.h"

namespace bartizan::attacks::evasion {

struct AscentOptions {
    std::int64_t steps = 1;
    double step = 1;  ///< length, as a fraction of eps
    bool random_start = false;
    bool to_worst_point = false;  ///< fgsm: each step goes to the worst point of the linearised loss
    bool momentum = false;        ///< mim: follow the decaying sum of l1-normalised gradients
    double decay = 1;
    double sparsity = 0.05;    ///< l1: share of the coordinates that a step moves
    std::int64_t restart = 0;  ///< keys the random start
};

Result<std::unique_ptr<Attack>> make_ascent(const ThreatModel& threat, const AscentOptions& options);

}  // namespace bartizan::attacks::evasion
