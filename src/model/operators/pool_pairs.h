#pragma once
/// Two rows at a time of 2 x 2 max pooling with stride 2: the inner loops of `fast_max_pool`. The float versions use
/// AVX2 where the processor has it.
/// Internal to `model/operators`. Thread rule: pure functions.

#include <cstdint>

namespace bartizan::model::operators {

/// `out[j]` is the maximum of top[2j], top[2j+1], bottom[2j], bottom[2j+1], `place[j]` its number in that order. The
/// first of equal values counts; the first NaN wins.
void pool_pairs(const float* top, const float* bottom, float* out, std::uint8_t* place, std::int64_t count);
void pool_pairs(const double* top, const double* bottom, double* out, std::uint8_t* place, std::int64_t count);

/// The way back: writes `2 * count` values of both rows.
void spread_pairs(const float* gradient, const std::uint8_t* place, float* top, float* bottom, std::int64_t count);
void spread_pairs(const double* gradient, const std::uint8_t* place, double* top, double* bottom, std::int64_t count);

}  // namespace bartizan::model::operators
