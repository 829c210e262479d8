#pragma once
/// Weights in the order in which the loops read them. Internal to `model/interleaved`.
/// Thread rule: free functions over values; `PackedWeights` may be asked from several threads at once.

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "model/interleaved/layer.h"

namespace bartizan::model::interleaved {

/// Weights as the model holds them: of filter f, the k-th of [channels, kernel_h, kernel_w] at f * filter_step +
/// k * tap_step.
struct GivenWeights {
    const float* values = nullptr;
    std::int64_t filter_step = 0, tap_step = 1;
};

/// [group of filters][kernel_h][kernel_w][channels][filters of the group], groups as `group_of` says.
void pack_forward(const Layer& layer, const GivenWeights& weights, float* packed);
/// [kernel_h][group of (kernel_w, channels)][filters][taps of the group].
void pack_backward(const Layer& layer, const GivenWeights& weights, float* packed);
/// `dw` [filters, kernel_h, kernel_w, channels] in the model's order.
void unpack(const Layer& layer, const float* dw, const GivenWeights& order, float* given);

/// All layers of a stack, packed.
struct Packed {
    std::vector<std::vector<float>> forward, backward;
    std::vector<std::vector<float>> source;  ///< what they were made from; empty where that cannot change
};

/// Packs once, and again when the weights have changed: training writes into them.
class PackedWeights {
public:
    /// `live`: the values may change between calls; they are compared each time, which costs little.
    std::shared_ptr<const Packed> of(std::span<const Layer> layers, std::span<const GivenWeights> weights, bool live);

private:
    std::mutex mutex_;
    std::shared_ptr<const Packed> last_;
};

}  // namespace bartizan::model::interleaved
