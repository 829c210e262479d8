#pragma once
/// Maxima over two-dimensional windows on the CPU: what ATen's max_pool2d gives, in a fraction of its time. Small
/// networks spend a quarter of a gradient step in max pooling; here the place of a maximum is one byte and the usual
/// window of 2 x 2 is vectorised. Differentiable once.
/// Internal to `model/operators`. Thread rule: free functions over values.

#include <cstdint>
#include <span>

#include <ATen/core/Tensor.h>

namespace bartizan::model::operators {

struct PoolShape {
    std::int64_t kernel_h = 1, kernel_w = 1;
    std::int64_t stride_h = 1, stride_w = 1;
    std::int64_t pad_h = 0, pad_w = 0;  ///< before and after each axis; at most half a window
};

/// A place in a window has to fit a byte.
inline constexpr std::int64_t kMaxFastWindow = 255;

/// True for float32 and float64 [n, c, h, w] on the CPU and windows of at most `kMaxFastWindow` values.
bool fast_max_pool_fits(const at::Tensor& x, const PoolShape& shape);

/// Maxima [n, c, oh, ow] with oh = (h + 2 pad_h - kernel_h) / stride_h + 1. The first of equal values counts; NaN wins.
at::Tensor fast_max_pool(const at::Tensor& x, const PoolShape& shape);

}  // namespace bartizan::model::operators
