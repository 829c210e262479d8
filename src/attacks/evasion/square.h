#pragma once
/// Square attack (Andriushchenko et al. 2020, algorithms 1 to 3; l1: Croce & Hein 2021, "Mind the box"): random search
/// that changes square windows and keeps what lowers the margin. Sees scores only.
/// Windows are written into the best point itself and taken back when they do not help, so a query costs one forward
/// pass and a few hundred bytes. Tables and other items without two spatial axes are treated as a picture one high.

#include <cstdint>
#include <memory>

#include "attacks/attack.h"

namespace bartizan::attacks::evasion {

struct SquareOptions {
    std::int64_t queries = 5000;
    double p_init = 0.8;
    bool rescale = true;  ///< the schedule of sizes is stretched over the budget; else it is that of 10,000 queries
    std::int64_t restart = 0;  ///< keys the random numbers
};

Result<std::unique_ptr<Attack>> make_square(const ThreatModel& threat, const SquareOptions& options);

/// The share of the picture that a window covers at query `query` of a budget of 10,000 (section 3.2).
double square_share(double p_init, std::int64_t query);

}  // namespace bartizan::attacks::evasion
