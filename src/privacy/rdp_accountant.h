#pragma once
/// What DP-SGD gives away in all its steps: each adds Gaussian noise to a sum over a Poisson sample of the data. Renyi
/// differential privacy of the sampled Gaussian mechanism (Mironov, Talwar and Zhang 2019, arXiv:1908.10530, section
/// 3.3), composed by adding, turned into epsilon as Balle et al. 2020 (arXiv:1905.09982, theorem 21) do.
/// An upper bound, 8 to 18 % above the exact value; `prv_accountant.h` comes closer. Thread rule: pure functions.

#include <cstdint>

#include "bartizan/result.h"

namespace bartizan::privacy {

/// Neighbouring data sets differ in one record that is there or not.
struct SampledGaussian {
    double rate = 0;         ///< chance of each record to be in a step's sample, 0 < rate <= 1
    double noise = 0;        ///< standard deviation of the noise over the clipping bound, > 0
    std::int64_t steps = 0;  ///< >= 1
};

/// Fails with `invalid_input`, naming what is out of range: rate, noise (1e-2 to 1e6), steps (at most 1e9).
Result<void> check(const SampledGaussian& mechanism);

/// Renyi divergence of one step at `order` > 1; infinite where it does not converge. O(order) terms.
double renyi_divergence(const SampledGaussian& mechanism, double order);

struct RenyiBound {
    double epsilon = 0;
    double order = 0;  ///< at which the bound is least
};

/// Least over the orders 1.1 to 10.9 in tenths and 12 to 63. 0 < delta < 1.
RenyiBound renyi_epsilon(const SampledGaussian& mechanism, double delta);

}  // namespace bartizan::privacy
