// Reductions over axes. `axes` is an attribute below opset 18 (ReduceSum: below 13), an input from there on.
#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/amin.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/prod.h>
#include <ATen/ops/sum.h>
#include <c10/core/ScalarType.h>

#include "model/operators/build.h"
#include "model/operators/families.h"

namespace bartizan::model::operators {
namespace reductions {
namespace {

/// Reduces `x` over `axes` (normal, at least one).
using Function = at::Tensor (*)(const at::Tensor& x, at::IntArrayRef axes, bool keep);

// ATen would widen sums of small integers; ONNX keeps the type.
at::Tensor sum(const at::Tensor& x, at::IntArrayRef axes, bool keep) { return at::sum(x, axes, keep, x.scalar_type()); }

at::Tensor mean(const at::Tensor& x, at::IntArrayRef axes, bool keep) {
    if (c10::isFloatingType(x.scalar_type())) return at::mean(x, axes, keep);
    return at::mean(x.to(at::kDouble), axes, keep).to(x.scalar_type());
}

at::Tensor product(const at::Tensor& x, at::IntArrayRef axes, bool keep) {
    std::vector<std::int64_t> falling(axes.begin(), axes.end());
    std::sort(falling.rbegin(), falling.rend());
    at::Tensor reduced = x;
    for (const std::int64_t axis : falling) reduced = at::prod(reduced, axis, keep, x.scalar_type());
    return reduced;
}

at::Tensor maximum(const at::Tensor& x, at::IntArrayRef axes, bool keep) { return at::amax(x, axes, keep); }
at::Tensor minimum(const at::Tensor& x, at::IntArrayRef axes, bool keep) { return at::amin(x, axes, keep); }
at::Tensor l1(const at::Tensor& x, at::IntArrayRef axes, bool keep) { return sum(x.abs(), axes, keep); }
at::Tensor sum_square(const at::Tensor& x, at::IntArrayRef axes, bool keep) { return sum(x * x, axes, keep); }
at::Tensor log_sum(const at::Tensor& x, at::IntArrayRef axes, bool keep) { return sum(x, axes, keep).log(); }
at::Tensor log_sum_exp(const at::Tensor& x, at::IntArrayRef axes, bool keep) { return at::logsumexp(x, axes, keep); }

/// The norm, not the root of a sum: its gradient at zero is zero, not NaN.
at::Tensor l2(const at::Tensor& x, at::IntArrayRef axes, bool keep) {
    if (c10::isFloatingType(x.scalar_type())) return at::linalg_vector_norm(x, 2, axes, keep);
    return at::linalg_vector_norm(x.to(at::kDouble), 2, axes, keep).to(x.scalar_type());
}

/// What is reduced when no axis is given: everything, or nothing.
struct Options {
    bool keep = true;
    bool nothing_without_axes = false;
};

Result<at::Tensor> reduce(Function function, const at::Tensor& x, std::vector<std::int64_t> axes,
                          const Options& options) {
    if (axes.empty() && options.nothing_without_axes) return x;
    if (x.dim() == 0) return function(x.reshape({1}), {0}, false);
    if (axes.empty()) {
        axes.resize(static_cast<std::size_t>(x.dim()));
        std::iota(axes.begin(), axes.end(), 0);
    }
    axes = BARTIZAN_TRY(normal_axes(std::move(axes), x.dim()));
    return function(x, axes, options.keep);
}

Result<Kernel> by_attribute(Function function, const graph::Node& node) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const std::vector<std::int64_t> axes = BARTIZAN_TRY(node.integers("axes", {}));
    const Options options{BARTIZAN_TRY(node.integer("keepdims", 1)) != 0, false};
    return numeric([=](const Call& call) { return reduce(function, call.inputs[0], axes, options); });
}

Result<Kernel> by_input(Function function, const graph::Node& node) {
    BARTIZAN_TRY(expect_inputs(node, 1, 2));
    const bool keep = BARTIZAN_TRY(node.integer("keepdims", 1)) != 0;
    const bool nothing = BARTIZAN_TRY(node.integer("noop_with_empty_axes", 0)) != 0;
    return numeric([=](const Call& call) -> Result<at::Tensor> {
        std::vector<std::int64_t> axes;
        if (call.has(1)) axes = BARTIZAN_TRY(integers_of(call.inputs[1]));
        return reduce(function, call.inputs[0], std::move(axes), {keep, nothing});
    });
}

template <Function function, std::int64_t axes_input_since>
Result<Kernel> compile(const graph::Node& node, std::int64_t opset) {
    return opset < axes_input_since ? by_attribute(function, node) : by_input(function, node);
}

constexpr OperatorSpec kOperators[] = {
    {"", "ReduceL1", 1, Gradient::smooth, compile<l1, 18>},
    {"", "ReduceL2", 1, Gradient::smooth, compile<l2, 18>},
    {"", "ReduceLogSum", 1, Gradient::smooth, compile<log_sum, 18>},
    {"", "ReduceLogSumExp", 1, Gradient::smooth, compile<log_sum_exp, 18>},
    {"", "ReduceMax", 1, Gradient::smooth, compile<maximum, 18>},
    {"", "ReduceMean", 1, Gradient::smooth, compile<mean, 18>},
    {"", "ReduceMin", 1, Gradient::smooth, compile<minimum, 18>},
    {"", "ReduceProd", 1, Gradient::smooth, compile<product, 18>},
    {"", "ReduceSum", 1, Gradient::smooth, compile<sum, 13>},
    {"", "ReduceSumSquare", 1, Gradient::smooth, compile<sum_square, 18>},
};

}  // namespace
}  // namespace reductions

std::span<const OperatorSpec> reduction_operators() { return reductions::kOperators; }

}  // namespace bartizan::model::operators
