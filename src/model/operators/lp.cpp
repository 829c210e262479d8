// Norms of degree p: over sliding windows, over everything, and as what an axis is divided by.
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/ones.h>

#include "model/operators/build.h"
#include "model/operators/families.h"
#include "model/operators/window.h"

namespace bartizan::model::operators {
namespace lp {
namespace {

/// The degree, a float in the first version and an integer since.
Result<double> read_degree(const graph::Node& node) {
    const auto found = node.attributes.find("p");
    const bool is_real = found != node.attributes.end() && std::holds_alternative<float>(found->second);
    const double p =
        is_real ? BARTIZAN_TRY(node.real("p", 2)) : static_cast<double>(BARTIZAN_TRY(node.integer("p", 2)));
    if (!(p > 0) || !std::isfinite(p)) return invalid_input("p is " + std::to_string(p) + ", not above 0");
    return p;
}

at::Tensor powers(const at::Tensor& x, double p) { return p == 2 ? x.square() : x.abs().pow(p); }

Shape with_two_axes(std::int64_t first, std::int64_t second, const std::vector<std::int64_t>& rest) {
    Shape shape = {first, second};
    shape.insert(shape.end(), rest.begin(), rest.end());
    return shape;
}

/// What the sums need: the padded input, the kernel of ones, and both at every place of the output.
Result<void> check_sizes(const at::Tensor& x, const Window& window, const Layout& layout) {
    std::vector<std::int64_t> padded = spatial_sizes(x);
    for (std::size_t i = 0; i < padded.size(); ++i) padded[i] += layout.padding.before[i] + layout.padding.after[i];
    BARTIZAN_TRY(check_output(with_two_axes(x.size(0), x.size(1), padded)));
    BARTIZAN_TRY(check_output(with_two_axes(x.size(0), x.size(1), layout.output)));
    Shape columns = with_two_axes(1, 1, layout.output);
    columns.insert(columns.end(), window.kernel.begin(), window.kernel.end());
    return check_output(columns);
}

/// Sums over windows are a convolution with ones, each channel by itself.
Result<at::Tensor> pooled(const at::Tensor& x, const Window& given, double p) {
    if (x.dim() < 3 || x.dim() > 5)
        return invalid_input("input " + to_string(shape_of(x)) + " has no one to three axes to pool over");
    const Window window = BARTIZAN_TRY(complete(given, static_cast<std::size_t>(x.dim() - 2), given.kernel));
    const Layout layout = BARTIZAN_TRY(lay_out(window, spatial_sizes(x)));
    BARTIZAN_TRY(check_sizes(x, window, layout));
    const at::Tensor terms = pad_spatial(powers(x, p), layout.padding, 0);
    const at::Tensor planes = terms.reshape(with_two_axes(x.size(0) * x.size(1), 1, spatial_sizes(terms)));
    const at::Tensor ones = at::ones(with_two_axes(1, 1, window.kernel), x.options());
    const std::vector<std::int64_t> none(window.kernel.size(), 0);
    const at::Tensor sums =
        at::convolution(planes, ones, at::Tensor(), window.strides, none, window.dilations, false, none, 1);
    // A convolution may round a sum of zeros to something below.
    return root_of(sums.clamp_min(0), p).reshape(with_two_axes(x.size(0), x.size(1), layout.output));
}

Result<Kernel> lp_pool(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const Window window = BARTIZAN_TRY(read_window(node));
    if (window.kernel.empty()) return invalid_input("kernel_shape is missing");
    const double p = BARTIZAN_TRY(read_degree(node));
    return numeric([=](const Call& call) { return pooled(call.inputs[0], window, p); });
}

Result<Kernel> global_lp_pool(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const double p = BARTIZAN_TRY(read_degree(node));
    return numeric([=](const Call& call) -> Result<at::Tensor> {
        const at::Tensor& x = call.inputs[0];
        if (x.dim() < 3) return invalid_input("input " + to_string(shape_of(x)) + " has no spatial axes");
        std::vector<std::int64_t> axes;
        for (std::int64_t axis = 2; axis < x.dim(); ++axis) axes.push_back(axis);
        return root_of(powers(x, p).sum(axes, true), p);
    });
}

Result<Kernel> lp_normalization(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const std::int64_t given = BARTIZAN_TRY(node.integer("axis", -1));
    const double p = BARTIZAN_TRY(read_degree(node));
    return numeric([=](const Call& call) -> Result<at::Tensor> {
        const at::Tensor& x = call.inputs[0];
        const std::int64_t axis = BARTIZAN_TRY(normal_axis(given, x.dim()));
        const at::Tensor norm = root_of(powers(x, p).sum({axis}, true), p);
        return x / norm.masked_fill(norm.eq(0), 1);
    });
}

constexpr OperatorSpec kOperators[] = {
    {"", "GlobalLpPool", 1, Gradient::smooth, global_lp_pool},
    {"", "LpNormalization", 1, Gradient::smooth, lp_normalization},
    {"", "LpPool", 1, Gradient::smooth, lp_pool},
};

}  // namespace
}  // namespace lp

std::span<const OperatorSpec> lp_operators() { return lp::kOperators; }

}  // namespace bartizan::model::operators
