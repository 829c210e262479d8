/// Gradients of single rows are what autograd gives for each row alone.
#include "model/row_gradients.h"

#include <cmath>
#include <string>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "model/model_testing.h"

namespace bartizan::model {
namespace {

using graph::GraphBuilder;
using testing::random_values;
using Integers = std::vector<std::int64_t>;

constexpr std::int64_t kRows = 5;

/// A loss of each row, summed: no two rows, and no two outputs, count the same.
at::Tensor loss_of(const at::Tensor& answers) {
    return (answers * answers * testing::random_tensor({1, answers.size(1)}, 99)).sum();
}

std::vector<NamedTensor> trained(Model& model) {
    std::vector<NamedTensor> weights = model.parameters();
    for (NamedTensor& weight : weights) weight.tensor.requires_grad_(true);
    return weights;
}

at::Tensor answer(const Model& model, const at::Tensor& x) {
    return testing::run_one(model, x, Mode::training).value().flatten(1);
}

/// The definition: a row at a time, its whole gradient, scaled to `bound` if it is longer.
struct ByHand {
    std::vector<at::Tensor> sums;
    std::int64_t clipped = 0;
};

ByHand by_hand(const Model& model, const std::vector<NamedTensor>& weights, const at::Tensor& x, double bound) {
    Tensors leaves;
    for (const NamedTensor& weight : weights) leaves.push_back(weight.tensor);
    ByHand out;
    for (std::int64_t row = 0; row < x.size(0); ++row) {
        const Tensors one = torch::autograd::grad({loss_of(answer(model, x.narrow(0, row, 1)))}, leaves);
        double square = 0;
        for (const at::Tensor& gradient : one) square += (gradient * gradient).sum().item<double>();
        const double factor = std::min(1.0, bound / std::sqrt(square));
        out.clipped += factor < 1 ? 1 : 0;
        for (std::size_t i = 0; i < one.size(); ++i)
            if (row == 0)
                out.sums.push_back(one[i] * factor);
            else
                out.sums[i].add_(one[i], factor);
    }
    return out;
}

void expect_the_definition(GraphBuilder builder, const Shape& item) {
    const auto model = testing::model_of(std::move(builder));
    const auto weights = trained(*model);
    const auto fits = check_row_gradients(*model->graph(), weights);
    ASSERT_TRUE(fits.ok()) << fits.error().line();
    Shape shape = item;
    shape.insert(shape.begin(), kRows);
    const at::Tensor x = testing::random_tensor(shape, 7);
    const double middling = std::sqrt([&] {
                                double square = 0;
                                for (const at::Tensor& sum : by_hand(*model, weights, x, 1e9).sums)
                                    square += (sum * sum).sum().item<double>();
                                return square;
                            }()) /
                            kRows;
    for (const double bound : {middling, 1e9}) {
        const ByHand expected = by_hand(*model, weights, x, bound);
        Tapping tapping;
        const at::Tensor loss = loss_of(answer(*model, x));
        const auto found = clipped_row_gradients(*model->graph(), weights, tapping.taps(), loss, kRows, bound);
        ASSERT_TRUE(found.ok()) << found.error().line();
        EXPECT_EQ(found->clipped, expected.clipped);
        for (std::size_t i = 0; i < weights.size(); ++i) {
            const double scale = expected.sums[i].abs().max().item<double>() + 1e-6;
            testing::expect_close(found->gradients[i] / scale, expected.sums[i] / scale, 1e-4);
        }
    }
}

TEST(RowGradients, OfDenseLayersAreTheDefinition) {
    for (const std::int64_t transposed : {0, 1}) {
        GraphBuilder builder("mlp");
        builder.input("x", DType::f32, {-1, 6});
        builder.initializer("w1", transposed != 0 ? Shape{8, 6} : Shape{6, 8}, random_values(48, 1));
        builder.initializer("b1", {8}, random_values(8, 2));
        builder.initializer("w2", {8, 3}, random_values(24, 3));
        builder.initializer("b2", {1, 3}, random_values(3, 4));
        builder.node(
            "Relu",
            {builder.node("Gemm", {"x", "w1", "b1"}, {{"transB", transposed}, {"alpha", 0.5F}, {"beta", 2.0F}})}, {},
            "r");
        builder.output(builder.node("Add", {"b2", builder.node("MatMul", {"r", "w2"})}), DType::f32, {-1, 3});
        expect_the_definition(std::move(builder), {6});
    }
}

TEST(RowGradients, OfLayersAlongASequenceAreTheDefinition) {
    for (const std::int64_t steps : {2, 9}) {  // by the Gram matrices of the steps, and by the products themselves
        GraphBuilder builder("sequence");
        builder.input("x", DType::f32, {-1, steps, 4});
        builder.initializer("w", {4, 5}, random_values(20, 1));
        builder.initializer("b", {5}, random_values(5, 2));
        builder.output(builder.node("Tanh", {builder.node("Add", {builder.node("MatMul", {"x", "w"}), "b"})}),
                       DType::f32, {-1, steps, 5});
        expect_the_definition(std::move(builder), {steps, 4});
    }
}

struct Layer {
    std::string name;
    std::int64_t groups, size;
    Integers strides, pads, dilations;
};

TEST(RowGradients, OfConvolutionsAreTheDefinition) {
    const Layer layers[] = {
        {"large", 1, 12, {1, 1}, {1, 1, 1, 1}, {1, 1}},  {"small", 1, 4, {2, 2}, {0, 0, 0, 0}, {1, 1}},
        {"strided", 1, 9, {2, 1}, {1, 0, 1, 0}, {1, 1}}, {"lopsided", 1, 8, {2, 2}, {0, 1, 1, 0}, {1, 1}},
        {"grouped", 2, 8, {1, 1}, {1, 1, 1, 1}, {1, 1}}, {"dilated", 4, 9, {1, 1}, {2, 2, 2, 2}, {2, 2}},
    };
    for (const Layer& layer : layers) {
        SCOPED_TRACE(layer.name);
        GraphBuilder builder("cnn");
        builder.input("x", DType::f32, {-1, 4, layer.size, layer.size});
        builder.initializer("w", {8, 4 / layer.groups, 3, 3}, random_values(8 * 36 / layer.groups, 1));
        builder.initializer("b", {8}, random_values(8, 2));
        builder.node(
            "Conv", {"x", "w", "b"},
            {{"group", layer.groups}, {"strides", layer.strides}, {"pads", layer.pads}, {"dilations", layer.dilations}},
            "c");
        builder.node("Relu", {"c"}, {}, "r");
        builder.output(builder.node("Flatten", {builder.node("GlobalAveragePool", {"r"})}), DType::f32, {-1, 8});
        expect_the_definition(std::move(builder), {4, layer.size, layer.size});
    }
}

std::string refusal(GraphBuilder builder) {
    const auto model = testing::model_of(std::move(builder));
    const auto refused = check_row_gradients(*model->graph(), trained(*model));
    return refused.ok() ? "" : refused.error().line();
}

TEST(RowGradients, ModelsThatMixRowsAreRefusedWithTheNode) {
    GraphBuilder builder("bn");
    builder.input("x", DType::f32, {-1, 3});
    for (const std::string name : {"s", "b", "m", "v"}) builder.initializer(name, {3}, std::vector<float>(3, 1));
    builder.output(builder.node("BatchNormalization", {"x", "s", "b", "m", "v"}, {}, "norm"), DType::f32, {-1, 3});
    EXPECT_NE(refusal(std::move(builder)).find("norm"), std::string::npos);
}

TEST(RowGradients, AWeightUsedTwiceIsRefused) {
    GraphBuilder builder("tied");
    builder.input("x", DType::f32, {-1, 3});
    builder.initializer("w", {3, 3}, random_values(9, 1));
    builder.output(builder.node("MatMul", {builder.node("MatMul", {"x", "w"}), "w"}), DType::f32, {-1, 3});
    EXPECT_NE(refusal(std::move(builder)).find("'w'"), std::string::npos);
}

}  // namespace
}  // namespace bartizan::model
