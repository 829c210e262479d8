// Max, Min, Mean and Sum of any number of tensors, and Where: elementwise with broadcasting.
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/where.h>

#include "model/operators/build.h"
#include "model/operators/families.h"

namespace bartizan::model::operators {
namespace variadic {
namespace {

using Function = at::Tensor (*)(const at::Tensor&, const at::Tensor&);

at::Tensor add(const at::Tensor& a, const at::Tensor& b) { return a + b; }

template <Function function>
Result<at::Tensor> fold(const Call& call) {
    at::Tensor all = call.inputs[0];
    for (const at::Tensor& next : call.inputs.subspan(1)) {
        BARTIZAN_TRY(check_broadcast(all, next));
        all = function(all, next);
    }
    return all;
}

template <Function function>
Result<Kernel> folded(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, std::max<std::size_t>(1, node.inputs.size())));
    return numeric(fold<function>);
}

Result<at::Tensor> mean_of(const Call& call) {
    const at::Tensor sum = BARTIZAN_TRY(fold<add>(call));
    return sum / static_cast<double>(call.inputs.size());
}

Result<Kernel> mean(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, std::max<std::size_t>(1, node.inputs.size())));
    return numeric(mean_of);
}

Result<Kernel> where(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 3, 3));
    return single([](const Call& call) -> Result<at::Tensor> {
        const at::Tensor& condition = call.inputs[0];
        BARTIZAN_TRY(check_broadcast(call.inputs[1], call.inputs[2]));
        BARTIZAN_TRY(check_broadcast(condition, call.inputs[1]));
        BARTIZAN_TRY(check_broadcast(condition, call.inputs[2]));
        return at::where(condition, call.inputs[1], call.inputs[2]);
    });
}

constexpr OperatorSpec kOperators[] = {
    {"", "Max", 1, Gradient::smooth, folded<at::maximum>},
    {"", "Mean", 1, Gradient::smooth, mean},
    {"", "Min", 1, Gradient::smooth, folded<at::minimum>},
    {"", "Sum", 1, Gradient::smooth, folded<add>},
    {"", "Where", 9, Gradient::smooth, where},
};

}  // namespace
}  // namespace variadic

std::span<const OperatorSpec> variadic_operators() { return variadic::kOperators; }

}  // namespace bartizan::model::operators
