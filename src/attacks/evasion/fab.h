#pragma once
/// Fast Adaptive Boundary attack (Croce & Hein 2020, algorithm 1): linearises the decision boundary at the present
/// point, projects both that point and the clean input on it within the data range, goes to a mix of the two that
/// overshoots a little, and steps back towards the input whenever it is across. Ends with three steps along the line
/// from the answer to the input.

#include <cstdint>
#include <memory>

#include "attacks/attack.h"

namespace bartizan::attacks::evasion {

struct FabOptions {
    std::int64_t steps = 100;
    std::int64_t restarts = 1;  ///< the first start is the input itself
    double alpha_max = 0.1;
    double eta = 1.05;
    double beta = 0.9;
    std::int64_t targets = 0;      ///< 0: towards the nearest boundary; else towards this many wrong classes in turn
    std::int64_t first_rank = 0;   ///< which wrong class comes first, 0 the most likely
    bool stop_within_eps = false;  ///< a sample is done once it is fooled within eps: for ensembles
};

Result<std::unique_ptr<Attack>> make_fab(const ThreatModel& threat, const FabOptions& options);

}  // namespace bartizan::attacks::evasion
