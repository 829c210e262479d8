#pragma once
/// The convolution that floating-point and quantised operators share. Internal to `model/operators`.
/// Thread rule: free functions over values.

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "model/operators/window.h"

namespace bartizan::model::operators {

/// The attribute `group`, 1 to kMaxWindow.
Result<std::int64_t> read_groups(const graph::Node& node);

/// `x` [n, c, spatial...] with `weight` [m, c / groups, kernel...]; `bias` may be undefined. Checks its output first.
Result<at::Tensor> convolve(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const Window& given,
                            std::int64_t groups);

}  // namespace bartizan::model::operators
