#pragma once
/// Probabilities of each item's classes from a small network that never saw the item, trained on the other folds (Stone
/// 1974). Enough for confident learning to count with.
/// Thread rule: pure functions; folds are trained on the threads that they are told.

#include <cstdint>
#include <span>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "quality/neighbours.h"

namespace bartizan::quality {

inline constexpr int kFolds = 5;
inline constexpr std::int64_t kLeastLearnt = 50;  ///< items: fewer are not worth a fold

struct OutOfFold {
    std::vector<float> probabilities;  ///< [items, classes]
    double accuracy = 0;               ///< share of the labels that the held-out answers agree with
};

/// `features` standardised; `labels` in [0, classes). Folds are drawn with the context's seed. Fails with `cancelled`.
/// The same numbers whatever the threads. O(epochs * items * (width + classes)).
Result<OutOfFold> out_of_fold(const Matrix& features, std::span<const std::int64_t> labels, std::int64_t classes,
                              const RunContext& run);

}  // namespace bartizan::quality
