#include "model/operators/operator_testing.h"

#include <gtest/gtest.h>

#include <ATen/ops/tensor.h>

#include "model/tensors.h"

namespace bartizan::model::operators {

Result<Tensors> OneNode::all(const std::vector<at::Tensor>& inputs) const {
    graph::Node node;
    node.op_type = op_type;
    node.domain = domain;
    node.name = "one";
    node.attributes = attributes;
    for (std::size_t i = 0; i < inputs.size(); ++i)
        node.inputs.push_back(inputs[i].defined() ? "x" + std::to_string(i) : "");
    for (std::size_t i = 0; i < outputs; ++i) node.outputs.push_back("y" + std::to_string(i));
    const OperatorSpec* spec = BARTIZAN_TRY(find_operator(node, opset));
    const Kernel kernel = BARTIZAN_TRY(spec->compile(node, opset));
    Tensors results;
    BARTIZAN_TRY(guarded([&]() -> Result<void> {
        results = BARTIZAN_TRY(kernel(Call{inputs, Mode::evaluation}));
        return {};
    }));
    return results;
}

Result<at::Tensor> OneNode::operator()(const std::vector<at::Tensor>& inputs) const {
    const Tensors results = BARTIZAN_TRY(all(inputs));
    return results.at(0);
}

Errc OneNode::refusal(const std::vector<at::Tensor>& inputs) const {
    const auto result = all(inputs);
    return result.ok() ? Errc::internal : result.error().code();
}

at::Tensor floats(std::initializer_list<double> values) {
    return at::tensor(std::vector<double>(values), at::kDouble).to(at::kFloat);
}

at::Tensor floats(std::initializer_list<double> values, at::IntArrayRef shape) { return floats(values).reshape(shape); }

at::Tensor longs(std::initializer_list<std::int64_t> values) {
    return at::tensor(std::vector<std::int64_t>(values), at::kLong);
}

at::Tensor longs(std::initializer_list<std::int64_t> values, at::IntArrayRef shape) {
    return longs(values).reshape(shape);
}

std::vector<double> values_of(const Result<at::Tensor>& result) {
    EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().line());
    if (!result.ok()) return {};
    const at::Tensor flat = result->detach().to(at::kDouble).contiguous();
    return {flat.data_ptr<double>(), flat.data_ptr<double>() + flat.numel()};
}

Shape shape_of(const Result<at::Tensor>& result) {
    EXPECT_TRUE(result.ok()) << (result.ok() ? "" : result.error().line());
    return result.ok() ? result->sizes().vec() : Shape{-1};
}

}  // namespace bartizan::model::operators
