#pragma once
/// Probabilities of each item's classes from a small model that never saw the item: multinomial logistic regression
/// on standardised features, trained on the other folds (Stone 1974). Enough for confident learning to count with.
/// Thread rule: pure functions; folds are trained on the threads that they are told.

#include <cstdint>
#include <span>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "quality/neighbours.h"

namespace bartizan::quality {

inline constexpr int kFolds = 5;

struct OutOfFold {
    std::vector<float> probabilities;  ///< [items, classes]
    double accuracy = 0;               ///< of the held-out answers
};

/// `features` standardised; `labels` in [0, classes). Folds are drawn with the context's seed. Fails with `cancelled`.
/// O(epochs * items * width * classes).
Result<OutOfFold> out_of_fold(const Matrix& features, std::span<const std::int64_t> labels, std::int64_t classes,
                              const RunContext& run);

}  // namespace bartizan::quality
