/// The features of a network are what goes into its last linear layer, and nothing else passes for them.
#include "model/feature_view.h"

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <gtest/gtest.h>

#include "model/model_testing.h"

namespace bartizan::model {
namespace {

using testing::random_values;

/// x [N, 6] -> r = Relu(x W1) [N, width] -> r W2 + b [N, 3] -> `tail`.
std::shared_ptr<Model> network(std::int64_t width, const std::string& tail) {
    graph::GraphBuilder builder("network");
    builder.input("x", DType::f32, {-1, 6});
    builder.initializer("w1", {6, width}, random_values(6 * width, 1));
    builder.initializer("w2", {width, 3}, random_values(width * 3, 2));
    builder.initializer("b", {3}, random_values(3, 3));
    builder.node("Relu", {builder.node("MatMul", {"x", "w1"})}, {}, "r");
    const std::string scores = builder.node("Add", {"b", builder.node("MatMul", {"r", "w2"})});
    builder.output(tail.empty() ? scores : builder.node(tail, {scores}), DType::f32, {-1, 3});
    return testing::model_of(std::move(builder));
}

TEST(FeatureView, IsWhatGoesIntoTheLastLinearLayer) {
    for (const std::string tail : {"", "Softmax", "Identity"}) {
        const FeatureView view = feature_view(network(8, tail), {6}, {}, 3).value();
        EXPECT_EQ(view.value, "r") << tail;
        EXPECT_EQ(view.features->classes(), 8);
        const at::Tensor f = view.features->logits(testing::random_tensor({5, 6}, 4)).value();
        EXPECT_EQ(f.sizes().vec(), (std::vector<std::int64_t>{5, 8}));
        EXPECT_GE(f.min().item<float>(), 0) << "they come out of a Relu";
    }
}

TEST(FeatureView, RefusesScoresThatPassForFeatures) {
    const auto few = feature_view(network(3, ""), {6}, {}, 3);
    ASSERT_FALSE(few.ok());
    EXPECT_EQ(few.error().code(), Errc::unsupported);
    EXPECT_NE(few.error().line().find("not features"), std::string::npos) << few.error().line();
}

TEST(FeatureView, SaysWhichNodeIsInTheWay) {
    const auto blocked = feature_view(network(8, "Sign"), {6}, {}, 3);
    ASSERT_FALSE(blocked.ok());
    EXPECT_NE(blocked.error().line().find("Sign"), std::string::npos) << blocked.error().line();
}

TEST(FeatureView, OneLinearLayerHasNone) {
    graph::GraphBuilder builder("linear");
    builder.input("x", DType::f32, {-1, 6});
    builder.initializer("w", {6, 3}, random_values(18, 1));
    builder.output(builder.node("MatMul", {"x", "w"}), DType::f32, {-1, 3});
    EXPECT_FALSE(feature_view(testing::model_of(std::move(builder)), {6}, {}, 3).ok());
}

}  // namespace
}  // namespace bartizan::model
