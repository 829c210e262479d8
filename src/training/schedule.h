#pragma once
/// How the learning rate changes over the steps of a training.
/// Thread rule: pure functions.

#include <cstdint>

namespace bartizan::training {

enum class Schedule : std::uint8_t {
    one_cycle,  ///< up from a tenth to the peak in the first third, then down to a hundredth (Smith 2018)
    cosine,     ///< half a cosine from the peak to zero (Loshchilov, Hutter 2017)
    piecewise,  ///< the peak, a tenth of it from the half on, a hundredth in the last quarter (Rice et al. 2020)
    constant,   ///< the peak
};

/// The rate of step `step` (from 0) of `steps`.
double rate_at(Schedule schedule, double peak, std::int64_t step, std::int64_t steps);

}  // namespace bartizan::training
