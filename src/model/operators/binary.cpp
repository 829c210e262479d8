// Arithmetic, comparison, logic and bits of two tensors, with numpy's broadcasting (opset 7 on) or the older
// `broadcast`/`axis` attributes. Integers divide towards zero and wrap around.
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/div.h>
#include <ATen/ops/fmod.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/remainder.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/ScalarType.h>

#include "model/operators/build.h"
#include "model/operators/families.h"

namespace bartizan::model::operators {
namespace binary {
namespace {

using Function = at::Tensor (*)(const at::Tensor&, const at::Tensor&);

at::Tensor add(const at::Tensor& a, const at::Tensor& b) { return a + b; }
at::Tensor sub(const at::Tensor& a, const at::Tensor& b) { return a - b; }
at::Tensor mul(const at::Tensor& a, const at::Tensor& b) { return a * b; }

bool is_signed_integer(const at::Tensor& x) {
    return c10::isIntegralType(x.scalar_type(), false) && x.scalar_type() != at::kByte;
}

/// Divides integers without the processor's trap on lowest / -1.
at::Tensor divide(const at::Tensor& a, const at::Tensor& b) {
    if (c10::isFloatingType(a.scalar_type())) return a / b;
    if (!is_signed_integer(b)) return at::div(a, b, "trunc");
    const at::Tensor minus_one = b == -1;
    return at::where(minus_one, -a, at::div(a, b.masked_fill(minus_one, 1), "trunc"));
}

/// x mod -1 is 0 for every x; the processor traps on lowest % -1.
at::Tensor safe_divisor(const at::Tensor& b) { return is_signed_integer(b) ? b.masked_fill(b == -1, 1) : b; }

at::Tensor remainder(const at::Tensor& a, const at::Tensor& b) { return at::remainder(a, safe_divisor(b)); }
at::Tensor truncated_remainder(const at::Tensor& a, const at::Tensor& b) { return at::fmod(a, safe_divisor(b)); }

/// The result has the base's type, whatever the exponent's.
at::Tensor power(const at::Tensor& a, const at::Tensor& b) { return at::pow(a, b).to(a.scalar_type()); }

at::Tensor logical_and(const at::Tensor& a, const at::Tensor& b) { return a.logical_and(b); }
at::Tensor logical_or(const at::Tensor& a, const at::Tensor& b) { return a.logical_or(b); }
at::Tensor logical_xor(const at::Tensor& a, const at::Tensor& b) { return a.logical_xor(b); }
at::Tensor equal(const at::Tensor& a, const at::Tensor& b) { return a == b; }
at::Tensor less(const at::Tensor& a, const at::Tensor& b) { return a < b; }
at::Tensor less_or_equal(const at::Tensor& a, const at::Tensor& b) { return a <= b; }
at::Tensor greater(const at::Tensor& a, const at::Tensor& b) { return a > b; }
at::Tensor greater_or_equal(const at::Tensor& a, const at::Tensor& b) { return a >= b; }
at::Tensor bitwise_and(const at::Tensor& a, const at::Tensor& b) { return a.bitwise_and(b); }
at::Tensor bitwise_or(const at::Tensor& a, const at::Tensor& b) { return a.bitwise_or(b); }
at::Tensor bitwise_xor(const at::Tensor& a, const at::Tensor& b) { return a.bitwise_xor(b); }

/// How the second operand met the first before opset 7.
struct OldBroadcast {
    bool used = false;
    std::int64_t axis = std::numeric_limits<std::int64_t>::max();  ///< absent: the last dimensions are matched
};

Result<OldBroadcast> old_broadcast(const graph::Node& node, std::int64_t opset) {
    OldBroadcast old;
    if (opset >= 7) return old;
    old.used = BARTIZAN_TRY(node.integer("broadcast", 0)) != 0 && node.has("axis");
    old.axis = BARTIZAN_TRY(node.integer("axis", old.axis));
    return old;
}

/// `b` with ones behind it, so that its first dimension meets dimension `axis` of `a`.
Result<at::Tensor> aligned(const at::Tensor& a, const at::Tensor& b, const OldBroadcast& old) {
    if (!old.used) return b;
    const std::int64_t axis = BARTIZAN_TRY(normal_axis(old.axis, a.dim()));
    if (axis + b.dim() > a.dim())
        return invalid_input("axis " + std::to_string(axis) + " puts the second input past the first one's rank");
    Shape shape = shape_of(b);
    shape.resize(static_cast<std::size_t>(a.dim() - axis), 1);
    return b.reshape(shape);
}

Result<Kernel> kernel_of(Function function, const graph::Node& node, std::int64_t opset) {
    BARTIZAN_TRY(expect_inputs(node, 2, 2));
    const OldBroadcast old = BARTIZAN_TRY(old_broadcast(node, opset));
    return numeric([=](const Call& call) -> Result<at::Tensor> {
        const at::Tensor& a = call.inputs[0];
        const at::Tensor b = BARTIZAN_TRY(aligned(a, call.inputs[1], old));
        BARTIZAN_TRY(check_broadcast(a, b));
        return function(a, b);
    });
}

template <Function function>
Result<Kernel> plain(const graph::Node& node, std::int64_t opset) {
    return kernel_of(function, node, opset);
}

Result<Kernel> mod(const graph::Node& node, std::int64_t opset) {
    const bool truncated = BARTIZAN_TRY(node.integer("fmod", 0)) != 0;
    return kernel_of(truncated ? truncated_remainder : remainder, node, opset);
}

std::int64_t bits_of(const at::Tensor& x) { return static_cast<std::int64_t>(x.element_size()) * 8; }

/// Shifts past the width give 0, where C++ leaves the result undefined.
template <Function function>
at::Tensor shift(const at::Tensor& x, const at::Tensor& by) {
    const at::Tensor outside = (by < 0).logical_or(by >= bits_of(x));
    const at::Tensor shifted = function(x, by.masked_fill(outside, 0));
    return at::where(outside, at::zeros_like(shifted), shifted);
}

at::Tensor left(const at::Tensor& x, const at::Tensor& by) { return x.bitwise_left_shift(by); }
at::Tensor right(const at::Tensor& x, const at::Tensor& by) { return x.bitwise_right_shift(by); }

Result<Kernel> bit_shift(const graph::Node& node, std::int64_t opset) {
    const bool to_left = BARTIZAN_TRY(choice<bool>(node, "direction", "", {{"LEFT", true}, {"RIGHT", false}}));
    return kernel_of(to_left ? shift<left> : shift<right>, node, opset);
}

constexpr OperatorSpec kOperators[] = {
    {"", "Add", 1, Gradient::smooth, plain<add>},
    {"", "And", 1, Gradient::none, plain<logical_and>},
    {"", "BitShift", 11, Gradient::none, bit_shift},
    {"", "BitwiseAnd", 18, Gradient::none, plain<bitwise_and>},
    {"", "BitwiseOr", 18, Gradient::none, plain<bitwise_or>},
    {"", "BitwiseXor", 18, Gradient::none, plain<bitwise_xor>},
    {"", "Div", 1, Gradient::smooth, plain<divide>},
    {"", "Equal", 1, Gradient::zero, plain<equal>},
    {"", "Greater", 1, Gradient::zero, plain<greater>},
    {"", "GreaterOrEqual", 12, Gradient::zero, plain<greater_or_equal>},
    {"", "Less", 1, Gradient::zero, plain<less>},
    {"", "LessOrEqual", 12, Gradient::zero, plain<less_or_equal>},
    {"", "Mod", 10, Gradient::smooth, mod},
    {"", "Mul", 1, Gradient::smooth, plain<mul>},
    {"", "Or", 1, Gradient::none, plain<logical_or>},
    {"", "Pow", 1, Gradient::smooth, plain<power>},
    {"", "Sub", 1, Gradient::smooth, plain<sub>},
    {"", "Xor", 1, Gradient::none, plain<logical_xor>},
};

}  // namespace
}  // namespace binary

std::span<const OperatorSpec> binary_operators() { return binary::kOperators; }

}  // namespace bartizan::model::operators
