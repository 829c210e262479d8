#pragma once
/// Votes of the nearest trusted items: an item whose trusted neighbours carry another label is suspicious. Finds poison
/// with changed labels; clean-label poison looks like its class and passes.
/// Thread rule: pure functions.

#include <cstdint>
#include <span>
#include <vector>

#include "bartizan/result.h"

namespace at {
class Tensor;
}

namespace bartizan::defences {

/// For each row of `features` [n, d] the share of its `neighbours` nearest rows of `clean` whose label is another one.
/// Where `features` and `clean` are one tensor, an item is no neighbour of itself: that calibrates. Fails with
/// `invalid_input` on shapes, labels or numbers that do not fit, or fewer clean rows than neighbours + 1.
Result<std::vector<double>> neighbour_disagreement(const at::Tensor& features, std::span<const std::int64_t> labels,
                                                   const at::Tensor& clean, std::span<const std::int64_t> clean_labels,
                                                   std::int64_t neighbours = 10);

}  // namespace bartizan::defences
