#pragma once
/// Labels that are probably wrong, by confident learning (Northcutt et al. 2021, arXiv:1911.00068): the count from the
/// off-diagonal of the confident joint, the items by their self-confidence.
/// Thread rule: pure functions.

#include <cstdint>
#include <span>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::quality {

struct LabelErrors {
    std::vector<std::int64_t> items;      ///< worst first
    std::vector<std::int64_t> suggested;  ///< the class that the model believes, for each of `items`
    std::vector<float> confidence;        ///< in the label given, for each of `items`
    std::vector<double> thresholds;       ///< per class: the mean confidence in it among those labelled so
};

/// `probabilities` [items, classes] row-major, each from a model that was not trained on the item; `labels` in
/// [0, classes). Fails with `invalid_input` on other sizes, a label outside, a row that is no distribution (naming it).
/// O(items * classes).
Result<LabelErrors> find_label_errors(std::span<const float> probabilities, std::span<const std::int64_t> labels,
                                      std::int64_t classes);

}  // namespace bartizan::quality
