#pragma once
/// Epsilon of DP-SGD from the distribution of its privacy loss, composed numerically (Gopi, Lee and Wutschitz 2021,
/// arXiv:2106.02848, algorithm 1 and theorem 5.5). Tighter than Renyi bounds, with error bounds of its own: claims are
/// made from `high`, never from `estimate`. The record that is added and the one that is removed are both accounted
/// for; the worse counts. Thread rule: pure functions.

#include "bartizan/result.h"
#include "privacy/rdp_accountant.h"

namespace bartizan::privacy {

struct PrivacyLossBound {
    double low = 0, estimate = 0, high = 0;  ///< of epsilon
};

/// `error` is that of epsilon; delta is allowed a thousandth of its own. Fails with `invalid_input` (ranges of `check`,
/// delta outside 1e-10 to 0.5), `exhausted` when the grid would be larger than 2^24 points.
/// O(n log n) for a grid of about sqrt(steps) / error * epsilon points: 0.02 to 0.5 s.
Result<PrivacyLossBound> privacy_loss_epsilon(const SampledGaussian& mechanism, double delta, double error = 0.01);

/// The least noise, to 0.1 %, whose `high` is at most `epsilon`. Fails with `invalid_input` when none in the range of
/// `check` is enough.
Result<double> noise_for(double epsilon, double delta, double rate, std::int64_t steps);

}  // namespace bartizan::privacy
