#pragma once
/// The discrete Fourier transform of a power of two of values (Cooley and Tukey 1965), in double precision.
/// Thread rule: pure functions.

#include <complex>
#include <vector>

namespace bartizan::privacy {

/// In place; `values.size()` is a power of two. O(n log n).
void fourier_transform(std::vector<std::complex<double>>& values, bool inverse);

/// The `times`-fold circular convolution of `values` with themselves; a power of two of them.
std::vector<double> convolution_power(const std::vector<double>& values, double times);

}  // namespace bartizan::privacy
