#pragma once
/// What each output of a convolution of two axes reads, laid out as a matrix (im2col; Chellapilla et al. 2006).
/// Internal to `model`. Thread rule: pure functions.

#include <ATen/core/Tensor.h>

#include "model/operators/window.h"

namespace bartizan::model::operators {

/// `x` float32 [n, c, h, w]: [n, c * kernel, outputs]. `window` is complete for two axes; `layout` is that of `x`.
/// O(n c kernel outputs), each number copied once.
at::Tensor patches(const at::Tensor& x, const Window& window, const Layout& layout);

}  // namespace bartizan::model::operators
