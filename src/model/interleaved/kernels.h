#pragma once
/// The three loops of a layer over one block of interleaved images. Internal to `model/interleaved`.
/// Complexity: one multiply-add for each tap of each output, `kLanes` images at once. Thread rule: pure functions.

#include <cstdint>

#include "model/interleaved/layer.h"

namespace bartizan::model::interleaved {

/// `y` from `x`; `packed` by `pack_forward`, `bias` [filters]. Rectifies where the layer says so.
void forward(const Layer& layer, const float* x, const float* packed, const float* bias, float* y);

/// `dx` from `dy` (that of the values before the Relu); `packed` by `pack_backward`.
void input_gradient(const Layer& layer, const float* dy, const float* packed, float* dx);

/// What belongs to values that a Relu has cut becomes zero.
void mask(const float* y, float* dy, std::int64_t count);

/// Inputs, and gradients by outputs, of several blocks.
struct Blocks {
    const float* x;
    const float* dy;
    std::int64_t x_step, dy_step;  ///< floats from block to block
    std::int64_t count;
};
/// Adds to `dw` [filters, taps] and `db` [filters] the sums over all images of the blocks.
void weight_gradient(const Layer& layer, const Blocks& blocks, float* dw, float* db);

}  // namespace bartizan::model::interleaved
