#pragma once
/// Layers that follow one another, run on blocks of interleaved images: each block goes through all layers while its
/// values are in the cache. Internal to `model/interleaved`. Thread rule: pure functions.

#include <cstdint>
#include <span>
#include <vector>

#include "model/interleaved/layer.h"
#include "model/interleaved/packing.h"

namespace bartizan::model::interleaved {

/// Everything about one run but its images. `bias` of a layer may be null.
struct Run {
    std::span<const Layer> layers;
    const Packed* packed = nullptr;
    std::span<const float* const> biases;
    std::int64_t images = 0;

    std::int64_t blocks() const { return (images + kLanes - 1) / kLanes; }
    /// Floats of a block: the input and what each layer makes.
    std::int64_t block_size() const;
};

/// `x` [images, channels, h, w] of the first layer to `y` [images, filters, oh, ow] of the last. `kept` has
/// `blocks() * block_size()` floats for the way back, or is empty.
void run_forward(const Run& run, const float* x, float* y, std::span<float> kept);

/// The gradients of a layer's weights [filters, kernel_h, kernel_w, channels] and bias, added to.
struct WeightGradient {
    std::vector<float> weight, bias;
};

/// From `dy` to `dx`, where that is not null, and to `weights`, one for each layer, where those are not empty.
void run_backward(const Run& run, const float* dy, std::span<const float> kept, float* dx,
                  std::span<WeightGradient> weights);

}  // namespace bartizan::model::interleaved
