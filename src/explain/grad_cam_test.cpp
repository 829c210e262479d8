/// Grad-CAM of a network small enough to do by hand.
#include "explain/grad_cam.h"

#include <gtest/gtest.h>

#include "graph/builder.h"
#include "model/model.h"

namespace bartizan::explain {
namespace grad_cam_test {
namespace {

using Integers = std::vector<std::int64_t>;

struct Options {
    bool normalised = false;  ///< BatchNormalization behind the convolution: times 2, plus 1
    bool skip = false;        ///< the input's mean is added to the first logit, past the convolution
};

/// 1x8x8 to two maps by 1x1 convolutions (x and -2 x), relu, the mean of each map: logits [3 m0 - m1, m1].
std::shared_ptr<const model::Classifier> network(const Options& options = {}) {
    graph::GraphBuilder builder("cam");
    const std::string x = builder.input("x", DType::f32, {-1, 1, 8, 8});
    const std::string w = builder.initializer<float>("w", {2, 1, 1, 1}, {1, -2});
    std::string maps = builder.node("Conv", {x, w}, {}, "conv");
    if (options.normalised) {
        const std::string two = builder.initializer<float>("two", {2}, {2, 2});
        const std::string one = builder.initializer<float>("one", {2}, {1, 1});
        const std::string zero = builder.initializer<float>("zero", {2}, {0, 0});
        maps = builder.node("BatchNormalization", {maps, two, one, zero, one}, {{"epsilon", 0.0F}}, "norm");
    }
    maps = builder.node("Relu", {maps});
    const std::string means = builder.node("GlobalAveragePool", {maps});
    const std::string flat = builder.node("Flatten", {means});
    const std::string last = builder.initializer<float>("last", {2, 2}, {3, 0, -1, 1});
    std::string logits = builder.node("MatMul", {flat, last});
    if (options.skip)
        logits = builder.node("Add", {logits, builder.node("Flatten", {builder.node("GlobalAveragePool", {x})})});
    builder.output(logits, DType::f32, {-1, 2});
    std::shared_ptr<const model::Model> model = model::from_graph(std::move(builder).build().value()).value();
    return model::make_classifier(model, {1, 8, 8}, {}).value();
}

std::vector<float> map_of(const std::shared_ptr<const model::Classifier>& classifier, std::int64_t target,
                          const std::vector<float>& x) {
    const auto made = grad_cam(classifier, true);
    EXPECT_TRUE(made.ok()) << made.error().line();
    auto found = made->method.run(Score(classifier, target), x, std::vector<float>(64, 0), layout_of(Shape{1, 8, 8}, true),
                                  RunContext());
    EXPECT_TRUE(found.ok()) << found.error().line();
    return found->values;
}

std::vector<float> picture() {
    std::vector<float> x(64);
    for (std::size_t p = 0; p < x.size(); ++p) x[p] = p % 8 < 4 ? 0.5F : -0.25F;
    return x;
}

TEST(GradCam, IsEquationsOneAndTwo) {
    // Gradients by the maps before relu: 3/64 on 32 of map 0's pixels, -1/64 on 32 of map 1's; their means halve them.
    const std::vector<float> x = picture();
    for (const bool skip : {false, true}) {
        const std::vector<float> found = map_of(network({.normalised = false, .skip = skip}), 0, x);
        for (std::size_t p = 0; p < x.size(); ++p) {
            const float sum = 1.5F / 64 * x[p] - 0.5F / 64 * (-2 * x[p]);
            EXPECT_NEAR(found[p], std::max(0.0F, sum), 1e-6) << p << skip;
        }
    }
}

TEST(GradCam, LooksBehindTheNormalisationWhetherItIsFoldedOrNot) {
    const std::vector<float> x = picture();
    const std::vector<float> found = map_of(network({.normalised = true, .skip = false}), 0, x);
    const auto made = grad_cam(network({.normalised = true, .skip = false}), true);
    EXPECT_EQ(made->layer, "norm");
    EXPECT_EQ(made->height, 8);
    EXPECT_EQ(made->maps, 2);
    // Maps 2 x + 1 and -4 x + 1: both above 0 on the left or right halves; at the left -4 * 0.5 + 1 < 0.
    for (std::size_t p = 0; p < x.size(); ++p) {
        const float sum = 3.0F / 64 * (2 * x[p] + 1) - 0.5F / 64 * (-4 * x[p] + 1);
        EXPECT_NEAR(found[p], std::max(0.0F, sum), 1e-6) << p;
    }
}

TEST(GradCam, RefusesWhatHasNoMaps) {
    const auto refused = [](const auto& classifier, bool picture) { return grad_cam(classifier, picture).error().line(); };
    EXPECT_NE(refused(network(), false).find("pictures"), std::string::npos);
    graph::GraphBuilder builder("dense");
    const std::string x = builder.input("x", DType::f32, {-1, 1, 2, 2});
    const std::string w = builder.initializer<float>("w", {4, 2}, {1, 0, 0, 1, 1, 0, 0, 1});
    builder.output(builder.node("MatMul", {builder.node("Flatten", {x}), w}), DType::f32, {-1, 2});
    std::shared_ptr<const model::Model> dense = model::from_graph(std::move(builder).build().value()).value();
    std::shared_ptr<const model::Classifier> classifier = model::make_classifier(dense, {1, 2, 2}, {}).value();
    EXPECT_NE(refused(classifier, true).find("none"), std::string::npos);
    // A method made for one network does not run on another.
    const auto made = grad_cam(network(), true);
    const auto other = made->method.run(Score(classifier, 0), std::vector<float>(4, 1), std::vector<float>(4, 0),
                                        layout_of(Shape{1, 2, 2}, true), RunContext());
    EXPECT_FALSE(other.ok());
}

}  // namespace
}  // namespace grad_cam_test
}  // namespace bartizan::explain
