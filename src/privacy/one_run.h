#pragma once
/// What one training run gives away, as a lower bound on epsilon of (epsilon, delta)-differential privacy (Steinke,
/// Nasr and Jagielski 2023, arXiv:2305.08846, theorem 5.2). The number of guesses has to be chosen before the result is
/// seen: taking the best of several is no 95 % bound. Thread rule: pure functions.

#include <cstdint>
#include <span>

namespace bartizan::privacy {

struct OneRun {
    std::int64_t canaries = 0, guesses = 0, right = 0;
    double epsilon = 0;  ///< lower bound
};

/// `canaries` items, each held with probability one half; `guesses` of them were guessed, `right` rightly.
/// O(guesses) for each of 60 bisections. `epsilon` 0 when nothing can be said.
double epsilon_lower_bound(std::int64_t canaries, std::int64_t guesses, std::int64_t right, double delta,
                           double significance = 0.05);

/// Guesses the `guesses`/2 highest scores to be members and as many of the lowest not to be.
OneRun audit_one_run(std::span<const double> scores, std::span<const std::uint8_t> member, std::int64_t guesses,
                     double delta);

}  // namespace bartizan::privacy
