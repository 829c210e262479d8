#include <cmath>
#include <functional>
#include <memory>
#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/matmul.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "explain/fidelity.h"
#include "explain/methods.h"
#include "graph/builder.h"

namespace bartizan::explain {
namespace {

/// Two logits: a function of the input, and 0.
class Made final : public model::Classifier {
public:
    using Function = std::function<at::Tensor(const at::Tensor&)>;  // [n, width] to [n]
    Made(Shape shape, Function function) : shape_(std::move(shape)), function_(std::move(function)) {
        graph::GraphBuilder builder("made");
        const std::string x = builder.input("x", DType::f32, {-1, 1});
        builder.output(builder.node("Identity", {x}), DType::f32, {-1, 1});
        model_ = model::from_graph(std::move(builder).build().value()).value();
    }
    Result<at::Tensor> logits(const at::Tensor& x, model::Mode) const override {
        const at::Tensor one = function_(x.reshape({x.size(0), -1})).unsqueeze(1);
        return at::cat({one, one * 0}, 1);
    }
    std::int64_t classes() const override { return 2; }
    const Shape& item_shape() const override { return shape_; }
    Result<void> differentiable() const override { return {}; }
    const std::vector<model::Remark>& remarks() const override { return remarks_; }
    const model::Model& model() const override { return *model_; }

private:
    Shape shape_;
    Function function_;
    std::unique_ptr<model::Model> model_;
    std::vector<model::Remark> remarks_;
};

Score score_of(Shape shape, Made::Function function) {
    return {std::make_shared<Made>(std::move(shape), std::move(function)), 0};
}

const std::vector<float> kWeights = {1, -2, 3, 0.5F, 0, -1};
at::Tensor linear(const at::Tensor& x) {
    static std::vector<float> weights = kWeights;
    return at::matmul(x, at::from_blob(weights.data(), {6}, at::kFloat));
}

Attribution run(std::string_view name, const Score& score, std::span<const float> x, std::span<const float> baseline,
                const Layout& layout) {
    const auto method = find_method(name);
    EXPECT_TRUE(method.ok());
    auto out = (*method)->run(score, x, baseline, layout, RunContext());
    EXPECT_TRUE(out.ok()) << out.error().line();
    return *std::move(out);
}

TEST(Explain, OfALinearModelEveryMethodGivesWeightTimesDifference) {
    const std::vector<float> x = {1, 2, -1, 4, 5, 6}, baseline = {0, 1, 0, 0, 5, 2};
    const Layout layout = layout_of(Shape{6}, false);
    for (const char* name : {"integrated-gradients", "occlusion", "permutation-shapley", "smoothgrad"}) {
        const Attribution found = run(name, score_of({6}, linear), x, baseline, layout);
        for (std::size_t i = 0; i < x.size(); ++i)
            EXPECT_NEAR(found.values[i], kWeights[i] * (x[i] - baseline[i]), 1e-5) << name << i;
        if (found.completeness_error) EXPECT_LT(*found.completeness_error, 1e-6) << name;
    }
    EXPECT_NEAR(run("gradient", score_of({6}, linear), x, baseline, layout).values[2], 3, 1e-6);
}

TEST(Explain, IntegratedGradientsRefineUntilTheSumIsComplete) {
    // exp(4 x0) - 1 + x0 x1^3 by hand: over the way t (1, 1) the shares are e^4 - 1 + 1/4 and 3/4.
    const Score score = score_of({2}, [](const at::Tensor& x) {
        const at::Tensor a = x.select(1, 0), b = x.select(1, 1);
        return (a * 4).exp() + a * b * b * b;
    });
    const Attribution found = run("integrated-gradients", score, std::vector<float>{1, 1}, std::vector<float>{0, 0},
                                  layout_of(Shape{2}, false));
    EXPECT_NEAR(found.values[0], std::exp(4.0) - 1 + 0.25, 1e-3);
    EXPECT_NEAR(found.values[1], 0.75, 1e-3);
    EXPECT_LT(*found.completeness_error, 1e-3);
}

TEST(Explain, ShapleyValuesAreTheEnumeratedOnes) {
    // f = x0 x1 + x2: x0 and x1 share their product evenly.
    const Score score =
        score_of({3}, [](const at::Tensor& x) { return x.select(1, 0) * x.select(1, 1) + x.select(1, 2); });
    const Attribution found = run("permutation-shapley", score, std::vector<float>{2, 3, 5},
                                  std::vector<float>{0, 0, 0}, layout_of(Shape{3}, false));
    EXPECT_NEAR(found.values[0], 3, 1e-6) << "each order with its reverse: exact for pairs";
    EXPECT_NEAR(found.values[1], 3, 1e-6);
    EXPECT_NEAR(found.values[2], 5, 1e-6);
}

/// A picture of 12 by 12 whose class hangs on a trigger of 3 by 3 at (8, 2).
bool in_trigger(std::size_t pixel) { return pixel / 12 >= 8 && pixel / 12 < 11 && pixel % 12 >= 2 && pixel % 12 < 5; }
at::Tensor triggered(const at::Tensor& x) {
    static std::vector<float> weights = [] {
        std::vector<float> out(144);
        for (std::size_t p = 0; p < out.size(); ++p) out[p] = in_trigger(p) ? 1 : 0.02F;
        return out;
    }();
    const at::Tensor sum = at::matmul(x, at::from_blob(weights.data(), {144}, at::kFloat));
    return (sum - 4).relu() * 3 + sum * 0.1;
}

TEST(Explain, APlantedTriggerIsPointedAt) {
    const Score score = score_of({1, 12, 12}, triggered);
    const Layout layout = layout_of(Shape{1, 12, 12}, true);
    for (const char* name : {"integrated-gradients", "smoothgrad", "occlusion", "permutation-shapley"}) {
        int hits = 0;
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            Random random(seed, 0);
            std::vector<float> x(144), baseline(144, 0);
            for (std::size_t p = 0; p < x.size(); ++p) x[p] = in_trigger(p) ? 1 : random.uniform();
            const Attribution found = run(name, score, x, baseline, layout);
            const auto top = std::ranges::max_element(found.values) - found.values.begin();
            hits += in_trigger(static_cast<std::size_t>(top)) ? 1 : 0;
        }
        EXPECT_GE(hits, 19) << name;
    }
}

TEST(Explain, AGoodMapIsTrustedAndARandomOneIsNot) {
    const Score score = score_of({1, 12, 12}, triggered);
    const Layout layout = layout_of(Shape{1, 12, 12}, true);
    const Method& method = **find_method("integrated-gradients");
    std::vector<Attribution> good, random_maps;
    std::vector<Fidelity> good_figures, random_figures;
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
        Random random(seed, 1);
        std::vector<float> x(144), baseline(144, 0);
        for (std::size_t p = 0; p < x.size(); ++p) x[p] = in_trigger(p) ? 1 : random.uniform();
        good.push_back(*method.run(score, x, baseline, layout, RunContext()));
        random_maps.push_back({.values = std::vector<float>(144)});
        for (float& value : random_maps.back().values) value = random.normal();
        good_figures.push_back(*fidelity_of(score, method, x, baseline, layout, good.back(), RunContext()));
        random_figures.push_back(*fidelity_of(score, method, x, baseline, layout, random_maps.back(), RunContext()));
    }
    EXPECT_EQ(summarise(good, good_figures, 0.1).verdict, Verdict::trusted);
    EXPECT_EQ(summarise(good, good_figures, 0.9).verdict, Verdict::rejected) << "it does not follow the weights";
    const Summary bad = summarise(random_maps, random_figures, std::nullopt);
    EXPECT_EQ(bad.verdict, Verdict::rejected);
    EXPECT_GT(bad.infidelity, 0.5);
    EXPECT_LT(summarise(good, good_figures, {}).infidelity, bad.infidelity);
}

TEST(Explain, LikenessIsSpearmans) {
    EXPECT_NEAR(likeness(std::vector<float>{1, 2, 3, 4}, std::vector<float>{10, 20, 30, 40}), 1, 1e-12);
    EXPECT_NEAR(likeness(std::vector<float>{1, 2, 3, 4}, std::vector<float>{4, 3, 2, 1}), -1, 1e-12);
    // Ranks 0 1 2 3 and 1 0 3 2: 1 - 6 * 4 / (4 * 15).
    EXPECT_NEAR(likeness(std::vector<float>{1, 2, 3, 4}, std::vector<float>{2, 1, 4, 3}), 0.6, 1e-12);
    EXPECT_EQ(likeness(std::vector<float>{0, 0}, std::vector<float>{0, 0}), 0);
}

TEST(Explain, AnUnknownMethodNamesThoseThatExist) {
    const auto none = find_method("magic");
    ASSERT_FALSE(none.ok());
    EXPECT_NE(none.error().line().find("occlusion"), std::string::npos);
}

}  // namespace
}  // namespace bartizan::explain
