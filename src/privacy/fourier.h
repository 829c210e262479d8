#pragma once
/// The discrete Fourier transform of a power of two of values (Cooley and Tukey 1965), in double precision.
/// Thread rule: pure functions.

#include <complex>
#include <vector>

namespace bartizan::privacy {

/// In place; `values.size()` is a power of two. O(n log n).
void fourier_transform(std::vector<std::complex<double>>& values, bool inverse);

/// Two sequences of equal length, a power of two.
struct Pair {
    std::vector<double> first, second;
};

/// The `times`-fold circular convolution of each with itself.
Pair convolution_powers(const Pair& values, double times);

}  // namespace bartizan::privacy
