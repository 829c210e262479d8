#pragma once
/// The few statistics that every probe states with its numbers. Pure functions.

#include <cstdint>
#include <span>

namespace bartizan {

/// A closed interval, of proportions in [0, 1] or of any number.
struct Interval {
    double low = 0;
    double high = 0;
};

/// Wilson score interval of a proportion (Wilson 1927), 95 % unless `z` says otherwise.
/// `trials` 0 gives [0, 1]. 0 <= successes <= trials.
Interval wilson_interval(std::int64_t successes, std::int64_t trials, double z = 1.959963984540054);

/// The q-quantile, 0 <= q <= 1, of `sorted` ascending values with linear interpolation (type 7, as NumPy).
/// NaN when there are none.
double quantile(std::span<const double> sorted, double q);

}  // namespace bartizan
