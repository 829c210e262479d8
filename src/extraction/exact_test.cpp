/// Attacks that find the function itself, against models whose weights are known.
#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "extraction/extraction_testing.h"
#include "graph/builder.h"

namespace bartizan::extraction {
namespace {

std::vector<float> weights_of(const Copy& copy, const std::string& name) {
    const auto values = copy.model->graph()->initializers.at(name).values<float>();
    return {values.begin(), values.end()};
}

TEST(EquationSolving, FindsTheWeightsOfALogisticModelToFloatPrecision) {
    constexpr std::int64_t kClasses = 5, kFeatures = 12;
    const Dense truth = random_layer(kClasses, kFeatures, 10, 2);
    const auto victim_model = classifier_over(dense_graph({kFeatures}, truth, nullptr, nullptr).value(), {kFeatures});
    const Items items(50, kFeatures, 1);
    Victim victim(victim_model, {}, 100);
    RunContext ctx;
    const auto attack = attack_called("equation", items.start()).value();
    const auto asked = attack->ask(victim, 100, ctx);
    ASSERT_TRUE(asked.ok()) << asked.error().line();
    EXPECT_EQ(victim.asked(), kFeatures + 1 + 24);  // Tramer et al. 2016: features + 1; the rest is the test for a line
    const Copy copy = attack->copy(ctx).value();
    EXPECT_EQ(agreement(*victim_model, *copy.classifier), 1.0);
    // Softmax hides what all classes have in common: weights are told up to that of the last class.
    const std::vector<float> weight = weights_of(copy, "layer1.weight"), bias = weights_of(copy, "layer1.bias");
    for (std::int64_t c = 0; c < kClasses; ++c) {
        for (std::int64_t f = 0; f < kFeatures; ++f) {
            const auto at = static_cast<std::size_t>(c * kFeatures + f);
            const auto last = static_cast<std::size_t>((kClasses - 1) * kFeatures + f);
            EXPECT_NEAR(weight[at], truth.weight[at] - truth.weight[last], 2e-6);
        }
        EXPECT_NEAR(bias[static_cast<std::size_t>(c)], truth.bias[static_cast<std::size_t>(c)] - truth.bias.back(), 1e-5);
    }
}

TEST(EquationSolving, RefusesWhatIsNotLinearWithTheReason) {
    const Dense first = random_layer(16, 6, 20), second = random_layer(3, 16, 22);
    const auto bent = classifier_over(dense_graph({6}, first, &second, nullptr).value(), {6});
    const auto straight = classifier_over(dense_graph({6}, random_layer(3, 6, 24), nullptr, nullptr).value(), {6});
    const Items items(50, 6, 1);
    RunContext ctx;
    const auto refused = [&](const auto& model, const char* policy, std::int64_t queries) {
        Victim victim(model, policy::OutputPolicy::parse(policy).value(), queries);
        const auto asked = attack_called("equation", items.start()).value()->ask(victim, queries, ctx);
        return asked.ok() ? std::string() : asked.error().line();
    };
    EXPECT_NE(refused(bent, "none", 200).find("not linear"), std::string::npos);
    EXPECT_NE(refused(straight, "round:1", 200).find("not linear"), std::string::npos);
    EXPECT_NE(refused(straight, "noise:0.05", 200).find("not linear"), std::string::npos);
    EXPECT_NE(refused(straight, "none", 10).find("31 queries, 10 are allowed"), std::string::npos)
        << refused(straight, "none", 10);
    EXPECT_EQ(refused(straight, "none", 200), "");
}

TEST(ReluExact, FindsEveryNeuronOfAOneHiddenLayerNetwork) {
    constexpr std::int64_t kFeatures = 10, kHidden = 12, kClasses = 4;
    const Dense first = random_layer(kHidden, kFeatures, 30), second = random_layer(kClasses, kHidden, 32);
    const auto victim_model =
        classifier_over(dense_graph({kFeatures}, first, &second, nullptr).value(), {kFeatures});
    const Items items(100, kFeatures, 2);
    Victim victim(victim_model, {}, 200'000);
    RunContext ctx;
    const auto attack = attack_called("relu-exact", items.start()).value();
    const auto asked = attack->ask(victim, 200'000, ctx);
    ASSERT_TRUE(asked.ok()) << asked.error().line();
    const Copy copy = attack->copy(ctx).value();
    EXPECT_EQ(agreement(*victim_model, *copy.classifier), 1.0);
    const std::vector<float> weight = weights_of(copy, "layer1.weight"), bias = weights_of(copy, "layer1.bias");
    ASSERT_EQ(weight.size(), first.weight.size()) << attack->note();
    // Each true neuron, brought to unit length, is a row of the copy: sign and all.
    for (std::size_t n = 0; n < static_cast<std::size_t>(kHidden); ++n) {
        double size = 0, best = 1e9;
        for (std::size_t f = 0; f < static_cast<std::size_t>(kFeatures); ++f) size += std::pow(first.weight[n * 10 + f], 2);
        size = std::sqrt(size);
        for (std::size_t m = 0; m < bias.size(); ++m) {
            double worst = std::abs(bias[m] - first.bias[n] / size);
            for (std::size_t f = 0; f < static_cast<std::size_t>(kFeatures); ++f)
                worst = std::max(worst, std::abs(weight[m * 10 + f] - first.weight[n * 10 + f] / size));
            best = std::min(best, worst);
        }
        EXPECT_LT(best, 1e-5) << "neuron " << n;
    }
}

TEST(ReluExact, RefusesLinearAndDeepNetworksWithTheReason) {
    const Items items(60, 6, 3);
    RunContext ctx;
    const auto refused = [&](graph::Graph graph) {
        Victim victim(classifier_over(std::move(graph), {6}), {}, 400'000);
        const auto asked =
            attack_called("relu-exact", items.start(), {{"neurons", "40"}}).value()->ask(victim, 400'000, ctx);
        return asked.ok() ? std::string() : asked.error().line();
    };
    EXPECT_NE(refused(dense_graph({6}, random_layer(3, 6, 40), nullptr, nullptr).value()).find("does not bend"),
              std::string::npos);
    // Two hidden layers: the second layer's neurons bend along broken planes.
    graph::GraphBuilder builder("deep", 13);
    std::string last = builder.input("x", DType::f32, {-1, 6});
    const std::int64_t widths[] = {6, 8, 8, 3};
    for (std::uint64_t i = 0; i < 3; ++i) {
        const std::int64_t inputs = widths[i], outputs = widths[i + 1];
        const Dense layer = random_layer(outputs, inputs, 50 + 2 * i);
        const std::string name = "w" + std::to_string(i);
        builder.initializer<float>(name, {outputs, inputs}, {layer.weight.begin(), layer.weight.end()});
        builder.initializer<float>(name + "b", {outputs}, {layer.bias.begin(), layer.bias.end()});
        last = builder.node("Gemm", {last, name, name + "b"}, {{"transB", std::int64_t{1}}});
        if (i < 2) last = builder.node("Relu", {last});
    }
    builder.output(last, DType::f32, {-1, 3});
    const std::string reason = refused(std::move(builder).build().value());
    EXPECT_TRUE(reason.find("one hidden ReLU layer does not explain") != std::string::npos ||
                reason.find("more than 40 neurons") != std::string::npos ||
                reason.find("more than one hidden layer") != std::string::npos)
        << reason;
}

/// A tree over `features` features in [0, 1]: boxes split at random until `depth`.
void grow(std::vector<LeafBox>& leaves, LeafBox box, int depth, Random& random, std::int64_t classes) {
    if (depth == 0 || random.uniform() < 0.15F) {
        double sum = 0;
        box.answer.resize(static_cast<std::size_t>(classes));
        for (double& value : box.answer) sum += value = 0.05 + random.uniform53();
        for (double& value : box.answer) value /= sum;
        leaves.push_back(std::move(box));
        return;
    }
    const std::size_t feature = random.below(box.low.size());
    const float low = std::max(box.low[feature], 0.0F), high = std::min(box.high[feature], 1.0F);
    const float cut = low + (0.2F + 0.6F * random.uniform()) * (high - low);
    LeafBox below = box, above = box;
    below.high[feature] = cut;
    above.low[feature] = cut;
    grow(leaves, std::move(below), depth - 1, random, classes);
    grow(leaves, std::move(above), depth - 1, random, classes);
}

std::vector<LeafBox> random_tree(std::size_t features, int depth) {
    std::vector<LeafBox> leaves;
    Random random(5, 5);
    const LeafBox all{std::vector<float>(features, -INFINITY), std::vector<float>(features, INFINITY), {}};
    grow(leaves, all, depth, random, 3);
    return leaves;
}

TEST(TreePaths, FindsEveryLeafAndEveryThresholdToTheLastBit) {
    const std::vector<LeafBox> truth = random_tree(4, 5);
    ASSERT_GT(truth.size(), 10U);
    const auto victim_model = classifier_over(tree_graph(truth, {4}, 3).value(), {4});
    const Items items(300, 4, 6);
    Victim victim(victim_model, {}, 200'000);
    RunContext ctx;
    const auto attack = attack_called("tree-paths", items.start()).value();
    const auto asked = attack->ask(victim, 200'000, ctx);
    ASSERT_TRUE(asked.ok()) << asked.error().line();
    const Copy copy = attack->copy(ctx).value();
    EXPECT_EQ(copy.kind, "tree of " + std::to_string(truth.size()) + " leaves") << attack->note();
    EXPECT_EQ(agreement(*victim_model, *copy.classifier), 1.0);
    // Just on and just above each wall: the answers of both are the same.
    std::vector<float> rows;
    for (const LeafBox& leaf : truth)
        for (std::size_t f = 0; f < 4; ++f)
            for (const float wall : {leaf.low[f], leaf.high[f]})
                for (const float at : {wall, std::nextafter(wall, 2.0F)}) {
                    if (!std::isfinite(wall)) continue;
                    for (std::size_t g = 0; g < 4; ++g) {
                        const float low = std::max(leaf.low[g], 0.0F), high = std::min(leaf.high[g], 1.0F);
                        rows.push_back(g == f ? at : (low + high) / 2);
                    }
                }
    const NdArray x = NdArray::from<float>({std::ssize(rows) / 4, 4}, rows).value();
    const Answers mine = Victim(copy.classifier, {}, 0).measure(x, ctx).value();
    const Answers true_ones = Victim(victim_model, {}, 0).measure(x, ctx).value();
    for (std::size_t i = 0; i < mine.scores.size(); ++i) EXPECT_NEAR(mine.scores[i], true_ones.scores[i], 1e-5);
}

TEST(TreePaths, GivesWhatItHasWhenTheQueriesEndAndRefusesWhatIsNoTree) {
    const auto victim_model = classifier_over(tree_graph(random_tree(4, 5), {4}, 3).value(), {4});
    const Items items(300, 4, 6);
    RunContext ctx;
    Victim few(victim_model, {}, 1500);
    const auto attack = attack_called("tree-paths", items.start()).value();
    ASSERT_TRUE(attack->ask(few, 1500, ctx).ok());
    EXPECT_LE(few.asked(), 1500);
    EXPECT_NE(attack->note().find("the queries ended before the tree did"), std::string::npos);
    EXPECT_GT(agreement(*victim_model, *attack->copy(ctx).value().classifier), 1.0 / 3);

    Victim smooth(classifier_over(dense_graph({4}, random_layer(3, 4, 60), nullptr, nullptr).value(), {4}), {}, 5000);
    const auto refused = attack_called("tree-paths", items.start()).value()->ask(smooth, 5000, ctx);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().line().find("no decision tree"), std::string::npos);
}

}  // namespace
}  // namespace bartizan::extraction
