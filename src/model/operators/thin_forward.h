#pragma once
/// A convolution over a picture of few channels: the first layer of a network, which attacks run at every step. oneDNN
/// is made for many channels and takes a third of the forward pass of a small network for it.
/// Internal to `model/operators`. Thread rule: pure functions.

#include <cstdint>
#include <vector>

#include "model/operators/thin_gradient.h"

namespace bartizan::model::operators {

/// Of one shape and one set of weights, for any number of images.
class ThinForward {
public:
    /// `weights` [filters, channels, kernel_h, kernel_w], `bias` [filters]; both are copied.
    ThinForward(const ThinShape& shape, const float* weights, const float* bias);

    /// `y` [filters, oh, ow] of one image `x` [channels, h, w]. `scratch` is kept between calls by the caller.
    void image(const float* x, float* y, std::vector<float>& scratch) const;

private:
    /// Columns whose place is the same modulo stride_w lie side by side, so that an output row reads without gaps.
    void split(const float* x, float* padded) const;

    ThinShape shape_;
    std::vector<float> weights_;           ///< [groups of filters, taps, filters of a group]
    std::vector<float> bias_;              ///< [filters, rounded up to whole groups]
    std::vector<std::int64_t> taps_;       ///< offsets in the split picture
    std::int64_t group_ = 1;               ///< filters that are summed together
    std::int64_t rows_ = 0, columns_ = 0;  ///< of the split picture: of a channel, of a row of one phase
    std::int64_t row_width_ = 0;           ///< of the sums of a row, rounded up to whole blocks
};

}  // namespace bartizan::model::operators
