#pragma once
/// Convolution of a picture of one to four channels (`ThinForward`, `ThinGradient`), and of strided layers of up to 16
/// whose input wants a gradient (`ThinGradient` alone); all else is ATen's.
/// Internal to `model/operators`. Thread rule: free functions over values.

#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

namespace bartizan::model::operators {

/// True where it pays: float32 on the CPU, few channels, small kernel and stride.
bool thin_convolution_fits(const at::Tensor& x, const at::Tensor& weight, const std::vector<std::int64_t>& strides,
                           const std::vector<std::int64_t>& dilations, std::int64_t groups);

/// at::convolution without groups and dilation, differentiable by x, weight and bias; twice, too, at ATen's
/// speed. `bias` may be undefined.
at::Tensor thin_convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            const std::vector<std::int64_t>& strides, const std::vector<std::int64_t>& padding);

}  // namespace bartizan::model::operators
