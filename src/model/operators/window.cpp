#include "model/operators/window.h"

#include <algorithm>

#include <ATen/ops/constant_pad_nd.h>

#include "model/kernel.h"

namespace bartizan::model::operators {
namespace {

Result<AutoPad> read_auto_pad(const graph::Node& node) {
    const std::string text = BARTIZAN_TRY(node.text("auto_pad", "NOTSET"));
    if (text == "NOTSET" || text.empty()) return AutoPad::notset;
    if (text == "SAME_UPPER") return AutoPad::same_upper;
    if (text == "SAME_LOWER") return AutoPad::same_lower;
    if (text == "VALID") return AutoPad::valid;
    return invalid_input("auto_pad '" + text + "' is unknown");
}

}  // namespace

Result<std::vector<std::int64_t>> window_integers(const graph::Node& node, std::string_view name, std::int64_t least) {
    std::vector<std::int64_t> values = BARTIZAN_TRY(node.integers(name, {}));
    for (const std::int64_t value : values)
        if (value < least || value > kMaxWindow)
            return invalid_input(std::string(name) + " holds " + std::to_string(value) + ", " + std::to_string(least) +
                                 " to " + std::to_string(kMaxWindow) + " make sense");
    return values;
}

Result<void> fill(std::vector<std::int64_t>& values, std::size_t size, std::int64_t preset, std::string_view name) {
    if (values.empty()) values.assign(size, preset);
    if (values.size() != size)
        return invalid_input(std::string(name) + " has " + std::to_string(values.size()) + " values where " +
                             std::to_string(size) + " are needed");
    return {};
}

Result<Window> read_window(const graph::Node& node) {
    Window window;
    window.kernel = BARTIZAN_TRY(window_integers(node, "kernel_shape", 1));
    window.strides = BARTIZAN_TRY(window_integers(node, "strides", 1));
    window.dilations = BARTIZAN_TRY(window_integers(node, "dilations", 1));
    window.pads = BARTIZAN_TRY(window_integers(node, "pads", 0));
    window.auto_pad = BARTIZAN_TRY(read_auto_pad(node));
    window.ceil_mode = BARTIZAN_TRY(node.integer("ceil_mode", 0)) != 0;
    return window;
}

Result<Window> complete(Window window, std::size_t axes, const std::vector<std::int64_t>& kernel) {
    if (window.kernel.empty()) window.kernel = kernel;
    if (window.kernel != kernel && !kernel.empty())
        return invalid_input("kernel_shape " + to_string(window.kernel) + " differs from the weight's " + to_string(kernel));
    BARTIZAN_TRY(fill(window.kernel, axes, 1, "kernel_shape"));
    BARTIZAN_TRY(fill(window.strides, axes, 1, "strides"));
    BARTIZAN_TRY(fill(window.dilations, axes, 1, "dilations"));
    BARTIZAN_TRY(fill(window.pads, 2 * axes, 0, "pads"));
    return window;
}

Result<Layout> lay_out(const Window& window, const std::vector<std::int64_t>& input) {
    const std::size_t axes = input.size();
    Layout layout;
    for (std::size_t i = 0; i < axes; ++i) {
        const std::int64_t reach = (window.kernel[i] - 1) * window.dilations[i] + 1;
        const std::int64_t stride = window.strides[i];
        std::int64_t before = window.auto_pad == AutoPad::notset ? window.pads[i] : 0;
        std::int64_t after = window.auto_pad == AutoPad::notset ? window.pads[i + axes] : 0;
        if (window.auto_pad == AutoPad::same_upper || window.auto_pad == AutoPad::same_lower) {
            const std::int64_t outputs = (input[i] + stride - 1) / stride;
            const std::int64_t total = std::max<std::int64_t>(0, (outputs - 1) * stride + reach - input[i]);
            before = window.auto_pad == AutoPad::same_upper ? total / 2 : total - total / 2;
            after = total - before;
        }
        const std::int64_t room = input[i] + before + after - reach;
        if (room < 0)
            return invalid_input("a window of " + std::to_string(reach) + " does not fit into " +
                                 std::to_string(input[i] + before + after) + " values");
        const std::int64_t outputs = (window.ceil_mode ? (room + stride - 1) / stride : room / stride) + 1;
        const std::int64_t extra = std::max<std::int64_t>(0, (outputs - 1) * stride - room);
        layout.padding.before.push_back(before);
        layout.padding.after.push_back(after + extra);
        layout.extra.push_back(extra);
        layout.output.push_back(outputs);
    }
    return layout;
}

at::Tensor pad_spatial(const at::Tensor& x, const Padding& padding, double value) {
    std::vector<std::int64_t> flat;
    for (std::size_t i = padding.before.size(); i-- > 0;) {
        flat.push_back(padding.before[i]);
        flat.push_back(padding.after[i]);
    }
    if (std::ranges::all_of(flat, [](std::int64_t p) { return p == 0; })) return x;
    return at::constant_pad_nd(x, flat, value);
}

std::vector<std::int64_t> spatial_sizes(const at::Tensor& x) {
    return {x.sizes().begin() + 2, x.sizes().end()};
}

}  // namespace bartizan::model::operators
