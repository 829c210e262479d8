#pragma once
/// The gradient of a convolution by an input of few channels: that of the picture itself, which every attack asks for
/// at every step. oneDNN is made for many channels and takes a third of a gradient step of a small network for it.
/// Internal to `model/operators`. Thread rule: pure functions.

#include <cstdint>
#include <vector>

namespace bartizan::model::operators {

/// A two-dimensional convolution without groups and dilation; input [channels, h, w], output [filters, oh, ow].
struct ThinShape {
    std::int64_t channels = 1, h = 1, w = 1;
    std::int64_t filters = 1, oh = 1, ow = 1;
    std::int64_t kernel_h = 1, kernel_w = 1;
    std::int64_t stride_h = 1, stride_w = 1;
    std::int64_t pad_h = 0, pad_w = 0;
};

inline constexpr std::int64_t kMaxThinChannels = 4;
inline constexpr std::int64_t kMaxThinKernel = 16;
inline constexpr std::int64_t kMaxThinStride = 4;

/// Of one shape and one set of weights, for any number of images.
class ThinGradient {
public:
    /// `weights` [filters, channels, kernel_h, kernel_w].
    ThinGradient(const ThinShape& shape, const float* weights);

    /// `dx` [channels, h, w] of one image from `dy` [filters, oh, ow]. `scratch` is kept between calls by the caller.
    void image(const float* dy, float* dx, std::vector<float>& scratch) const;

private:
    /// Input values whose place is `row` modulo stride_h and `column` modulo stride_w: each is a sum over the same
    /// taps.
    struct Phase {
        std::int64_t row = 0, column = 0;
        std::int64_t rows = 0, columns = 0;  ///< how many such values
        std::vector<std::int64_t> taps;      ///< offsets in the padded plane
        std::vector<float> weights;          ///< [filters, taps, channels]
    };

    void pad(const float* dy, float* padded) const;

    ThinShape shape_;
    std::vector<Phase> phases_;
    std::int64_t top_ = 0, left_ = 0;           ///< zeros before the values of a plane
    std::int64_t plane_rows_ = 0, stride_ = 0;  ///< of a padded plane
    std::int64_t row_width_ = 0;                ///< of the sums of a row, rounded up to whole blocks
};

}  // namespace bartizan::model::operators
