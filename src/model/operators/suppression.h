#pragma once
/// Greedy non-maximum suppression, as ONNX's NonMaxSuppression defines it.
/// Thread rule: a free function over values.

#include <cstdint>
#include <limits>

#include "bartizan/result.h"

namespace at {
class Tensor;
}

namespace bartizan::model::operators {

struct SuppressionOptions {
    std::int64_t per_class = 0;  ///< boxes chosen at most, for each batch entry and class
    float overlap = 0;           ///< intersection over union above which a box gives way to a better one
    float least_score = -std::numeric_limits<float>::infinity();  ///< boxes at or below are not looked at
    bool centred = false;  ///< boxes are [x centre, y centre, width, height], else two corners [y, x, y, x]
};

/// Boxes float [batch, boxes, 4], scores [batch, classes, boxes]; gives int64 [chosen, 3] of batch, class, box.
/// Cost: for each batch entry and class, boxes * log(boxes) + boxes * chosen.
Result<at::Tensor> suppress(const at::Tensor& boxes, const at::Tensor& scores, const SuppressionOptions& options);

}  // namespace bartizan::model::operators
