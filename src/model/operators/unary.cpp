// Functions of one element: Abs to Tanh, tests for NaN and infinity, logical and bitwise not.
#include <ATen/core/Tensor.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/acos.h>
#include <ATen/ops/acosh.h>
#include <ATen/ops/asin.h>
#include <ATen/ops/asinh.h>
#include <ATen/ops/atan.h>
#include <ATen/ops/atanh.h>
#include <ATen/ops/bitwise_not.h>
#include <ATen/ops/ceil.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/cosh.h>
#include <ATen/ops/erf.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/floor.h>
#include <ATen/ops/isinf.h>
#include <ATen/ops/isnan.h>
#include <ATen/ops/log.h>
#include <ATen/ops/logical_not.h>
#include <ATen/ops/neg.h>
#include <ATen/ops/reciprocal.h>
#include <ATen/ops/round.h>
#include <ATen/ops/sign.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/sinh.h>
#include <ATen/ops/sqrt.h>
#include <ATen/ops/tan.h>
#include <ATen/ops/tanh.h>

#include "model/operators/build.h"
#include "model/operators/families.h"

namespace bartizan::model::operators {
namespace unary {
namespace {

using Function = at::Tensor (*)(const at::Tensor&);

template <Function function>
Result<Kernel> plain(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    return numeric([](const Call& call) { return function(call.inputs[0]); });
}

Result<Kernel> is_inf(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const bool negative = BARTIZAN_TRY(node.integer("detect_negative", 1)) != 0;
    const bool positive = BARTIZAN_TRY(node.integer("detect_positive", 1)) != 0;
    return single([=](const Call& call) {
        const at::Tensor& x = call.inputs[0];
        at::Tensor infinite = at::isinf(x);
        if (!negative) infinite = infinite.logical_and(x.gt(0));
        if (!positive) infinite = infinite.logical_and(x.lt(0));
        return infinite;
    });
}

constexpr OperatorSpec kOperators[] = {
    {"", "Abs", 1, Gradient::smooth, plain<at::abs>},
    {"", "Acos", 7, Gradient::smooth, plain<at::acos>},
    {"", "Acosh", 9, Gradient::smooth, plain<at::acosh>},
    {"", "Asin", 7, Gradient::smooth, plain<at::asin>},
    {"", "Asinh", 9, Gradient::smooth, plain<at::asinh>},
    {"", "Atan", 7, Gradient::smooth, plain<at::atan>},
    {"", "Atanh", 9, Gradient::smooth, plain<at::atanh>},
    {"", "BitwiseNot", 18, Gradient::none, plain<at::bitwise_not>},
    {"", "Ceil", 1, Gradient::zero, plain<at::ceil>},
    {"", "Cos", 7, Gradient::smooth, plain<at::cos>},
    {"", "Cosh", 9, Gradient::smooth, plain<at::cosh>},
    {"", "Erf", 9, Gradient::smooth, plain<at::erf>},
    {"", "Exp", 1, Gradient::smooth, plain<at::exp>},
    {"", "Floor", 1, Gradient::zero, plain<at::floor>},
    {"", "IsInf", 10, Gradient::none, is_inf},
    {"", "IsNaN", 9, Gradient::none, plain<at::isnan>},
    {"", "Log", 1, Gradient::smooth, plain<at::log>},
    {"", "Neg", 1, Gradient::smooth, plain<at::neg>},
    {"", "Not", 1, Gradient::none, plain<at::logical_not>},
    {"", "Reciprocal", 1, Gradient::smooth, plain<at::reciprocal>},
    {"", "Round", 11, Gradient::zero, plain<at::round>},  // halves to even, as ONNX wants
    {"", "Sign", 9, Gradient::zero, plain<at::sign>},
    {"", "Sin", 7, Gradient::smooth, plain<at::sin>},
    {"", "Sinh", 9, Gradient::smooth, plain<at::sinh>},
    {"", "Sqrt", 1, Gradient::smooth, plain<at::sqrt>},
    {"", "Tan", 7, Gradient::smooth, plain<at::tan>},
    {"", "Tanh", 1, Gradient::smooth, plain<at::tanh>},
};

}  // namespace
}  // namespace unary

std::span<const OperatorSpec> unary_operators() { return unary::kOperators; }

}  // namespace bartizan::model::operators
