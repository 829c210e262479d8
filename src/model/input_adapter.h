#pragma once
/// Brings a batch of items in data units into the form that a model takes: shape, layout, normalisation, type.
/// Internal to `model`.
/// Thread rule: immutable once made.

#include <cstdint>
#include <optional>

#include <ATen/core/Tensor.h>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "data/input_contract.h"
#include "graph/graph.h"

namespace bartizan::model {

class InputAdapter {
public:
    /// For items of `item` on the model input `input` (which may say nothing of its shape). The rules, in this order:
    /// 1. equal shapes: as it is; 2. [C,H,W] on [H,W,C] or the other way round: transposed; 3. [H,W] on [1,H,W] or
    /// [H,W,1], a flat input, or any other shape with as many numbers: reshaped. Where the model does not tell its
    /// shape, images become [C,H,W] (or [H,W,C] if the contract says nhwc).
    /// Fails with `invalid_input` naming both shapes.
    static Result<InputAdapter> make(const Shape& item, const graph::TensorType& input,
                                     const data::InputContract& contract);

    /// `x` [n, item] as the model takes it. Differentiable.
    at::Tensor apply(const at::Tensor& x) const;

    /// The batch that the model insists on; 0: any.
    std::int64_t fixed_batch() const { return fixed_batch_; }
    /// The model takes whole numbers: its input is rounded, and there is no gradient.
    bool rounds() const { return type_ && at::isIntegralType(*type_, true); }

private:
    std::vector<std::int64_t> permutation_;  ///< of [n, item]; empty: none
    Shape target_;                           ///< without the batch
    at::Tensor scale_, shift_;               ///< undefined: nothing to do
    std::optional<at::ScalarType> type_;     ///< nothing: float, kept as given
    std::int64_t fixed_batch_ = 0;
};

}  // namespace bartizan::model
