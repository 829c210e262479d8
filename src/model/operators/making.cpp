// Tensors made from a description: Constant, ConstantOfShape, Range, EyeLike, OneHot, and triangles and running sums.
#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cumsum.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/tril.h>
#include <ATen/ops/triu.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/ScalarType.h>

#include "model/operators/build.h"
#include "model/operators/families.h"
#include "model/tensors.h"

namespace bartizan::model::operators {
namespace making {
namespace {

Result<at::Tensor> constant_value(const graph::Node& node) {
    if (node.attributes.size() != 1)
        return invalid_input("Constant with " + std::to_string(node.attributes.size()) + " values, wants one");
    const auto& [name, value] = *node.attributes.begin();
    if (name == "value" && std::holds_alternative<NdArray>(value)) return to_tensor(std::get<NdArray>(value));
    if (name == "value_float") return at::scalar_tensor(BARTIZAN_TRY(node.real(name, 0)), at::kFloat);
    if (name == "value_floats") return at::tensor(BARTIZAN_TRY(node.reals(name, {})), at::kFloat);
    if (name == "value_int") return at::scalar_tensor(BARTIZAN_TRY(node.integer(name, 0)), at::kLong);
    if (name == "value_ints") return at::tensor(BARTIZAN_TRY(node.integers(name, {})), at::kLong);
    return unsupported("Constant of strings or in sparse form (attribute '" + name + "')");
}

Result<Kernel> constant(const graph::Node& node, std::int64_t) {
    const at::Tensor value = BARTIZAN_TRY(constant_value(node));
    return single([value](const Call&) { return value; });
}

Result<Kernel> constant_of_shape(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    at::Tensor value = at::zeros({1}, at::kFloat);
    if (node.has("value")) value = BARTIZAN_TRY(to_tensor(BARTIZAN_TRY(node.tensor("value"))));
    if (value.numel() != 1) return invalid_input("ConstantOfShape with a value of " + std::to_string(value.numel()));
    return single([value = value.reshape({})](const Call& call) -> Result<at::Tensor> {
        const Shape shape = BARTIZAN_TRY(checked(BARTIZAN_TRY(integers_of(call.inputs[0]))));
        return value.expand(shape).contiguous();
    });
}

/// How many values start, start + delta, ... lie before limit.
Result<std::int64_t> range_length(long double start, long double limit, long double delta) {
    if (!std::isfinite(start) || !std::isfinite(limit) || !std::isfinite(delta) || delta == 0)
        return invalid_input("Range with a step of zero or a bound that is not finite");
    const long double length = std::max(std::ceil((limit - start) / delta), 0.0L);
    if (length > static_cast<long double>(kMaxOutputElements))
        return exhausted("Range of more than " + std::to_string(kMaxOutputElements) + " values");
    return static_cast<std::int64_t>(length);
}

template <class Number>
Result<at::Tensor> range_of(const Call& call) {
    const auto start = call.inputs[0].item().to<Number>();
    const auto limit = call.inputs[1].item().to<Number>();
    const auto delta = call.inputs[2].item().to<Number>();
    const std::int64_t length = BARTIZAN_TRY(range_length(start, limit, delta));
    const at::ScalarType type = call.inputs[0].scalar_type();
    return at::arange(length, type) * call.inputs[2].reshape({}) + call.inputs[0].reshape({});
}

Result<Kernel> range(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 3, 3));
    return single([](const Call& call) {
        const bool integral = c10::isIntegralType(call.inputs[0].scalar_type(), false);
        return integral ? range_of<std::int64_t>(call) : range_of<double>(call);
    });
}

Result<Kernel> eye_like(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const std::int64_t k = BARTIZAN_TRY(node.integer("k", 0));
    const bool typed = node.has("dtype");
    const ElementType target = BARTIZAN_TRY(element_type_attribute(node, "dtype", 1));
    return single([=](const Call& call) -> Result<at::Tensor> {
        const at::Tensor& like = call.inputs[0];
        if (like.dim() != 2) return invalid_input("EyeLike of rank " + std::to_string(like.dim()) + ", wants 2");
        const std::int64_t diagonal = std::clamp(k, -like.size(0) - 1, like.size(1) + 1);
        const at::Tensor row = at::arange(like.size(0), at::kLong).unsqueeze(1);
        const at::Tensor column = at::arange(like.size(1), at::kLong).unsqueeze(0);
        return (column - row == diagonal).to(typed ? target.type : like.scalar_type());
    });
}

Result<at::Tensor> triangle(const Call& call, bool upper) {
    const at::Tensor& x = call.inputs[0];
    if (x.dim() < 2) return invalid_input("Trilu of rank " + std::to_string(x.dim()) + ", wants 2 or more");
    const std::int64_t given = call.has(1) ? BARTIZAN_TRY(integer_of(call.inputs[1])) : 0;
    const std::int64_t k = std::clamp(given, -x.size(-2) - 1, x.size(-1) + 1);
    if (x.numel() == 0) return x;
    return upper ? at::triu(x, k) : at::tril(x, k);
}

Result<Kernel> trilu(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 2));
    const bool upper = BARTIZAN_TRY(node.integer("upper", 1)) != 0;
    return single([upper](const Call& call) { return triangle(call, upper); });
}

/// Negative indices count from the end; those outside [-depth, depth) give a row of "off".
Result<at::Tensor> one_hot_of(const Call& call, std::int64_t given_axis) {
    const at::Tensor& given = call.inputs[0];
    if (call.inputs[1].numel() != 1 || call.inputs[2].numel() != 2)
        return invalid_input("OneHot wants one depth and two values, off and on");
    const double wanted = call.inputs[1].item().toDouble();
    if (!(wanted >= 1 && wanted <= static_cast<double>(kMaxOutputElements)))
        return invalid_input("OneHot with depth " + std::to_string(wanted));
    const auto depth = static_cast<std::int64_t>(wanted);
    const std::int64_t axis = BARTIZAN_TRY(normal_axis(given_axis, given.dim() + 1));
    Shape shape = shape_of(given);
    shape.insert(shape.begin() + axis, depth);
    BARTIZAN_TRY(check_output(shape));
    at::Tensor indices = given.to(at::kLong);
    indices = at::where(indices < 0, indices + depth, indices).unsqueeze(axis);
    Shape along(shape.size(), 1);
    along[static_cast<std::size_t>(axis)] = depth;
    const at::Tensor on = indices == at::arange(depth, at::kLong).reshape(along);
    return at::where(on, call.inputs[2][1], call.inputs[2][0]);
}

Result<Kernel> one_hot(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 3, 3));
    const std::int64_t axis = BARTIZAN_TRY(node.integer("axis", -1));
    return single([axis](const Call& call) { return one_hot_of(call, axis); });
}

at::Tensor running_sum(const at::Tensor& x, std::int64_t axis, bool exclusive) {
    if (!exclusive) return at::cumsum(x, axis, x.scalar_type());
    if (x.size(axis) == 0) return x;
    const at::Tensor sums = at::cumsum(x.narrow(axis, 0, x.size(axis) - 1), axis, x.scalar_type());
    return at::cat({at::zeros_like(x.narrow(axis, 0, 1)), sums}, axis);
}

Result<Kernel> cumulative_sum(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 2, 2));
    const bool exclusive = BARTIZAN_TRY(node.integer("exclusive", 0)) != 0;
    const bool reverse = BARTIZAN_TRY(node.integer("reverse", 0)) != 0;
    return numeric([=](const Call& call) -> Result<at::Tensor> {
        const at::Tensor& x = call.inputs[0];
        const std::int64_t axis = BARTIZAN_TRY(normal_axis(BARTIZAN_TRY(integer_of(call.inputs[1])), x.dim()));
        if (!reverse) return running_sum(x, axis, exclusive);
        return running_sum(x.flip(axis), axis, exclusive).flip(axis);
    });
}

constexpr OperatorSpec kOperators[] = {
    {"", "Constant", 1, Gradient::smooth, constant},      {"", "ConstantOfShape", 9, Gradient::none, constant_of_shape},
    {"", "CumSum", 11, Gradient::smooth, cumulative_sum}, {"", "EyeLike", 9, Gradient::none, eye_like},
    {"", "OneHot", 9, Gradient::none, one_hot},           {"", "Range", 11, Gradient::none, range},
    {"", "Trilu", 14, Gradient::smooth, trilu},
};

}  // namespace
}  // namespace making

std::span<const OperatorSpec> making_operators() { return making::kOperators; }

}  // namespace bartizan::model::operators
