#pragma once
/// How well a score tells members from non-members: what counts is how many members are found at a false-positive rate
/// so low that an accusation would stand (Carlini et al. 2022, section III).
/// Thread rule: pure functions.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/statistics.h"

namespace bartizan::privacy {

struct RocPoint {
    double fpr = 0, tpr = 0;
};

struct Roc {
    std::vector<RocPoint> points;  ///< from (0, 0) to (1, 1), one for each threshold that differs
    double auc = 0;
    Interval auc_interval;         ///< 95 % (Hanley and McNeil 1982)
    double balanced_accuracy = 0;  ///< at the best threshold
    std::int64_t members = 0, nonmembers = 0;

    /// The largest share of members found with at most this share of non-members; its Clopper-Pearson interval.
    double tpr_at(double fpr) const;
    Interval tpr_interval(double fpr) const;
};

/// A false-positive rate cannot be told from fewer non-members than this.
inline constexpr std::int64_t kLeastForPerMille = 1'000, kLeastForPerCent = 100;

/// Larger scores: members. Ties count half. O(n log n). Both must be there.
Roc roc_of(std::span<const double> scores, std::span<const std::uint8_t> member);

/// Clopper and Pearson 1934; `trials` 0 gives [0, 1].
Interval clopper_pearson(std::int64_t successes, std::int64_t trials, double confidence = 0.95);

}  // namespace bartizan::privacy
