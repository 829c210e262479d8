// Pools over sliding windows and over everything.
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/avg_pool1d.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/avg_pool3d.h>
#include <ATen/ops/max_pool1d.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/max_pool2d_with_indices.h>
#include <ATen/ops/max_pool3d.h>
#include <ATen/ops/max_pool3d_with_indices.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros_like.h>

#include "model/operators/build.h"
#include "model/operators/families.h"
#include "model/operators/max_pool.h"
#include "model/operators/window.h"

namespace bartizan::model::operators {
namespace pooling {
namespace {

struct Ready {
    Window window;
    Layout layout;
};

Result<Ready> prepare(const at::Tensor& x, const Window& given) {
    if (x.dim() < 3 || x.dim() > 5)
        return invalid_input("input " + to_string(shape_of(x)) + " has no one to three axes to pool over");
    Ready ready;
    ready.window = BARTIZAN_TRY(complete(given, static_cast<std::size_t>(x.dim() - 2), given.kernel));
    ready.layout = BARTIZAN_TRY(lay_out(ready.window, spatial_sizes(x)));
    Shape output = {x.size(0), x.size(1)};
    output.insert(output.end(), ready.layout.output.begin(), ready.layout.output.end());
    BARTIZAN_TRY(check_output(output));
    return ready;
}

/// Windows over an input that is padded already. Gives values and, for two and three axes, their places.
at::Tensor max_windows(const at::Tensor& x, const Window& w, const std::vector<std::int64_t>& pads) {
    if (x.dim() == 3) return at::max_pool1d(x, w.kernel, w.strides, pads, w.dilations);
    if (x.dim() == 4 && w.dilations == std::vector<std::int64_t>{1, 1}) {
        const PoolShape shape = {w.kernel[0], w.kernel[1], w.strides[0], w.strides[1], pads[0], pads[1]};
        if (fast_max_pool_fits(x, shape)) return fast_max_pool(x, shape);
    }
    if (x.dim() == 4) return at::max_pool2d(x, w.kernel, w.strides, pads, w.dilations);
    return at::max_pool3d(x, w.kernel, w.strides, pads, w.dilations);
}

at::Tensor average_windows(const at::Tensor& x, const Window& w, const std::vector<std::int64_t>& pads, bool count_pads) {
    if (x.dim() == 3) return at::avg_pool1d(x, w.kernel, w.strides, pads, false, count_pads);
    if (x.dim() == 4) return at::avg_pool2d(x, w.kernel, w.strides, pads, false, count_pads);
    return at::avg_pool3d(x, w.kernel, w.strides, pads, false, count_pads);
}

/// ATen pads by at most half a window, evenly.
bool aten_can_pad(const Ready& ready) {
    for (std::size_t i = 0; i < ready.window.kernel.size(); ++i)
        if (ready.layout.padding.before[i] > ready.window.kernel[i] / 2) return false;
    return ready.layout.padding.symmetric();
}

Result<at::Tensor> max_pool_values(const at::Tensor& x, const Window& given) {
    const Ready ready = BARTIZAN_TRY(prepare(x, given));
    if (aten_can_pad(ready)) return max_windows(x, ready.window, ready.layout.padding.before);
    const std::vector<std::int64_t> none(ready.window.kernel.size(), 0);
    const double lowest = -std::numeric_limits<double>::infinity();
    return max_windows(pad_spatial(x, ready.layout.padding, lowest), ready.window, none);
}

/// Where each maximum lies in the whole input, as ONNX counts: row-major, or (storage_order 1) column-major in its plane.
Result<Tensors> max_pool_places(const at::Tensor& input, const Window& given, bool column_major) {
    const Ready ready = BARTIZAN_TRY(prepare(input, given));
    const bool line = input.dim() == 3;
    at::Tensor x = pad_spatial(input, ready.layout.padding, -std::numeric_limits<double>::infinity());
    Window w = ready.window;
    if (line) {
        x = x.unsqueeze(2);
        for (std::vector<std::int64_t>* values : {&w.kernel, &w.strides, &w.dilations}) values->insert(values->begin(), 1);
    }
    const std::vector<std::int64_t> none(w.kernel.size(), 0);
    auto [values, places] = x.dim() == 4 ? at::max_pool2d_with_indices(x, w.kernel, w.strides, none, w.dilations)
                                         : at::max_pool3d_with_indices(x, w.kernel, w.strides, none, w.dilations);
    if (line) {
        values = values.squeeze(2);
        places = places.squeeze(2);
    }
    // From places in the padded plane to places in the whole input.
    const std::vector<std::int64_t> sizes = spatial_sizes(input);
    at::Tensor rest = places, whole = at::zeros_like(places);
    std::int64_t row_step = 1, column_step = 1;
    for (const std::int64_t size : sizes) row_step *= size;
    const std::int64_t plane = row_step;
    std::int64_t padded_step = 1;
    for (std::size_t i = 0; i < sizes.size(); ++i)
        padded_step *= sizes[i] + ready.layout.padding.before[i] + ready.layout.padding.after[i];
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        padded_step /= sizes[i] + ready.layout.padding.before[i] + ready.layout.padding.after[i];
        row_step /= sizes[i];
        const at::Tensor along = rest.div(padded_step, "floor");
        rest = rest - along * padded_step;
        whole = whole + (along - ready.layout.padding.before[i]) * (column_major ? column_step : row_step);
        column_step *= sizes[i];
    }
    std::vector<std::int64_t> planes_shape(static_cast<std::size_t>(input.dim()), 1);
    planes_shape[0] = input.size(0);
    planes_shape[1] = input.size(1);
    const at::Tensor planes = at::arange(input.size(0) * input.size(1), places.options()).reshape(planes_shape);
    return Tensors{values, whole + planes * plane};
}

Result<Kernel> max_pool(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const Window window = BARTIZAN_TRY(read_window(node));
    if (window.kernel.empty()) return invalid_input("kernel_shape is missing");
    const bool column_major = BARTIZAN_TRY(node.integer("storage_order", 0)) != 0;
    const bool wants_places = node.outputs.size() > 1 && !node.outputs[1].empty();
    return half_as_float([=](const Call& call) -> Result<Tensors> {
        const at::Tensor& x = call.inputs[0];
        const bool whole = at::isIntegralType(x.scalar_type(), true);
        const at::Tensor input = whole ? x.to(at::kFloat) : x;
        Tensors outputs;
        if (wants_places)
            outputs = BARTIZAN_TRY(max_pool_places(input, window, column_major));
        else
            outputs = {BARTIZAN_TRY(max_pool_values(input, window))};
        if (whole) outputs[0] = outputs[0].to(x.scalar_type());
        return outputs;
    });
}

Result<at::Tensor> average(const at::Tensor& x, const Window& given, bool count_pads) {
    const Ready ready = BARTIZAN_TRY(prepare(x, given));
    for (const std::int64_t dilation : ready.window.dilations)
        if (dilation != 1) return unsupported("AveragePool with dilations");
    if (aten_can_pad(ready)) return average_windows(x, ready.window, ready.layout.padding.before, count_pads);
    // Sums over the padded input, divided by how many values each window counts.
    const std::vector<std::int64_t> none(ready.window.kernel.size(), 0);
    const at::Tensor sums = average_windows(pad_spatial(x, ready.layout.padding, 0), ready.window, none, true);
    Shape shape = shape_of(x);
    shape[0] = shape[1] = 1;
    at::Tensor counted = at::ones(shape, x.options());
    Padding pads = ready.layout.padding;
    if (count_pads) {
        Padding inner = pads;
        for (std::size_t i = 0; i < inner.after.size(); ++i) inner.after[i] -= ready.layout.extra[i];
        counted = pad_spatial(counted, inner, 1);
        pads.before.assign(pads.before.size(), 0);
        pads.after = ready.layout.extra;
    }
    return sums / average_windows(pad_spatial(counted, pads, 0), ready.window, none, true);
}

Result<Kernel> average_pool(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const Window window = BARTIZAN_TRY(read_window(node));
    if (window.kernel.empty()) return invalid_input("kernel_shape is missing");
    const bool count_pads = BARTIZAN_TRY(node.integer("count_include_pad", 0)) != 0;
    return numeric([=](const Call& call) { return average(call.inputs[0], window, count_pads); });
}

Result<std::vector<std::int64_t>> all_spatial(const at::Tensor& x) {
    if (x.dim() < 3) return invalid_input("input " + to_string(shape_of(x)) + " has no spatial axes");
    std::vector<std::int64_t> axes;
    for (std::int64_t axis = 2; axis < x.dim(); ++axis) axes.push_back(axis);
    return axes;
}

Result<Kernel> global_average_pool(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    return numeric([](const Call& call) -> Result<at::Tensor> {
        return call.inputs[0].mean(BARTIZAN_TRY(all_spatial(call.inputs[0])), true);
    });
}

Result<Kernel> global_max_pool(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    return numeric([](const Call& call) -> Result<at::Tensor> {
        return call.inputs[0].amax(BARTIZAN_TRY(all_spatial(call.inputs[0])), true);
    });
}

constexpr OperatorSpec kOperators[] = {
    {"", "MaxPool", 1, Gradient::smooth, max_pool},
    {"", "AveragePool", 1, Gradient::smooth, average_pool},
    {"", "GlobalAveragePool", 1, Gradient::smooth, global_average_pool},
    {"", "GlobalMaxPool", 1, Gradient::smooth, global_max_pool},
};

}  // namespace
}  // namespace pooling

std::span<const OperatorSpec> pooling_operators() { return pooling::kOperators; }

}  // namespace bartizan::model::operators
