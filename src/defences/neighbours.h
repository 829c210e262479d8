#pragma once
/// Does an item lie among trusted items of its own label, or of another one? Finds poison with changed labels, also
/// where the attack was hardly learnt; clean-label poison looks like its class and passes.
/// Thread rule: pure functions.

#include <cstdint>
#include <span>
#include <vector>

#include "bartizan/result.h"

namespace at {
class Tensor;
}

namespace bartizan::defences {

/// Least trusted items of a class for distances to the nearest of them: k, and one that is left out of its own.
constexpr std::int64_t kNeighboursLeastClean = 20;

/// For each row of `features` [n, d] log(mean distance to the `neighbours` nearest rows of `clean` with its label) -
/// log(that to the nearest with other labels), the inverse of the trust score of Jiang et al. 2018 ("To Trust Or Not To
/// Trust A Classifier", section 3): above 0 is nearer to others. A share of votes would tie: half the poison and the
/// hardest clean items alike have none but other neighbours. Where `features` and `clean` are one tensor, an item is no
/// neighbour of itself: that calibrates. Fails with `invalid_input` on shapes, labels or numbers that do not fit, on
/// trusted items of one label only, and where a label of the rows has fewer than `kNeighboursLeastClean` of them.
Result<std::vector<double>> label_contrast(const at::Tensor& features, std::span<const std::int64_t> labels,
                                           const at::Tensor& clean, std::span<const std::int64_t> clean_labels,
                                           std::int64_t neighbours = 5);

}  // namespace bartizan::defences
