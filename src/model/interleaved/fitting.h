#pragma once
/// The layers that a stack is for one input, if it is made for that. Internal to `model/interleaved`.
/// Thread rule: pure functions.

#include <optional>
#include <span>
#include <vector>

#include <ATen/core/Tensor.h>

#include "model/interleaved/layer.h"
#include "model/interleaved/packing.h"
#include "model/interleaved/stack.h"

namespace bartizan::model::interleaved {

struct Fitted {
    std::vector<Layer> layers;
    std::vector<GivenWeights> weights;
    std::vector<at::Tensor> weight, bias;  ///< of each layer; the bias may be undefined
    std::vector<std::int64_t> output;      ///< shape
};

/// Fewer images leave most lanes empty.
inline constexpr std::int64_t kLeastImages = 8;

std::optional<Fitted> fit(std::span<const Member> members, const at::Tensor& x, std::span<const at::Tensor> others);

}  // namespace bartizan::model::interleaved
