#pragma once
/// Sliding windows: what convolutions and pools share. Attributes are read and bounded once; padding is worked out for
/// each input size (auto_pad). Internal to `model/operators`.
/// Thread rule: plain values.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "bartizan/result.h"
#include "graph/graph.h"

namespace bartizan::model::operators {

/// No window, stride, dilation or padding is larger than this.
inline constexpr std::int64_t kMaxWindow = std::int64_t{1} << 20;

enum class AutoPad { notset, same_upper, same_lower, valid };

struct Window {
    std::vector<std::int64_t> kernel;  ///< may be empty for convolutions: then the weight tells
    std::vector<std::int64_t> strides, dilations;
    std::vector<std::int64_t> pads;  ///< begin of each axis, then end of each axis
    AutoPad auto_pad = AutoPad::notset;
    bool ceil_mode = false;
};

/// Padding of one run: before and after each axis.
struct Padding {
    std::vector<std::int64_t> before, after;
    bool symmetric() const { return before == after; }
};

/// Reads kernel_shape, strides, dilations, pads, auto_pad, ceil_mode. Fails with `invalid_input` on lengths that
/// disagree and on values out of range.
Result<Window> read_window(const graph::Node& node);

/// An attribute whose values are all `least` to `kMaxWindow`; empty where it is absent.
Result<std::vector<std::int64_t>> window_integers(const graph::Node& node, std::string_view name, std::int64_t least);
/// Fills a list left out with `preset`. Fails with `invalid_input` if it has another length.
Result<void> fill(std::vector<std::int64_t>& values, std::size_t size, std::int64_t preset, std::string_view name);

/// Lists left out become ones and zeros for `axes` spatial axes. Fails if a list has another length.
Result<Window> complete(Window window, std::size_t axes, const std::vector<std::int64_t>& kernel);

/// Padding for spatial sizes `input`, and the output size that ONNX prescribes. With ceil_mode, `after` is enlarged so
/// that plain flooring gives that size.
struct Layout {
    Padding padding;
    std::vector<std::int64_t> output;
    std::vector<std::int64_t> extra;  ///< what ceil_mode has added to `after`
};
Result<Layout> lay_out(const Window& window, const std::vector<std::int64_t>& input);

/// `x` [n, c, spatial...] with `value` around it.
at::Tensor pad_spatial(const at::Tensor& x, const Padding& padding, double value);

/// Sizes behind the first two axes.
std::vector<std::int64_t> spatial_sizes(const at::Tensor& x);

}  // namespace bartizan::model::operators
