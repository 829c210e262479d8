/// Bounds and radii against scipy; certificates of a linear model, whose distance to its boundary is known.
#include "defences/smoothing.h"

#include <cmath>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include "graph/builder.h"
#include "model/model.h"
#include "model/tensors.h"

namespace bartizan::defences {
namespace {

TEST(Smoothing, BoundsAndRadiiAreScipys) {
    struct Golden {
        std::int64_t k, n;
        double alpha, share, radius;
    };
    for (const Golden& golden : {Golden{990, 1000, 0.001, 0.97603618716, 0.494502395540},
                                 Golden{99900, 100000, 0.001, 0.99865099245, 0.750050246917},
                                 Golden{100000, 100000, 0.001, 0.99993092483, 0.952864140848},
                                 Golden{51000, 100000, 0.001, 0.50510934924, 0.003201897355},
                                 Golden{100, 100, 0.001, 0.93325430080, 0.375118756030},
                                 Golden{1, 10, 0.05, 0.00511619689, 0}, Golden{10, 10, 0.05, 0.74113444911, -1}}) {
        const double share = lower_bound_of_share(golden.k, golden.n, golden.alpha);
        EXPECT_NEAR(share, golden.share, 1e-11);
        // Rounded down: far out in the tail the last digits of the share are worth more.
        if (golden.radius < 0) continue;
        EXPECT_LE(smoothed_radius(share, 0.25), golden.radius + 1e-12);
        EXPECT_GT(smoothed_radius(share, 0.25), golden.radius - 2e-9);
    }
    EXPECT_EQ(lower_bound_of_share(0, 10, 0.01), 0);
    EXPECT_EQ(smoothed_radius(0.5, 1), 0);
}

/// Class 1 where the mean of four numbers is above 1/2: an input of equal numbers v lies 2 |v - 1/2| from the boundary.
graph::Graph halves() {
    graph::GraphBuilder builder("halves", 13);
    const std::string x = builder.input("x", DType::f32, {-1, 4});
    const std::string w = builder.initializer("w", {4, 2}, std::vector<float>{0, 1, 0, 1, 0, 1, 0, 1});
    const std::string b = builder.initializer("b", {2}, std::vector<float>{2, 0});
    builder.output(builder.node("Add", {builder.node("MatMul", {x, w}), b}, {}, "y"), DType::f32, {-1, 2});
    return std::move(builder).build().value();
}

TEST(Smoothing, CertifiesUpToTheBoundaryOfALinearModelAndNoFurther) {
    std::shared_ptr<const model::Model> model = model::from_graph(halves()).value();
    const auto classifier = model::make_classifier(model, {4}, {}).value();
    const std::vector<float> values = {0.45F, 0.5F, 0.55F, 0.6F, 0.7F};
    std::vector<float> rows;
    std::vector<std::int64_t> ids;
    for (const float value : values) {
        rows.insert(rows.end(), 4, value);
        ids.push_back(std::ssize(ids));
    }
    const NdArray x = NdArray::from<float>({5, 4}, std::span<const float>(rows)).value();
    RunContext ctx(RunContext::Options{.seed = 1, .threads = 2});
    const Smoothing options{.sigma = 0.2, .samples = 20'000};
    const auto answers = certify_smoothed(*classifier, x, ids, options, ctx).value();
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double distance = 2 * std::abs(static_cast<double>(values[i]) - 0.5);
        EXPECT_LE(answers[i].radius, distance + 1e-6) << values[i];
        EXPECT_GT(answers[i].radius, distance == 0 ? -1 : 0.9 * distance - 0.01) << values[i];
    }
    EXPECT_EQ(answers[0].label, 0);
    EXPECT_EQ(answers[1].label, -1);
    EXPECT_EQ(answers[4].label, 1);
    RunContext alone(RunContext::Options{.seed = 1, .threads = 1});
    const auto again = certify_smoothed(*classifier, x, ids, options, alone).value();
    for (std::size_t i = 0; i < values.size(); ++i) EXPECT_EQ(again[i].votes, answers[i].votes);
}

TEST(Smoothing, TheFileTakesTheVote) {
    data::InputContract contract;
    contract.std = {0.5};  // the noise of the data's units is twice as large in the model's
    const auto file = smoothed_graph(halves(), contract, 0.1, 5000, 2);
    ASSERT_TRUE(file.ok()) << file.error().line();
    const auto model = model::from_graph(*file).value();
    const std::vector<at::Tensor> inputs = {at::full({2, 4}, 0.55F)};
    const at::Tensor shares = model->run(inputs).value()[0];
    ASSERT_EQ(shares.sizes(), at::IntArrayRef({2, 2}));
    // The sum of four values is 2.2 with deviation 0.4, so above 2 with the chance Phi(1/2).
    EXPECT_NEAR(shares[0][1].item<double>(), 0.6915, 0.03);
    EXPECT_NEAR(shares[1].sum().item<double>(), 1, 1e-5);
    graph::Graph old = halves();
    old.opsets[""] = 11;
    EXPECT_FALSE(smoothed_graph(old, contract, 0.1, 10, 2).ok());
}

}  // namespace
}  // namespace bartizan::defences
