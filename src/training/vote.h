#pragma once
/// The plurality vote of deep partition aggregation and what it certifies (Levine, Feizi 2021, "Deep Partition
/// Aggregation: Provable Defense against General Poisoning Attacks", theorem 1). Thread rule: pure functions.

#include <cstdint>
#include <span>
#include <vector>

namespace bartizan::training {

struct Vote {
    std::int64_t winner = 0;  ///< the class with most votes, the smaller one of equals
    /// As many networks may answer otherwise, in any way, and the winner stays: floor((n_w - max over the other classes
    /// c of (n_c + [c < w])) / 2). One more can be enough to turn it.
    std::int64_t radius = 0;
};

/// `counts`: votes for each class, at least two classes, none negative.
Vote decide(std::span<const std::int64_t> counts);

/// How many answers are right and stay so whatever `changes` networks say, for changes = 0, 1, ... up to the first
/// where there are none (which is the last entry). `labels` and `votes` run side by side.
std::vector<std::int64_t> certified_counts(std::span<const Vote> votes, std::span<const std::int64_t> labels);

}  // namespace bartizan::training
