// MaxUnpool: values put back where MaxPool found them.
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/zeros.h>

#include "model/operators/build.h"
#include "model/operators/families.h"
#include "model/operators/window.h"

namespace bartizan::model::operators {
namespace unpooling {
namespace {

/// The shape that the windows cover: what the places count in.
Result<Shape> covered(const at::Tensor& x, const Window& given) {
    if (x.dim() < 3) return invalid_input("input " + to_string(shape_of(x)) + " has no spatial axes");
    const auto axes = static_cast<std::size_t>(x.dim() - 2);
    const Window window = BARTIZAN_TRY(complete(given, axes, given.kernel));
    Shape shape = {x.size(0), x.size(1)};
    const std::vector<std::int64_t> sizes = spatial_sizes(x);
    for (std::size_t i = 0; i < axes; ++i)
        shape.push_back((sizes[i] - 1) * window.strides[i] + window.kernel[i] - window.pads[i] - window.pads[i + axes]);
    return checked(shape);
}

/// Adds zeros behind each axis, or cuts it, until the shape is `wanted`.
Result<at::Tensor> fitted(const at::Tensor& y, const Shape& wanted) {
    if (wanted.size() != static_cast<std::size_t>(y.dim()))
        return invalid_input("output_shape " + to_string(wanted) + " for " + to_string(shape_of(y)));
    BARTIZAN_TRY(check_output(wanted));
    std::vector<std::int64_t> pads;
    for (std::size_t i = wanted.size(); i-- > 0;) {
        pads.push_back(0);
        pads.push_back(wanted[i] - y.size(static_cast<std::int64_t>(i)));
    }
    return at::constant_pad_nd(y, pads, 0);
}

Result<at::Tensor> unpooled(const Call& call, const Window& window) {
    const at::Tensor& x = call.inputs[0];
    const at::Tensor places = call.inputs[1].reshape({-1}).to(at::kLong);
    const Shape shape = BARTIZAN_TRY(covered(x, window));
    std::int64_t size = 1;
    for (const std::int64_t axis : shape) size *= axis;
    if (call.inputs[1].sizes() != x.sizes())
        return invalid_input("places " + to_string(shape_of(call.inputs[1])) + " for values " + to_string(shape_of(x)));
    if (places.lt(0).logical_or(places.ge(size)).any().item<bool>())
        return invalid_input("a place is outside the output of " + std::to_string(size) + " values");
    const at::Tensor y = at::zeros({size}, x.options()).scatter(0, places, x.reshape({-1})).reshape(shape);
    if (!call.has(2)) return y;
    return fitted(y, BARTIZAN_TRY(integers_of(call.inputs[2])));
}

Result<Kernel> max_unpool(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 2, 3));
    const Window window = BARTIZAN_TRY(read_window(node));
    if (window.kernel.empty()) return invalid_input("kernel_shape is missing");
    return numeric([=](const Call& call) { return unpooled(call, window); });
}

constexpr OperatorSpec kOperators[] = {
    {"", "MaxUnpool", 9, Gradient::smooth, max_unpool},
};

}  // namespace
}  // namespace unpooling

std::span<const OperatorSpec> unpooling_operators() { return unpooling::kOperators; }

}  // namespace bartizan::model::operators
