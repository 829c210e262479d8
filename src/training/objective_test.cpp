/// The losses against hand-computed values, and the inputs against their ball.
#include "training/objective.h"

#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/matmul.h>
#include <gtest/gtest.h>

#include "graph/builder.h"
#include "model/model.h"
#include "model/tensors.h"

namespace bartizan::training {
namespace {

/// logits = x W, W 2 x 3, as a classifier over rows of two numbers.
std::unique_ptr<model::Classifier> linear() {
    graph::GraphBuilder builder("linear");
    const std::string x = builder.input("x", DType::f32, {-1, 2});
    const std::string w = builder.initializer<float>("w", {2, 3}, {1, -1, 0.5F, 0, 2, -0.5F});
    builder.output(builder.node("MatMul", {x, w}), DType::f32, {-1, 3});
    const std::shared_ptr<const model::Model> model = model::from_graph(std::move(builder).build().value()).value();
    return model::make_classifier(model, {2}, {}).value();
}

at::Tensor tensor(Shape shape, const std::vector<float>& values) {
    return model::to_tensor(NdArray::from<float>(std::move(shape), std::span<const float>(values)).value()).value();
}

Shard shard() {
    const std::vector<std::int64_t> labels = {0, 2};
    Shard shard{tensor({2, 2}, {0.5F, 0.25F, 0.9F, 0.1F}), {}, {7, 8}};
    shard.y = model::to_tensor(NdArray::from<std::int64_t>({2}, std::span<const std::int64_t>(labels)).value()).value();
    return shard;
}

using Row = std::array<double, 3>;

Row probabilities(double a, double b) {
    Row p = {std::exp(a), std::exp(-a + 2 * b), std::exp(0.5 * a - 0.5 * b)};
    const double sum = p[0] + p[1] + p[2];
    for (double& value : p) value /= sum;
    return p;
}

double divergence(const Row& p, const Row& q) {
    double sum = 0;
    for (std::size_t i = 0; i < 3; ++i) sum += p[i] * std::log(p[i] / q[i]);
    return sum;
}

const Row kClean[] = {probabilities(0.5, 0.25), probabilities(0.9, 0.1)};
const Row kWorked[] = {probabilities(0.4, 0.35), probabilities(0.8, 0.2)};
constexpr std::size_t kLabels[] = {0, 2};

double loss(Method method, double weight) {
    const auto classifier = linear();
    const at::Tensor worked = tensor({2, 2}, {0.4F, 0.35F, 0.8F, 0.2F});
    return loss_of({.method = method, .weight = weight}, *classifier, shard(), worked).value().item<double>();
}

TEST(Objective, TradesIsCleanLossPlusWeightedDivergence) {
    double expected = 0;
    for (std::size_t row = 0; row < 2; ++row)
        expected += -std::log(kClean[row][kLabels[row]]) + 6 * divergence(kClean[row], kWorked[row]);
    EXPECT_NEAR(loss(Method::trades, 6), expected, 1e-5);
}

TEST(Objective, MartIsBoostedLossPlusDoubtfulDivergence) {
    double expected = 0;
    for (std::size_t row = 0; row < 2; ++row) {
        double other = 0;
        for (std::size_t k = 0; k < 3; ++k)
            if (k != kLabels[row]) other = std::max(other, kWorked[row][k]);
        expected += -std::log(kWorked[row][kLabels[row]]) - std::log(1.0001 - other) +
                    5 * divergence(kClean[row], kWorked[row]) * (1 - kClean[row][kLabels[row]]);
    }
    EXPECT_NEAR(loss(Method::mart, 5), expected, 1e-5);
}

TEST(Objective, OtherMethodsAreCrossEntropyWhereTheyWork) {
    double expected = 0;
    for (std::size_t row = 0; row < 2; ++row) expected -= std::log(kWorked[row][kLabels[row]]);
    for (const Method method : {Method::plain, Method::pgd, Method::fast, Method::gaussian})
        EXPECT_NEAR(loss(method, 6), expected, 1e-5);
}

TEST(Objective, InputsStayInBallAndRangeAndRaiseTheLoss) {
    const auto classifier = linear();
    const Shard given = shard();
    const auto height = [&](const at::Tensor& x) {
        return loss_of({.method = Method::pgd}, *classifier, given, x).value().item<double>();
    };
    for (const Method method : {Method::pgd, Method::trades, Method::mart, Method::fast}) {
        const Objective objective{.method = method, .adversary = {.eps = 0.15, .steps = 10}};
        const at::Tensor x = worked_inputs(objective, *classifier, given, {1, 1}).value();
        EXPECT_LE((x - given.x).abs().max().item<double>(), 0.15 + 1e-6);
        EXPECT_GE(x.min().item<double>(), 0);
        EXPECT_LE(x.max().item<double>(), 1);
        if (method != Method::trades) EXPECT_GT(height(x), height(given.x));
    }
}

TEST(Objective, NoiseHasTheDeviationAskedForAndDependsOnTheRowAlone) {
    const auto classifier = linear();
    Shard many{at::Tensor(), at::Tensor(), {}};
    many.x = tensor({2000, 2}, std::vector<float>(4000, 0.5F));
    for (std::int64_t i = 0; i < 2000; ++i) many.ids.push_back(i);
    const Objective objective{.method = Method::gaussian, .sigma = 0.25};
    const at::Tensor noise = worked_inputs(objective, *classifier, many, {1, 1}).value() - many.x;
    EXPECT_NEAR(noise.std().item<double>(), 0.25, 0.01);
    EXPECT_NEAR(noise.mean().item<double>(), 0, 0.02);
    Shard last{many.x.slice(0, 1999), at::Tensor(), {1999}};
    const at::Tensor alone = worked_inputs(objective, *classifier, last, {1, 1}).value() - last.x;
    EXPECT_EQ((alone - noise.slice(0, 1999)).abs().max().item<double>(), 0);
}

}  // namespace
}  // namespace bartizan::training
