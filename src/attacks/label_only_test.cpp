/// Distances to a boundary that is known.
#include "attacks/label_only.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/random.h"
#include "graph/builder.h"
#include "model/model.h"

namespace bartizan::attacks {
namespace label_only_test {
namespace {

constexpr std::int64_t kWidth = 20;

/// Logits 0 and w . x - 0.5 with |w| = 1.
struct Plane {
    std::vector<float> weights;
    std::shared_ptr<const model::Classifier> classifier;

    Plane() {
        Random random(3, 0);
        double norm = 0;
        for (std::int64_t d = 0; d < kWidth; ++d) {
            weights.push_back(random.normal());
            norm += double{weights.back()} * weights.back();
        }
        for (float& weight : weights) weight /= static_cast<float>(std::sqrt(norm));
        std::vector<float> both(kWidth, 0);
        both.insert(both.end(), weights.begin(), weights.end());
        graph::GraphBuilder builder("plane");
        const std::string x = builder.input("x", DType::f32, {-1, kWidth});
        const std::string w = builder.initializer<float>("w", {2, kWidth}, both);
        const std::string b = builder.initializer<float>("b", {2}, {0, -0.5F});
        builder.output(builder.node("Gemm", {x, w, b}, {{"transB", std::int64_t{1}}}), DType::f32, {-1, 2});
        std::shared_ptr<const model::Model> model = model::from_graph(std::move(builder).build().value()).value();
        classifier = model::make_classifier(model, {kWidth}, {}).value();
    }
    double height(std::span<const float> x) const {
        double sum = -0.5;
        for (std::size_t d = 0; d < x.size(); ++d) sum += double{x[d]} * weights[d];
        return sum;
    }
};

NdArray items(std::int64_t count) {
    std::vector<float> values;
    Random random(8, 0);
    for (std::int64_t i = 0; i < count * kWidth; ++i) values.push_back(2 * random.normal());
    return NdArray::from<float>({count, kWidth}, values).value();
}

TEST(LabelOnly, TheDistanceToAPlaneIsFoundWithinAFewPerCent) {
    const Plane plane;
    const NdArray x = items(60);
    std::vector<std::int64_t> labels;
    for (std::size_t i = 0; i < 60; ++i) labels.push_back(plane.height(x.values<float>().subspan(i * kWidth, kWidth)) > 0);
    labels[7] = 1 - labels[7];
    RunContext ctx;
    const LabelOnlyOptions options{.queries = 1500, .scale = std::vector<float>(kWidth, 1)};
    const auto found = boundary_distances(*plane.classifier, x, labels, options, ctx);
    ASSERT_TRUE(found.ok()) << found.error().line();
    double over = 0;
    for (std::size_t i = 0; i < 60; ++i) {
        const double truth = std::abs(plane.height(x.values<float>().subspan(i * kWidth, kWidth)));
        if (i == 7) {
            EXPECT_EQ((*found)[i], 0) << "answered wrongly";
            continue;
        }
        EXPECT_GE((*found)[i], truth - 1e-4) << i;
        over += ((*found)[i] / truth - 1) / 59;
    }
    EXPECT_LT(over, 0.08);
    const auto again = boundary_distances(*plane.classifier, x, labels, options, ctx);
    EXPECT_EQ(*again, *found);
    const auto hasty = boundary_distances(*plane.classifier, x, labels, {.queries = 50, .scale = options.scale}, ctx);
    double slack = 0;
    for (std::size_t i = 0; i < 60; ++i) slack += (*hasty)[i] - (*found)[i];
    EXPECT_GT(slack, 0) << "more queries come nearer";
}

TEST(LabelOnly, NoiseIsWithstoodByWhatLiesFar) {
    const Plane plane;
    std::vector<float> values;
    for (const float away : {0.1F, 4.0F, -0.1F})
        for (std::size_t d = 0; d < kWidth; ++d) values.push_back((0.5F + away) * plane.weights[d]);
    const NdArray x = NdArray::from<float>({3, kWidth}, values).value();
    RunContext ctx;
    const std::vector<std::int64_t> labels = {1, 1, 1};
    // The range is that of the items: widen it by asking in a wider crowd.
    const auto found = noise_robustness(*plane.classifier, x, labels, {.queries = 400, .scale = std::vector<float>(kWidth, 1)}, ctx);
    ASSERT_TRUE(found.ok());
    EXPECT_GT((*found)[1], (*found)[0]);
    EXPECT_LT((*found)[2], (*found)[0]);
}

TEST(LabelOnly, WithoutAnotherAnswerThereIsNoDistance) {
    const Plane plane;
    const NdArray x = items(3);
    RunContext ctx;
    EXPECT_FALSE(boundary_distances(*plane.classifier, x, std::vector<std::int64_t>{0, 1}, {.queries = 10, .scale = {}}, ctx).ok());
    EXPECT_FALSE(boundary_distances(*plane.classifier, x, std::vector<std::int64_t>{0, 1, 0},
                                    {.queries = 10, .scale = std::vector<float>(kWidth, 0)}, ctx)
                     .ok());
}

}  // namespace
}  // namespace label_only_test
}  // namespace bartizan::attacks
