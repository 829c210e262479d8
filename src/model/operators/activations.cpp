// Activation functions, and the softmax family over an axis.
#include <cmath>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/celu.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/elu.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/hardswish.h>
#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/mish.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>

#include "model/operators/build.h"
#include "model/operators/families.h"

namespace bartizan::model::operators {
namespace activations {
namespace {

using Function = at::Tensor (*)(const at::Tensor&);

template <Function function>
Result<Kernel> plain(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    return numeric([](const Call& call) { return function(call.inputs[0]); });
}

at::Tensor softplus(const at::Tensor& x) { return at::softplus(x); }
at::Tensor softsign(const at::Tensor& x) { return x / (x.abs() + 1); }

/// Operators with one attribute, `alpha`.
template <class Function>
Result<Kernel> with_alpha(const graph::Node& node, float preset, Function function) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const double alpha = BARTIZAN_TRY(node.real("alpha", preset));
    return numeric([=](const Call& call) { return function(call.inputs[0], alpha); });
}

Result<Kernel> celu(const graph::Node& node, std::int64_t) {
    return with_alpha(node, 1.0F, [](const at::Tensor& x, double alpha) { return at::celu(x, alpha); });
}

Result<Kernel> elu(const graph::Node& node, std::int64_t) {
    return with_alpha(node, 1.0F, [](const at::Tensor& x, double alpha) { return at::elu(x, alpha); });
}

Result<Kernel> leaky_relu(const graph::Node& node, std::int64_t) {
    return with_alpha(node, 0.01F, [](const at::Tensor& x, double alpha) { return at::leaky_relu(x, alpha); });
}

Result<Kernel> thresholded_relu(const graph::Node& node, std::int64_t) {
    return with_alpha(node, 1.0F,
                      [](const at::Tensor& x, double alpha) { return at::where(x > alpha, x, at::zeros_like(x)); });
}

Result<Kernel> hard_sigmoid(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const double alpha = BARTIZAN_TRY(node.real("alpha", 0.2F));
    const double beta = BARTIZAN_TRY(node.real("beta", 0.5F));
    return numeric([=](const Call& call) { return at::clamp(call.inputs[0] * alpha + beta, 0, 1); });
}

Result<Kernel> selu(const graph::Node& node, std::int64_t opset) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const bool old = opset < 6;  // version 1 rounds its defaults to five digits
    const double alpha = BARTIZAN_TRY(node.real("alpha", old ? 1.6732F : 1.67326319217681884765625F));
    const double gamma = BARTIZAN_TRY(node.real("gamma", old ? 1.0507F : 1.05070102214813232421875F));
    return numeric([=](const Call& call) { return at::elu(call.inputs[0], alpha, gamma); });
}

Result<Kernel> shrink(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const double lambda = BARTIZAN_TRY(node.real("lambd", 0.5F));
    const double bias = BARTIZAN_TRY(node.real("bias", 0.0F));
    return numeric([=](const Call& call) {
        const at::Tensor& x = call.inputs[0];
        return at::where(x < -lambda, x + bias, at::where(x > lambda, x - bias, at::zeros_like(x)));
    });
}

Result<Kernel> gelu(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const std::string approximate =
        BARTIZAN_TRY(choice<std::string>(node, "approximate", "none", {{"none", "none"}, {"tanh", "tanh"}}));
    return numeric([approximate](const Call& call) { return at::gelu(call.inputs[0], approximate); });
}

at::Tensor broadcast_slope(const at::Tensor& slope, const at::Tensor& x, bool per_channel) {
    if (!per_channel || slope.numel() == 1 || x.dim() < 2) return slope;
    std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
    shape[1] = slope.numel();
    return slope.reshape(shape);
}

Result<Kernel> prelu(const graph::Node& node, std::int64_t opset) {
    BARTIZAN_TRY(expect_inputs(node, 2, 2));
    const bool per_channel = opset < 7;  // before numpy-style broadcasting: one slope, or one a channel
    return numeric([per_channel](const Call& call) -> Result<at::Tensor> {
        const at::Tensor& x = call.inputs[0];
        const at::Tensor slope = broadcast_slope(call.inputs[1], x, per_channel);
        BARTIZAN_TRY(check_broadcast(x, slope));
        return at::where(x < 0, x * slope, x);
    });
}

Result<Kernel> clip_by_attributes(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const double low = BARTIZAN_TRY(node.real("min", std::numeric_limits<float>::lowest()));
    const double high = BARTIZAN_TRY(node.real("max", std::numeric_limits<float>::max()));
    return numeric([=](const Call& call) { return at::clamp(call.inputs[0], low, high); });
}

Result<Kernel> clip_by_inputs(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 3));
    return numeric([](const Call& call) -> Result<at::Tensor> {
        const at::Tensor& x = call.inputs[0];
        c10::optional<at::Scalar> low;
        c10::optional<at::Scalar> high;
        if (call.has(1)) low = call.inputs[1].item();
        if (call.has(2)) high = call.inputs[2].item();
        if (!low && !high) return x;
        return at::clamp(x, low, high);
    });
}

/// Softmax and its kin worked on "coerced 2-D" input below opset 13: everything from `axis` on is one axis.
struct Axis {
    std::int64_t axis = -1;
    bool coerced = false;
};

Result<Axis> axis_of(const graph::Node& node, std::int64_t opset) {
    const bool coerced = opset < 13;
    return Axis{BARTIZAN_TRY(node.integer("axis", coerced ? 1 : -1)), coerced};
}

at::Tensor hardmax(const at::Tensor& x, std::int64_t axis) {
    return at::zeros_like(x).scatter(axis, at::argmax(x, axis, true), 1);
}

template <at::Tensor (*function)(const at::Tensor&, std::int64_t)>
Result<Kernel> over_axis(const graph::Node& node, std::int64_t opset) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const Axis given = BARTIZAN_TRY(axis_of(node, opset));
    return numeric([given](const Call& call) -> Result<at::Tensor> {
        const at::Tensor& x = call.inputs[0];
        if (x.dim() == 0) return function(x.reshape({1}), 0).reshape({});
        if (given.coerced && given.axis == x.dim()) return function(x.reshape({x.numel(), 1}), 1).reshape(x.sizes());
        const std::int64_t axis = BARTIZAN_TRY(normal_axis(given.axis, x.dim()));
        if (!given.coerced || axis == x.dim() - 1) return function(x, axis);
        return function(x.flatten(axis), axis).reshape(x.sizes());
    });
}

at::Tensor softmax(const at::Tensor& x, std::int64_t axis) { return at::softmax(x, axis); }
at::Tensor log_softmax(const at::Tensor& x, std::int64_t axis) { return at::log_softmax(x, axis); }

constexpr OperatorSpec kOperators[] = {
    {"", "Celu", 12, Gradient::smooth, celu},
    {"", "Clip", 1, Gradient::smooth, clip_by_attributes},
    {"", "Clip", 11, Gradient::smooth, clip_by_inputs},
    {"", "Elu", 1, Gradient::smooth, elu},
    {"", "Gelu", 20, Gradient::smooth, gelu},
    {"", "HardSigmoid", 1, Gradient::smooth, hard_sigmoid},
    {"", "HardSwish", 14, Gradient::smooth, plain<at::hardswish>},
    {"", "Hardmax", 1, Gradient::zero, over_axis<hardmax>},
    {"", "LeakyRelu", 1, Gradient::smooth, leaky_relu},
    {"", "LogSoftmax", 1, Gradient::smooth, over_axis<log_softmax>},
    {"", "Mish", 18, Gradient::smooth, plain<at::mish>},
    {"", "PRelu", 1, Gradient::smooth, prelu},
    {"", "Relu", 1, Gradient::smooth, plain<at::relu>},
    {"", "Selu", 1, Gradient::smooth, selu},
    {"", "Shrink", 9, Gradient::smooth, shrink},
    {"", "Sigmoid", 1, Gradient::smooth, plain<at::sigmoid>},
    {"", "Softmax", 1, Gradient::smooth, over_axis<softmax>},
    {"", "Softplus", 1, Gradient::smooth, plain<softplus>},
    {"", "Softsign", 1, Gradient::smooth, plain<softsign>},
    {"", "ThresholdedRelu", 1, Gradient::smooth, thresholded_relu},
};

}  // namespace
}  // namespace activations

std::span<const OperatorSpec> activation_operators() { return activations::kOperators; }

}  // namespace bartizan::model::operators
