// Normalisation of each item by its own statistics: over features, channels, groups and neighbours.
#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/rsqrt.h>

#include "model/operators/build.h"
#include "model/operators/families.h"
#include "model/operators/window.h"

namespace bartizan::model::operators {
namespace layer_normalization {
namespace {

struct Standard {
    at::Tensor values, mean, inverse_deviation;
};

/// Zero mean and unit population variance over `axes`.
Standard standardize(const at::Tensor& x, const std::vector<std::int64_t>& axes, double epsilon) {
    const at::Tensor mean = x.mean(axes, true);
    const at::Tensor centred = x - mean;
    const at::Tensor inverse = at::rsqrt(centred.square().mean(axes, true) + epsilon);
    return {centred * inverse, mean, inverse};
}

std::vector<std::int64_t> axes_from(std::int64_t first, std::int64_t rank) {
    std::vector<std::int64_t> axes;
    for (std::int64_t axis = first; axis < rank; ++axis) axes.push_back(axis);
    return axes;
}

/// One value per entry of axis 1, shaped to multiply a tensor of `rank` axes.
Result<at::Tensor> along_channels(const at::Tensor& values, std::int64_t channels, std::int64_t rank,
                                  std::string_view name) {
    if (values.dim() != 1 || values.size(0) != channels)
        return invalid_input(std::string(name) + " " + to_string(shape_of(values)) + " for " +
                             std::to_string(channels) + " channels");
    Shape shape(static_cast<std::size_t>(rank), 1);
    shape[1] = channels;
    return values.reshape(shape);
}

Result<Kernel> layer_norm(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 2, 3));
    const std::int64_t given = BARTIZAN_TRY(node.integer("axis", -1));
    const double epsilon = BARTIZAN_TRY(node.real("epsilon", 1e-5F));
    return half_as_float([=](const Call& call) -> Result<Tensors> {
        const at::Tensor& x = call.inputs[0];
        const std::int64_t axis = BARTIZAN_TRY(normal_axis(given, x.dim()));
        const Standard standard = standardize(x, axes_from(axis, x.dim()), epsilon);
        // `expand` refuses what does not fit: the output is never larger than the input.
        at::Tensor y = standard.values * call.inputs[1].expand_as(x);
        if (call.has(2)) y = y + call.inputs[2].expand_as(x);
        return Tensors{y, standard.mean, standard.inverse_deviation};
    });
}

Result<Kernel> instance_norm(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 3, 3));
    const double epsilon = BARTIZAN_TRY(node.real("epsilon", 1e-5F));
    return numeric([=](const Call& call) -> Result<at::Tensor> {
        const at::Tensor& x = call.inputs[0];
        if (x.dim() < 3) return invalid_input("input " + to_string(shape_of(x)) + " has no spatial axes");
        const at::Tensor scale = BARTIZAN_TRY(along_channels(call.inputs[1], x.size(1), x.dim(), "scale"));
        const at::Tensor shift = BARTIZAN_TRY(along_channels(call.inputs[2], x.size(1), x.dim(), "B"));
        return standardize(x, axes_from(2, x.dim()), epsilon).values * scale + shift;
    });
}

/// Scale and bias are one value per group in opset 18, one per channel from 21 on.
Result<at::Tensor> group_normalized(const Call& call, std::int64_t groups, double epsilon, bool per_channel) {
    const at::Tensor& x = call.inputs[0];
    if (x.dim() < 2 || x.size(1) % groups != 0)
        return invalid_input("input " + to_string(shape_of(x)) + " does not fall into " + std::to_string(groups) +
                             " groups");
    const at::Tensor grouped = x.reshape({x.size(0), groups, x.size(1) / groups, -1});
    const at::Tensor standard = standardize(grouped, {2, 3}, epsilon).values;
    const at::Tensor y = per_channel ? standard.reshape_as(x) : standard;
    const std::int64_t wanted = per_channel ? x.size(1) : groups;
    const at::Tensor scale = BARTIZAN_TRY(along_channels(call.inputs[1], wanted, y.dim(), "scale"));
    const at::Tensor shift = BARTIZAN_TRY(along_channels(call.inputs[2], wanted, y.dim(), "bias"));
    return (y * scale + shift).reshape_as(x);
}

Result<Kernel> group_norm(const graph::Node& node, std::int64_t opset) {
    BARTIZAN_TRY(expect_inputs(node, 3, 3));
    const double epsilon = BARTIZAN_TRY(node.real("epsilon", 1e-5F));
    const std::int64_t groups = BARTIZAN_TRY(node.integer("num_groups", 0));
    if (groups < 1) return invalid_input("num_groups is " + std::to_string(groups));
    return numeric([=](const Call& call) { return group_normalized(call, groups, epsilon, opset >= 21); });
}

Result<Kernel> mean_variance_norm(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const std::vector<std::int64_t> given = BARTIZAN_TRY(node.integers("axes", {0, 2, 3}));
    return numeric([=](const Call& call) -> Result<at::Tensor> {
        constexpr double kSmallest = 1e-9;  // the specification's own
        const at::Tensor& x = call.inputs[0];
        const std::vector<std::int64_t> axes = BARTIZAN_TRY(normal_axes(given, x.dim()));
        const at::Tensor centred = x - x.mean(axes, true);
        return centred / (root_of(centred.square().mean(axes, true), 2) + kSmallest);
    });
}

struct Neighbours {
    std::int64_t size = 1;
    double alpha = 0, beta = 0, bias = 0;
};

/// Krizhevsky et al. 2012, section 3.3: squares are averaged over `size` neighbouring channels, zeros outside.
Result<at::Tensor> locally_normalized(const at::Tensor& x, const Neighbours& n) {
    if (x.dim() < 3) return invalid_input("input " + to_string(shape_of(x)) + " has no spatial axes");
    const at::Tensor squares = x.square().reshape({x.size(0), 1, x.size(1), -1});
    BARTIZAN_TRY(check_output({squares.size(0), squares.size(2) + n.size, squares.size(3)}));
    if (squares.numel() == 0) return x;
    const at::Tensor padded = at::constant_pad_nd(squares, {0, 0, (n.size - 1) / 2, n.size - 1 - (n.size - 1) / 2}, 0);
    const at::Tensor means = at::avg_pool2d(padded, {n.size, 1}, {1, 1});
    return x / (n.bias + n.alpha * means).pow(n.beta).reshape_as(x);
}

Result<Kernel> local_response_norm(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    Neighbours n;
    n.size = BARTIZAN_TRY(node.integer("size", 0));
    n.alpha = BARTIZAN_TRY(node.real("alpha", 1e-4F));
    n.beta = BARTIZAN_TRY(node.real("beta", 0.75F));
    n.bias = BARTIZAN_TRY(node.real("bias", 1));
    if (n.size < 1 || n.size > kMaxWindow) return invalid_input("size is " + std::to_string(n.size));
    return numeric([=](const Call& call) { return locally_normalized(call.inputs[0], n); });
}

constexpr OperatorSpec kOperators[] = {
    {"", "GroupNormalization", 18, Gradient::smooth, group_norm},
    {"", "InstanceNormalization", 1, Gradient::smooth, instance_norm},
    {"", "LRN", 1, Gradient::smooth, local_response_norm},
    {"", "LayerNormalization", 17, Gradient::smooth, layer_norm},
    {"", "MeanVarianceNormalization", 9, Gradient::smooth, mean_variance_norm},
};

}  // namespace
}  // namespace layer_normalization

std::span<const OperatorSpec> layer_normalization_operators() { return layer_normalization::kOperators; }

}  // namespace bartizan::model::operators
