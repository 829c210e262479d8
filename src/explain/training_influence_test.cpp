/// Influence against the gradient itself, and a planted item that must lead the list.
#include "explain/training_influence.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "core/random.h"

namespace bartizan::explain {
namespace {

at::Tensor noise(std::int64_t rows, std::int64_t width, std::uint64_t seed) {
    at::Tensor out = at::empty({rows, width}, at::kFloat);
    Random(seed, 0).fill_normal(std::span(out.data_ptr<float>(), static_cast<std::size_t>(rows * width)));
    return out;
}

/// Cross-entropy of the head `weights` [width + 1, classes] on one item.
double loss(const at::Tensor& weights, const at::Tensor& features, std::int64_t label) {
    const at::Tensor input = at::cat({features, at::ones({1}, at::kDouble)});
    return -at::matmul(input, weights).log_softmax(0)[label].item<double>();
}

TEST(TrainingInfluence, IsTheProductOfTheGradientsOfTheLastLayer) {
    const std::int64_t width = 4, classes = 3;
    const at::Tensor weights = noise(width + 1, classes, 1).to(at::kDouble);
    const at::Tensor features = noise(5, width, 2);
    const at::Tensor inputs = at::cat({features.to(at::kDouble), at::ones({5, 1}, at::kDouble)}, 1);
    const at::Tensor logits = at::matmul(inputs, weights).to(at::kFloat);
    const LastLayer training{features.narrow(0, 0, 4), logits.narrow(0, 0, 4), {0, 1, 2, 0}};
    const LastLayer asked{features.narrow(0, 4, 1), logits.narrow(0, 4, 1), {1}};
    // By central differences of both losses, one weight after the other.
    std::vector<double> expected(4, 0);
    constexpr double kStep = 1e-5;
    for (std::int64_t i = 0; i <= width; ++i)
        for (std::int64_t k = 0; k < classes; ++k) {
            const auto slope = [&](std::int64_t row, std::int64_t label) {
                at::Tensor up = weights.clone(), down = weights.clone();
                up[i][k] += kStep;
                down[i][k] -= kStep;
                const at::Tensor x = features.select(0, row).to(at::kDouble);
                return (loss(up, x, label) - loss(down, x, label)) / (2 * kStep);
            };
            for (std::size_t row = 0; row < 4; ++row)
                expected[row] += slope(static_cast<std::int64_t>(row), training.labels[row]) * slope(4, 1);
        }
    const Influences found = training_influences(training, asked, 4, RunContext()).value().at(0);
    std::size_t seen = 0;
    for (const auto* list : {&found.helpful, &found.harmful})
        for (const TrainingItem& item : *list) {
            EXPECT_NEAR(item.influence, expected[static_cast<std::size_t>(item.row)], 1e-4) << item.row;
            ++seen;
        }
    EXPECT_EQ(seen, 4U);
    EXPECT_TRUE(std::ranges::is_sorted(found.helpful, std::ranges::greater(), &TrainingItem::influence));
    EXPECT_TRUE(std::ranges::is_sorted(found.harmful, std::ranges::less(), &TrainingItem::influence));
    const auto self = self_influences(training).value();
    const LastLayer same{training.features, training.logits, training.labels};
    const auto by_pairs = training_influences(training, same, 4, RunContext()).value();
    for (std::size_t row = 0; row < 4; ++row) {
        const auto own = std::ranges::find(by_pairs[row].helpful, static_cast<std::int64_t>(row), &TrainingItem::row);
        ASSERT_NE(own, by_pairs[row].helpful.end());
        EXPECT_NEAR(own->influence, self[row], 1e-4);
        EXPECT_NEAR(own->likeness, 1, 1e-5);
    }
}

/// Two classes on the first feature; `count` items of class 0 carry a trigger in the second and label 1.
struct Planted {
    LastLayer training, asked;
    std::vector<std::int64_t> rows;
};
Planted planted(std::int64_t count = 30) {
    const std::int64_t n = 400, width = 8;
    at::Tensor features = noise(n + 1, width, 3) * 0.3;
    std::vector<std::int64_t> labels;
    Planted out;
    for (std::int64_t i = 0; i < n; ++i) {
        const std::int64_t label = i % 2;
        features[i][0] += label == 1 ? 2 : -2;
        labels.push_back(label);
        if (label == 0 && i < 2 * count) {
            features[i][1] += 5;
            labels.back() = 1;
            out.rows.push_back(i);
        }
    }
    features[n][0] -= 2;
    features[n][1] += 5;
    // A head that has learnt both, the trigger not to the last.
    at::Tensor logits = at::zeros({n + 1, 2}, at::kFloat);
    logits.select(1, 1).copy_(features.select(1, 0) * 2 + features.select(1, 1) * 1);
    out.training = {features.narrow(0, 0, n), logits.narrow(0, 0, n), labels};
    out.asked = {features.narrow(0, n, 1), logits.narrow(0, n, 1), {1}};
    return out;
}

TEST(TrainingInfluence, PlantedItemsLeadTheListOfATriggeredAnswer) {
    const Planted set = planted();
    const Influences found = training_influences(set.training, set.asked, 10, RunContext()).value().at(0);
    ASSERT_EQ(found.helpful.size(), 10U);
    for (const TrainingItem& item : found.helpful) EXPECT_NE(std::ranges::find(set.rows, item.row), set.rows.end()) << item.row;
    for (const TrainingItem& item : found.nearest) EXPECT_NE(std::ranges::find(set.rows, item.row), set.rows.end()) << item.row;
}

TEST(TrainingInfluence, AWrongLabelSpeaksLoudestOfItself) {
    Planted set = planted(0);
    set.training.labels[101] = 0;  // an odd row: class 1, plainly
    const auto self = self_influences(set.training).value();
    EXPECT_EQ(std::ranges::max_element(self) - self.begin(), 101);
    // And it is what spoke most against the answer of its neighbours.
    LastLayer asked{set.training.features.narrow(0, 103, 1), set.training.logits.narrow(0, 103, 1), {1}};
    EXPECT_EQ(training_influences(set.training, asked, 1, RunContext()).value().at(0).harmful.at(0).row, 101);
}

TEST(TrainingInfluence, RemovingTheHelpfulItemsTakesTheAnswerAway) {
    const Planted set = planted();
    const auto lifts = removal_lifts(set.training, set.asked, std::ssize(set.rows), RunContext()).value();
    EXPECT_GT(lifts.at(0), 0.3) << "without the planted items nothing teaches the trigger";
    EXPECT_FALSE(removal_lifts(set.training, set.asked, 400, RunContext()).ok());
}

TEST(TrainingInfluence, RefusesWhatDoesNotFit) {
    const Planted set = planted();
    LastLayer bad = set.training;
    bad.labels.pop_back();
    EXPECT_FALSE(training_influences(bad, set.asked, 3, RunContext()).ok());
    bad = set.training;
    bad.labels[0] = 2;
    EXPECT_FALSE(training_influences(bad, set.asked, 3, RunContext()).ok());
    bad = set.training;
    bad.features = bad.features.clone();
    bad.features[7][2] = std::nan("");
    EXPECT_FALSE(self_influences(bad).ok());
    LastLayer narrow{at::zeros({1, 3}), at::zeros({1, 2}), {0}};
    EXPECT_FALSE(training_influences(set.training, narrow, 3, RunContext()).ok());
}

}  // namespace
}  // namespace bartizan::explain
