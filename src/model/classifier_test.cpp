#include "model/classifier.h"

#include <algorithm>
#include <cmath>
#include <thread>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include "model/model_testing.h"
#include "model/tensors.h"

namespace bartizan::model {
namespace {

using graph::GraphBuilder;
using testing::expect_close;
using testing::model_of;
using testing::random_tensor;
using testing::random_values;
using testing::tensor;
using testing::values_of;

Result<std::unique_ptr<Classifier>> wrap(GraphBuilder builder, const Shape& item,
                                         const data::InputContract& contract = {}) {
    return make_classifier(model_of(std::move(builder)), item, contract);
}

std::unique_ptr<Classifier> classifier_of(GraphBuilder builder, const Shape& item,
                                          const data::InputContract& contract = {}) {
    auto made = wrap(std::move(builder), item, contract);
    EXPECT_TRUE(made.ok()) << made.error().line();
    return std::move(*made);
}

bool has_remark(const Classifier& classifier, Remark::Kind kind) {
    return std::ranges::find(classifier.remarks(), kind, &Remark::kind) != classifier.remarks().end();
}

/// [n, 2] -> x W, W = [[1, 2, 3], [4, 5, 6]], then `last` with its attributes if it is not empty.
GraphBuilder linear(const std::string& last = "", GraphBuilder::Attributes attributes = {}, std::int64_t batch = -1) {
    GraphBuilder builder("linear");
    const std::string x = builder.input("x", DType::f32, {batch, 2});
    std::string y = builder.node("MatMul", {x, builder.initializer<float>("w", {2, 3}, {1, 2, 3, 4, 5, 6})});
    if (!last.empty()) y = builder.node(last, {y}, std::move(attributes));
    builder.output(y, DType::f32, {batch, 3});
    return builder;
}

TEST(Classifier, GivesLogitsAsTheyAre) {
    const auto classifier = classifier_of(linear(), {2});
    EXPECT_EQ(classifier->classes(), 3);
    EXPECT_TRUE(classifier->remarks().empty());
    EXPECT_TRUE(classifier->differentiable().ok());
    EXPECT_EQ(values_of(classifier->logits(tensor({1, 2}, {1, 1})).value()), (std::vector<float>{5, 7, 9}));
}

TEST(Classifier, CutsAFinalSoftmaxAndSaysSo) {
    const auto classifier = classifier_of(linear("Softmax", {{"axis", std::int64_t{-1}}}), {2});
    EXPECT_EQ(values_of(classifier->logits(tensor({1, 2}, {1, 1})).value()), (std::vector<float>{5, 7, 9}));
    EXPECT_TRUE(has_remark(*classifier, Remark::Kind::softmax_cut));
}

TEST(Classifier, CutsASoftmaxThatIsFollowedByAReshape) {
    GraphBuilder builder("reshaped");
    const std::string x = builder.input("x", DType::f32, {-1, 2});
    const std::string y = builder.node("MatMul", {x, builder.initializer<float>("w", {2, 3}, {1, 2, 3, 4, 5, 6})});
    const std::string shape = builder.initializer<std::int64_t>("shape", {4}, {-1, 3, 1, 1});
    builder.output(builder.node("Reshape", {builder.node("Softmax", {y}), shape}), DType::f32, {-1, 3, 1, 1});
    const auto classifier = classifier_of(std::move(builder), {2});
    EXPECT_EQ(values_of(classifier->logits(tensor({1, 2}, {1, 1})).value()), (std::vector<float>{5, 7, 9}));
}

TEST(Classifier, TakesLogarithmsOfProbabilitiesThatCannotBeCut) {
    // Probabilities by division: nothing to cut.
    GraphBuilder builder("odds");
    const std::string x = builder.input("x", DType::f32, {-1, 2});
    const std::string e = builder.node("Exp", {x});
    const std::string sum = builder.node("ReduceSum", {e, builder.initializer<std::int64_t>("axes", {1}, {1})});
    builder.output(builder.node("Div", {e, sum}), DType::f32, {-1, 2});
    const auto classifier = classifier_of(std::move(builder), {2});
    EXPECT_TRUE(has_remark(*classifier, Remark::Kind::probabilities));
    const std::vector<float> logits = values_of(classifier->logits(tensor({1, 2}, {0, 1})).value());
    EXPECT_NEAR(logits[1] - logits[0], 1, 1e-5);
    EXPECT_NEAR(std::exp(logits[0]) + std::exp(logits[1]), 1, 1e-5);
    // Probabilities that are 0 in float32 stay finite.
    EXPECT_TRUE(std::isfinite(values_of(classifier->logits(tensor({1, 2}, {-90, 90})).value())[0]));
}

/// [n, 2] -> x1 + x2 in [n, 1].
GraphBuilder score(const std::string& last) {
    GraphBuilder builder("score");
    const std::string x = builder.input("x", DType::f32, {-1, 2});
    std::string y = builder.node("MatMul", {x, builder.initializer<float>("w", {2, 1}, {0.25F, 0.25F})});
    if (!last.empty()) y = builder.node(last, {y});
    builder.output(y, DType::f32, {-1, 1});
    return builder;
}

TEST(Classifier, OneScoreIsTwoClasses) {
    // With and without a sigmoid; without one the trial's scores lie in [0, 1] by chance.
    for (const char* last : {"", "Sigmoid"}) {
        const auto classifier = classifier_of(score(last), {2});
        EXPECT_EQ(classifier->classes(), 2) << last;
        EXPECT_EQ(values_of(classifier->logits(tensor({2, 2}, {1, 3, -4, 0})).value()),
                  (std::vector<float>{0, 1, 0, -1}))
            << last;
    }
}

TEST(Classifier, NormalisesByTheContract) {
    data::InputContract contract;
    contract.mean = {1};
    contract.std = {2};
    contract.high = 255;
    const auto classifier = classifier_of(linear(), {2}, contract);
    const double a = (255 * 0.5 - 1) / 2, b = (0 - 1) / 2.0;
    expect_close(classifier->logits(tensor({1, 2}, {0.5F, 0})).value(),
                 tensor({1, 3}, {static_cast<float>(a + 4 * b), static_cast<float>(2 * a + 5 * b),
                                 static_cast<float>(3 * a + 6 * b)}));
}

/// Mean over space of each channel; the layout decides which axis that is.
GraphBuilder channel_means(bool channels_last) {
    GraphBuilder builder("means");
    const std::string x = builder.input("x", DType::f32, channels_last ? Shape{-1, 4, 5, 3} : Shape{-1, 3, 4, 5});
    const std::vector<std::int64_t> axes =
        channels_last ? std::vector<std::int64_t>{1, 2} : std::vector<std::int64_t>{2, 3};
    builder.output(builder.node("ReduceMean", {x}, {{"axes", axes}, {"keepdims", std::int64_t{0}}}), DType::f32,
                   {-1, 3});
    return builder;
}

TEST(Classifier, TurnsChannelsToWhereTheModelWantsThem) {
    const at::Tensor first = random_tensor({2, 3, 4, 5}, 1, 0, 1);
    const at::Tensor last = first.permute({0, 2, 3, 1}).contiguous();
    const at::Tensor expected = first.mean(std::vector<std::int64_t>{2, 3});
    for (const bool model_last : {false, true}) {
        expect_close(classifier_of(channel_means(model_last), {3, 4, 5})->logits(first).value(), expected);
        expect_close(classifier_of(channel_means(model_last), {4, 5, 3})->logits(last).value(), expected);
    }
}

TEST(Classifier, NormalisesPerChannelInEitherLayout) {
    data::InputContract contract;
    contract.mean = {0.1, 0.2, 0.3};
    contract.std = {1, 2, 4};
    const at::Tensor x = random_tensor({2, 3, 4, 5}, 1, 0, 1);
    const at::Tensor means = x.mean(std::vector<std::int64_t>{2, 3});
    const at::Tensor expected = (means - tensor({3}, {0.1F, 0.2F, 0.3F})) / tensor({3}, {1, 2, 4});
    for (const bool channels_last : {false, true})
        expect_close(classifier_of(channel_means(channels_last), {3, 4, 5}, contract)->logits(x).value(), expected,
                     1e-5);
}

TEST(Classifier, ReshapesItemsWithAsManyNumbers) {
    for (const Shape& wanted : {Shape{-1, 784}, Shape{-1, 784, 1}, Shape{-1, 1, 28, 28}, Shape{-1, 28, 28, 1}}) {
        GraphBuilder builder("flat");
        const std::string x = builder.input("x", DType::f32, wanted);
        const std::string flat = builder.node("Flatten", {x});
        builder.output(builder.node("MatMul", {flat, builder.initializer("w", {784, 2}, random_values(1568, 2))}),
                       DType::f32, {-1, 2});
        const at::Tensor x28 = random_tensor({3, 28, 28}, 3, 0, 1);
        const at::Tensor w = tensor({784, 2}, random_values(1568, 2));
        expect_close(classifier_of(std::move(builder), {28, 28})->logits(x28).value(), x28.reshape({3, 784}).matmul(w),
                     1e-4);
    }
}

TEST(Classifier, RefusesItemsThatDoNotFitNamingBothShapes) {
    const auto refused = wrap(channel_means(false), {3, 4, 6});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), Errc::invalid_input);
    EXPECT_NE(refused.error().line().find("[3, 4, 6]"), std::string::npos) << refused.error().line();
    EXPECT_NE(refused.error().line().find("3, 4, 5]"), std::string::npos) << refused.error().line();
    const auto classifier = classifier_of(linear(), {2});
    EXPECT_EQ(classifier->logits(tensor({1, 3}, {1, 2, 3})).error().code(), Errc::invalid_input);
}

TEST(Classifier, RunsAFixedBatchOfOneOnAnyBatch) {
    const auto classifier = classifier_of(linear("", {}, 1), {2});
    EXPECT_FALSE(has_remark(*classifier, Remark::Kind::one_by_one));
    EXPECT_EQ(classifier->logits(random_tensor({5, 2}, 1)).value().sizes().vec(), (Shape{5, 3}));
}

/// [batch, 4] -> reshape to [batch, 2, 2] by a constant -> sum over the last axis.
GraphBuilder fixed_reshape(std::int64_t batch) {
    GraphBuilder builder("fixed");
    const std::string x = builder.input("x", DType::f32, {batch, 4});
    const std::string shape = builder.initializer<std::int64_t>("shape", {3}, {batch, 2, 2});
    const std::string axes = builder.initializer<std::int64_t>("axes", {1}, {2});
    builder.output(
        builder.node("ReduceSum", {builder.node("Reshape", {x, shape}), axes}, {{"keepdims", std::int64_t{0}}}),
        DType::f32, {batch, 2});
    return builder;
}

TEST(Classifier, WidensReshapesThatNameTheBatch) {
    for (const std::int64_t batch : {1, 4}) {
        const auto classifier = classifier_of(fixed_reshape(batch), {4});
        EXPECT_TRUE(classifier->remarks().empty());
        EXPECT_EQ(values_of(classifier->logits(tensor({3, 4}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})).value()),
                  (std::vector<float>{3, 7, 11, 15, 19, 23}));
    }
}

/// Subtracts the mean over the whole batch: rows get other answers together than apart.
GraphBuilder batch_dependent(std::int64_t batch) {
    GraphBuilder builder("together");
    const std::string x = builder.input("x", DType::f32, {batch, 2});
    const std::string w = builder.initializer<float>("w", {2, 2}, {1, 2, 3, 4});
    const std::string mean = builder.node("ReduceMean", {x}, {{"axes", std::vector<std::int64_t>{0}}});
    builder.output(builder.node("MatMul", {builder.node("Sub", {x, mean}), w}), DType::f32, {batch, 2});
    return builder;
}

TEST(Classifier, RunsRowsApartWhereABatchWouldMixThem) {
    const auto classifier = classifier_of(batch_dependent(1), {2});
    EXPECT_TRUE(has_remark(*classifier, Remark::Kind::one_by_one));
    const at::Tensor logits = classifier->logits(random_tensor({3, 2}, 1)).value();
    EXPECT_EQ(values_of(logits), std::vector<float>(6, 0));  // each row is its own mean
}

TEST(Classifier, RunsInPiecesOfTheBatchThatTheFileInsistsOn) {
    const auto classifier = classifier_of(batch_dependent(2), {2});
    ASSERT_TRUE(has_remark(*classifier, Remark::Kind::other));
    const at::Tensor x = tensor({3, 2}, {1, 0, 3, 0, 5, 0});
    // Pieces [1, 3] and [5, 5]; the padding of the last one is not seen.
    EXPECT_EQ(values_of(classifier->logits(x).value()), (std::vector<float>{-1, -2, 1, 2, 0, 0}));
}

TEST(Classifier, RowsRunApartStillHaveGradients) {
    const auto classifier = classifier_of(batch_dependent(2), {2});
    const at::Tensor x = random_tensor({3, 2}, 1).requires_grad_();
    classifier->logits(x).value().square().sum().backward();
    EXPECT_EQ(x.grad().sizes().vec(), (Shape{3, 2}));
    EXPECT_GT(x.grad()[0].abs().sum().item<double>(), 0);
}

TEST(Classifier, RoundsForModelsOfWholeNumbersAndSaysThatThereIsNoGradient) {
    GraphBuilder builder("bytes");
    const std::string x = builder.input("x", DType::i32, {-1, 2});
    const std::string wide = builder.node("Cast", {x}, {{"to", std::int64_t{1}}});
    builder.output(builder.node("MatMul", {wide, builder.initializer<float>("w", {2, 2}, {1, 0, 0, 1})}), DType::f32,
                   {-1, 2});
    data::InputContract contract;
    contract.high = 255;
    const auto classifier = classifier_of(std::move(builder), {2}, contract);
    for (int value = 0; value < 256; ++value) {
        const float unit = static_cast<float>(value) / 255;
        EXPECT_EQ(values_of(classifier->logits(tensor({1, 2}, {unit, unit})).value())[0], static_cast<float>(value));
    }
    EXPECT_EQ(classifier->differentiable().error().code(), Errc::unsupported);
}

TEST(Classifier, RemarksOnZeroGradientsAndRefusesNone) {
    const auto zero = classifier_of(linear("Round"), {2});
    EXPECT_TRUE(has_remark(*zero, Remark::Kind::zero_gradient));
    EXPECT_TRUE(zero->differentiable().ok());
    GraphBuilder builder("labels");
    const std::string x = builder.input("x", DType::f32, {-1, 2});
    const std::string hot =
        builder.node("Cast", {builder.node("Greater", {x, builder.node("Neg", {x})})}, {{"to", std::int64_t{1}}});
    builder.output(builder.node("MatMul", {hot, builder.initializer<float>("w", {2, 2}, {1, 0, 0, 1})}), DType::f32,
                   {-1, 2});
    const auto none = classifier_of(std::move(builder), {2});
    EXPECT_EQ(none->differentiable().error().code(), Errc::unsupported);
}

TEST(Classifier, Float64InputsGiveFloat64LogitsWithExactGradients) {
    const auto classifier = classifier_of(linear("Tanh"), {2});
    const at::Tensor x = random_tensor({2, 2}, 5, -0.2F, 0.2F).to(at::kDouble).requires_grad_();
    const at::Tensor y = classifier->logits(x).value();
    EXPECT_EQ(y.scalar_type(), at::kDouble);
    y.sum().backward();
    // Central differences in float64.
    for (std::int64_t i = 0; i < 2; ++i)
        for (std::int64_t j = 0; j < 2; ++j) {
            constexpr double kStep = 1e-6;
            at::Tensor up = x.detach().clone(), down = x.detach().clone();
            up[i][j] += kStep;
            down[i][j] -= kStep;
            const double slope =
                (classifier->logits(up).value() - classifier->logits(down).value()).sum().item<double>();
            EXPECT_NEAR(x.grad()[i][j].item<double>(), slope / (2 * kStep), 1e-7);
        }
}

TEST(Classifier, DoublePrecisionModelsAreGivenTheirOwnType) {
    GraphBuilder builder("double");
    const std::string x = builder.input("x", DType::f64, {-1, 2});
    builder.output(builder.node("MatMul", {x, builder.initializer<double>("w", {2, 2}, {1, 2, 3, 4})}), DType::f64,
                   {-1, 2});
    const auto classifier = classifier_of(std::move(builder), {2});
    const at::Tensor logits = classifier->logits(tensor({1, 2}, {1, 1})).value();
    EXPECT_EQ(logits.scalar_type(), at::kFloat);
    EXPECT_EQ(values_of(logits), (std::vector<float>{4, 6}));
}

TEST(Classifier, AnswersSeveralThreadsAtOnce) {
    const auto classifier = classifier_of(linear("Softmax"), {2});
    const at::Tensor x = random_tensor({32, 2}, 1);
    const at::Tensor expected = classifier->logits(x).value();
    std::vector<at::Tensor> answers(6);
    {
        std::vector<std::jthread> threads;
        for (at::Tensor& answer : answers)
            threads.emplace_back([&] {
                const at::Tensor own = x.clone().requires_grad_();
                answer = classifier->logits(own).value();
                answer.sum().backward();
            });
    }
    for (const at::Tensor& answer : answers) expect_close(answer, expected);
}

TEST(Classifier, RefusesModelsWithoutScores) {
    GraphBuilder builder("labels");
    const std::string x = builder.input("x", DType::f32, {-1, 2});
    builder.output(builder.node("ArgMax", {x}, {{"axis", std::int64_t{1}}}), DType::i64, {-1, 1});
    EXPECT_EQ(wrap(std::move(builder), {2}).error().code(), Errc::invalid_input);
}

}  // namespace
}  // namespace bartizan::model
