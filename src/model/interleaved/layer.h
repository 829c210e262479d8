#pragma once
/// Sixteen pictures side by side: each value of a layer is kept for sixteen images in a row, so that a convolution of
/// any stride and width is one multiply-add of whole registers for every tap, with nothing padded and nothing moved.
/// Small networks (the ones that are attacked step by step, and trained so) run several times as fast this way as
/// layer by layer in a library made for large ones. Internal to `model`. Thread rule: plain values.

#include <cstdint>

namespace bartizan::model::interleaved {

/// Images that lie side by side: two registers of AVX2.
inline constexpr std::int64_t kLanes = 16;

/// A two-dimensional convolution without groups and dilation, [channels, h, w] to [filters, oh, ow]. A product with a
/// matrix is one whose kernel is the whole input. Values lie as [h, w, channels, kLanes].
struct Layer {
    std::int64_t channels = 1, h = 1, w = 1;
    std::int64_t filters = 1, oh = 1, ow = 1;
    std::int64_t kernel_h = 1, kernel_w = 1;
    std::int64_t stride_h = 1, stride_w = 1;
    std::int64_t pad_h = 0, pad_w = 0;
    bool rectified = false;  ///< followed by a Relu

    std::int64_t inputs() const { return channels * h * w; }
    std::int64_t outputs() const { return filters * oh * ow; }
    /// Weights of one filter; packed in the order [kernel_h, kernel_w, channels].
    std::int64_t taps() const { return kernel_h * kernel_w * channels; }
};

/// How many of `rest` filters (or taps) are summed together: as many as leave registers for the values.
constexpr std::int64_t group_of(std::int64_t rest) { return rest >= 4 ? 4 : rest >= 2 ? 2 : 1; }

}  // namespace bartizan::model::interleaved
