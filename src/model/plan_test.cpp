#include "model/plan.h"

#include <thread>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include "model/model_testing.h"
#include "model/tensors.h"

namespace bartizan::model {
namespace {

using graph::GraphBuilder;
using testing::expect_close;
using testing::random_tensor;
using testing::tensor;
using testing::values_of;

std::unique_ptr<const Plan> plan_of(GraphBuilder builder) {
    const auto graph = std::move(builder).build();
    EXPECT_TRUE(graph.ok()) << graph.error().line();
    auto plan = Plan::make(*graph, make_weights(*graph).value());
    EXPECT_TRUE(plan.ok()) << plan.error().line();
    return std::move(*plan);
}

at::Tensor run(const Plan& plan, const at::Tensor& x) {
    const auto outputs = plan.run({&x, 1}, Mode::evaluation);
    EXPECT_TRUE(outputs.ok()) << outputs.error().line();
    return outputs->at(0);
}

/// relu(x W + b) with W = [[1, -1], [2, 1]], b = [0.5, -0.5].
GraphBuilder small_layer() {
    GraphBuilder builder("layer");
    const std::string x = builder.input("x", DType::f32, {-1, 2});
    const std::string w = builder.initializer<float>("w", {2, 2}, {1, -1, 2, 1});
    const std::string b = builder.initializer<float>("b", {2}, {0.5F, -0.5F});
    builder.output(builder.node("Relu", {builder.node("Gemm", {x, w, b})}), DType::f32, {-1, 2});
    return builder;
}

TEST(Plan, ComputesALayerAsByHand) {
    const auto plan = plan_of(small_layer());
    EXPECT_EQ(values_of(run(*plan, tensor({2, 2}, {1, 1, -1, 0}))), (std::vector<float>{3.5F, 0, 0, 0.5F}));
}

TEST(Plan, ComputesConstantsAheadAndLeavesDeadNodesOut) {
    GraphBuilder builder("folding");
    const std::string x = builder.input("x", DType::f32, {-1, 2});
    const std::string two = builder.initializer<float>("two", {1}, {2});
    const std::string four = builder.node("Mul", {two, two});
    builder.node("Exp", {x});  // nobody uses it
    builder.output(builder.node("Mul", {x, four}), DType::f32, {-1, 2});
    const auto plan = plan_of(std::move(builder));
    EXPECT_EQ(plan->steps(), 1U);
    EXPECT_EQ(values_of(run(*plan, tensor({1, 2}, {1, -3}))), (std::vector<float>{4, -12}));
}

TEST(Plan, DoesNotKeepLargeConstants) {
    GraphBuilder builder("large");
    const std::string x = builder.input("x", DType::f32, {-1, 1});
    const std::string shape = builder.initializer<std::int64_t>("shape", {2}, {1 << 13, 1 << 12});
    const std::string large = builder.node("Expand", {builder.initializer<float>("one", {1}, {1}), shape});
    builder.output(builder.node("Add", {x, builder.node("ReduceSum", {large})}), DType::f32, {-1, 1});
    EXPECT_EQ(plan_of(std::move(builder))->steps(), 3U);
}

TEST(Plan, WorksInPlaceOnlyOnValuesThatNobodyElseNeeds) {
    // y = relu(a) + a, with a = x + 1 used twice: a Relu in place would make it 2 relu(a).
    GraphBuilder builder("twice");
    const std::string x = builder.input("x", DType::f32, {-1, 2});
    const std::string a = builder.node("Add", {x, builder.initializer<float>("one", {1}, {1})});
    builder.output(builder.node("Add", {builder.node("Relu", {a}), a}), DType::f32, {-1, 2});
    const auto plan = plan_of(std::move(builder));
    EXPECT_EQ(values_of(run(*plan, tensor({1, 2}, {2, -3}))), (std::vector<float>{6, -2}));
}

TEST(Plan, DoesNotWriteOverWhatAViewOrTheBackwardPassStillNeeds) {
    GraphBuilder builder("kept");
    const std::string x = builder.input("x", DType::f32, {1, 2});
    const std::string one = builder.initializer<float>("one", {2}, {1, 1});
    const std::string shape = builder.initializer<std::int64_t>("shape", {2}, {1, 2});
    const std::string sum = builder.node("Add", {x, one});
    const std::string view = builder.node("Reshape", {sum, shape});
    const std::string square = builder.node("Mul", {view, view});  // keeps what it multiplies
    const std::string positive = builder.node("Relu", {sum});      // the last use of the sum by name
    builder.output(builder.node("Mul", {builder.node("Mul", {view, positive}), square}), DType::f32, {1, 2});
    const auto plan = plan_of(std::move(builder));
    at::Tensor input = tensor({1, 2}, {-3, 1}).set_requires_grad(true);
    const at::Tensor output = run(*plan, input);
    EXPECT_EQ(values_of(output), (std::vector<float>{0, 16}));  // s^2 * s * relu(s) for s = -2, 2
    output.sum().backward();
    EXPECT_EQ(values_of(input.grad()), (std::vector<float>{0, 32}));
}

TEST(Plan, LeavesTheCallersInputAlone) {
    GraphBuilder builder("input");
    const std::string x = builder.input("x", DType::f32, {-1, 2});
    builder.output(builder.node("Relu", {x}), DType::f32, {-1, 2});
    const at::Tensor input = tensor({1, 2}, {1, -1});
    run(*plan_of(std::move(builder)), input);
    EXPECT_EQ(values_of(input), (std::vector<float>{1, -1}));
}

TEST(Plan, AddsInPlaceWithTheRightShapeWhenOneSideBroadcasts) {
    GraphBuilder builder("broadcast");
    const std::string x = builder.input("x", DType::f32, {-1, 2});
    const std::string one = builder.initializer<float>("one", {1}, {1});
    const std::string row = builder.initializer<float>("rows", {3, 1, 2}, {1, 2, 3, 4, 5, 6});
    builder.output(builder.node("Add", {builder.node("Add", {x, one}), row}), DType::f32, {3, -1, 2});
    EXPECT_EQ(values_of(run(*plan_of(std::move(builder)), tensor({1, 2}, {10, 20}))),
              (std::vector<float>{12, 23, 14, 25, 16, 27}));
}

TEST(Plan, FollowsGradientsOnlyWhenTheInputAsksForThem) {
    const auto plan = plan_of(small_layer());
    const at::Tensor x = tensor({1, 2}, {1, 1});
    EXPECT_FALSE(run(*plan, x).requires_grad());
    const at::Tensor asks = x.clone().requires_grad_();
    const at::Tensor y = run(*plan, asks);
    ASSERT_TRUE(y.requires_grad());
    y.sum().backward();
    EXPECT_EQ(values_of(asks.grad()), (std::vector<float>{1, 2}));  // the second unit is off
}

TEST(Plan, GradientsThroughInPlaceStepsAreThoseOfTheFormula) {
    // y = relu((x + 1) + relu(x + 2)); by hand: 1 + 1 where everything is on, 0 where all is off.
    GraphBuilder builder("residual");
    const std::string x = builder.input("x", DType::f32, {-1, 2});
    const std::string a = builder.node("Add", {x, builder.initializer<float>("one", {1}, {1})});
    const std::string b = builder.node("Relu", {builder.node("Add", {x, builder.initializer<float>("two", {1}, {2})})});
    builder.output(builder.node("Relu", {builder.node("Add", {b, a})}), DType::f32, {-1, 2});
    const auto plan = plan_of(std::move(builder));
    const at::Tensor input = tensor({1, 2}, {3, -5}).requires_grad_();
    const at::Tensor y = run(*plan, input);
    EXPECT_EQ(values_of(y), (std::vector<float>{9, 0}));
    y.sum().backward();
    EXPECT_EQ(values_of(input.grad()), (std::vector<float>{2, 0}));
}

TEST(Plan, RunsInDoubleWhenTheInputIsDouble) {
    const auto plan = plan_of(small_layer());
    const at::Tensor x = random_tensor({4, 2}, 1);
    const at::Tensor y = run(*plan, x.to(at::kDouble));
    EXPECT_EQ(y.scalar_type(), at::kDouble);
    expect_close(y, run(*plan, x));
}

TEST(Plan, CastsToFloatDoNotLeaveADoubleRun) {
    GraphBuilder builder("cast");
    const std::string x = builder.input("x", DType::f32, {-1, 2});
    const std::string cast = builder.node("Cast", {x}, {{"to", std::int64_t{1}}});
    builder.output(builder.node("MatMul", {cast, builder.initializer<float>("w", {2, 1}, {1, 1})}), DType::f32,
                   {-1, 1});
    const at::Tensor third = tensor({1, 2}, {1, 1}).to(at::kDouble) / 3;
    EXPECT_EQ(run(*plan_of(std::move(builder)), third).item<double>(), 2.0 / 3);
}

TEST(Plan, RunsHalfPrecisionModelsInFloatOnFloatInputs) {
    GraphBuilder builder("half");
    const std::string x = builder.input("x", DType::f16, {-1, 2});
    auto weights = to_array(tensor({2, 1}, {0.5F, 0.25F}).to(at::kHalf));
    builder.output(builder.node("MatMul", {x, builder.initializer("w", std::move(weights).value())}), DType::f16,
                   {-1, 1});
    const auto plan = plan_of(std::move(builder));
    const at::Tensor y = run(*plan, tensor({1, 2}, {1.0001F, 2}));
    EXPECT_EQ(y.scalar_type(), at::kFloat);
    EXPECT_FLOAT_EQ(y.item<float>(), 1.00005F);
    EXPECT_EQ(run(*plan, tensor({1, 2}, {1, 2}).to(at::kHalf)).scalar_type(), at::kHalf);
}

TEST(Plan, ErrorsNameTheNode) {
    GraphBuilder builder("mismatch");
    const std::string x = builder.input("x", DType::f32, {-1, -1});
    const std::string w = builder.initializer<float>("w", {2, 1}, {1, 1});
    builder.output(builder.node("MatMul", {x, w}, {}, "head"), DType::f32, {-1, 1});
    const auto plan = plan_of(std::move(builder));
    const at::Tensor x3 = tensor({1, 3}, {1, 1, 1});
    const auto outputs = plan->run({&x3, 1}, Mode::evaluation);
    ASSERT_FALSE(outputs.ok());
    EXPECT_EQ(outputs.error().code(), Errc::invalid_input);
    EXPECT_NE(outputs.error().line().find("node 'head' (MatMul)"), std::string::npos) << outputs.error().line();
}

TEST(Plan, RefusesAnOperatorThatNobodyOffersByName) {
    GraphBuilder builder("unknown");
    const std::string x = builder.input("x", DType::f32, {-1});
    builder.output(builder.node("Frobnicate", {x}, {}, "strange"), DType::f32, {-1});
    const auto graph = std::move(builder).build();
    ASSERT_TRUE(graph.ok()) << graph.error().line();
    const auto plan = Plan::make(*graph, make_weights(*graph).value());
    ASSERT_FALSE(plan.ok());
    EXPECT_EQ(plan.error().code(), Errc::unsupported);
    for (const char* part : {"strange", "Frobnicate", "17"})
        EXPECT_NE(plan.error().line().find(part), std::string::npos) << plan.error().line();
}

TEST(Plan, SaysHowFarGradientsGet) {
    GraphBuilder builder("paths");
    const std::string x = builder.input("x", DType::f32, {-1, 2});
    const std::string sign = builder.node("Sign", {x}, {}, "quantise");
    builder.output(builder.node("Exp", {x}), DType::f32, {-1, 2});
    builder.output(builder.node("Exp", {sign}), DType::f32, {-1, 2});
    builder.output(builder.node("Add", {sign, x}), DType::f32, {-1, 2});  // around the sign
    builder.output(builder.node("ArgMax", {x}, {}, "label"), DType::i64, {-1, 2});
    builder.output(builder.initializer<float>("fixed", {1}, {1}), DType::f32, {1});
    const auto plan = plan_of(std::move(builder));
    using Reach = GradientPath::Reach;
    EXPECT_EQ(plan->gradient_path(0).reach, Reach::smooth);
    EXPECT_EQ(plan->gradient_path(1).reach, Reach::zero);
    EXPECT_EQ(plan->gradient_path(1).blocker, "node 'quantise' (Sign)");
    EXPECT_EQ(plan->gradient_path(2).reach, Reach::smooth);
    EXPECT_EQ(plan->gradient_path(3).reach, Reach::none);
    EXPECT_EQ(plan->gradient_path(3).blocker, "node 'label' (ArgMax)");
    EXPECT_EQ(plan->gradient_path(4).reach, Reach::none);
}

TEST(Plan, RunsOnSeveralThreadsAtOnce) {
    const auto plan = plan_of(small_layer());
    const at::Tensor x = random_tensor({64, 2}, 3);
    const at::Tensor expected = run(*plan, x);
    std::vector<at::Tensor> results(8);
    {
        std::vector<std::jthread> threads;
        for (at::Tensor& result : results)
            threads.emplace_back([&] {
                const bool in_double = &result == &results[0];
                result = run(*plan, in_double ? x.to(at::kDouble) : x);
            });
    }
    for (const at::Tensor& result : results) expect_close(result, expected);
}

TEST(Plan, RefusesAnotherNumberOfInputs) {
    const auto outputs = plan_of(small_layer())->run({}, Mode::evaluation);
    ASSERT_FALSE(outputs.ok());
    EXPECT_EQ(outputs.error().code(), Errc::invalid_input);
}

}  // namespace
}  // namespace bartizan::model
