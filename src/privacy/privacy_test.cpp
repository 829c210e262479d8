#include <cmath>

#include <gtest/gtest.h>

#include "core/random.h"
#include "privacy/attacks.h"
#include "privacy/one_run.h"
#include "privacy/roc.h"
#include "privacy/signals.h"

namespace bartizan::privacy {
namespace {

TEST(Signals, AreTheFormulasOfThePapers) {
    const std::vector<float> logits = {2, 1, 0, 200, -200, 0};
    const auto signals = signals_of(*NdArray::from<float>({2, 3}, logits), std::vector<std::int64_t>{1, 0});
    ASSERT_TRUE(signals.ok());
    const double sum = std::exp(2.0) + std::exp(1.0) + 1, p0 = std::exp(2.0) / sum, p1 = std::exp(1.0) / sum,
                 p2 = 1 / sum;
    EXPECT_NEAR(signals->confidence[0], p1, 1e-12);
    EXPECT_NEAR(signals->scaled[0], std::log(p1 / (p0 + p2)), 1e-12);
    EXPECT_NEAR(signals->negative_loss[0], std::log(p1), 1e-12);
    EXPECT_NEAR(signals->negative_entropy[0], (1 - p1) * std::log(p1) + p0 * std::log(1 - p0) + p2 * std::log(1 - p2),
                1e-12);
    EXPECT_NEAR(signals->scaled[1], 200, 1e-9) << "does not saturate where the probability is 1";
    EXPECT_EQ(signals->correct, (std::vector<std::uint8_t>{0, 1}));
}

TEST(Roc, IsTheHandComputedOne) {
    // members 0.9, 0.8, 0.3; others 0.7, 0.3, 0.1: pairs won 3 + 3 + 1.5 of 9.
    const std::vector<double> scores = {0.9, 0.8, 0.3, 0.7, 0.3, 0.1};
    const std::vector<std::uint8_t> member = {1, 1, 1, 0, 0, 0};
    const Roc roc = roc_of(scores, member);
    EXPECT_NEAR(roc.auc, 7.5 / 9, 1e-12);
    EXPECT_NEAR(roc.tpr_at(0), 2.0 / 3, 1e-12);
    EXPECT_NEAR(roc.tpr_at(0.5), 2.0 / 3, 1e-12);
    EXPECT_NEAR(roc.tpr_at(0.7), 1, 1e-12);
    EXPECT_NEAR(roc.balanced_accuracy, (2.0 / 3 + 1) / 2, 1e-12);
}

TEST(Roc, IntervalsAreClopperAndPearsons) {
    // R: binom.test(3, 20)$conf.int, binom.test(0, 10)$conf.int
    EXPECT_NEAR(clopper_pearson(3, 20).low, 0.03207094, 1e-8);
    EXPECT_NEAR(clopper_pearson(3, 20).high, 0.37892683, 1e-8);
    EXPECT_EQ(clopper_pearson(0, 10).low, 0);
    EXPECT_NEAR(clopper_pearson(0, 10).high, 0.30849710, 1e-8);
    EXPECT_EQ(clopper_pearson(10, 10).high, 1);
}

TEST(OneRun, BoundsAreThePublishedOnes) {
    const auto bound = [](int m, int r, int v, double delta) { return epsilon_lower_bound(m, r, v, delta); };
    EXPECT_NEAR(bound(1000, 100, 100, 0), 3.4930, 1e-3);
    EXPECT_NEAR(bound(1000, 100, 100, 1e-5), 3.4654, 1e-3);
    EXPECT_NEAR(bound(1000, 100, 95, 1e-5), 2.1652, 1e-3);
    EXPECT_NEAR(bound(1000, 1000, 600, 1e-5), 0.2972, 1e-3);
    EXPECT_NEAR(bound(5000, 200, 190, 1e-5), 2.3760, 1e-3);
    EXPECT_NEAR(bound(1000, 1000, 1000, 1e-5), 5.7823, 1e-3);
    EXPECT_EQ(bound(1000, 100, 50, 0), 0) << "guessing";
    EXPECT_EQ(bound(100, 200, 100, 0), 0) << "more guesses than canaries";
}

/// References on random halves: a model knows the items that it holds better by `gain`, and items differ in difficulty.
struct World {
    std::vector<double> target;
    std::vector<std::uint8_t> member;
    ReferenceTable references;
};
World world(std::size_t items, std::size_t models, double gain) {
    World out;
    Random random(3, 0);
    std::vector<double> difficulty;
    for (std::size_t i = 0; i < items; ++i) {
        difficulty.push_back(3 * random.normal());
        out.member.push_back(random.uniform() < 0.5F ? 1 : 0);
        out.target.push_back(difficulty.back() + random.normal() + (out.member.back() != 0 ? gain : 0));
    }
    out.references.items = items;
    for (std::size_t m = 0; m < models; ++m)
        for (std::size_t i = 0; i < items; ++i) {
            out.references.in.push_back(random.uniform() < 0.5F ? 1 : 0);
            out.references.values.push_back(difficulty[i] + random.normal() +
                                            (out.references.in.back() != 0 ? gain : 0));
        }
    return out;
}

TEST(Lira, ComesNearTheBestThatCanBeDone) {
    // Known difficulty: the optimum tells N(gain, 1) from N(0, 1), an area of Phi(gain / sqrt 2) = 0.921 for gain 2.
    const World made = world(4'000, 48, 2);
    const double online = roc_of(lira_online(made.target, made.references), made.member).auc;
    const double offline = roc_of(lira_offline(made.target, made.references), made.member).auc;
    const double raw = roc_of(made.target, made.member).auc;
    EXPECT_GT(online, 0.905);
    EXPECT_GT(offline, 0.90);
    EXPECT_LT(raw, 0.70) << "without references difficulty hides membership";
}

TEST(Lira, SaysNothingWhereThereIsNothing) {
    const World made = world(4'000, 16, 0);
    EXPECT_NEAR(roc_of(lira_online(made.target, made.references), made.member).auc, 0.5, 0.03);
    EXPECT_NEAR(roc_of(lira_offline(made.target, made.references), made.member).auc, 0.5, 0.03);
}

TEST(Lira, AnItemThatNoReferenceHoldsHasAScore) {
    ReferenceTable table{{1, 2, 1.5, 2.5}, {0, 1, 0, 1}, 2};
    for (const double score : lira_online(std::vector<double>{3, 3}, table)) EXPECT_TRUE(std::isfinite(score));
    for (const double score : lira_offline(std::vector<double>{3, 3}, table)) EXPECT_TRUE(std::isfinite(score));
}

TEST(Rmia, BeatsTheRawConfidenceWithTwoReferences) {
    World made = world(3'000, 2, 1.5);
    const auto squash = [](double value) { return 1 / (1 + std::exp(-value)); };
    for (double& value : made.target) value = squash(value);
    for (double& value : made.references.values) value = squash(value);
    std::vector<std::uint8_t> population(made.member.size());
    for (std::size_t i = 0; i < population.size(); ++i) population[i] = made.member[i] == 0 ? 1 : 0;
    const double raw = roc_of(made.target, made.member).auc;
    EXPECT_GT(roc_of(rmia_offline(made.target, made.references, population), made.member).auc, raw + 0.03);
    EXPECT_GT(roc_of(rmia_online(made.target, made.references, population), made.member).auc, raw + 0.03);
}

TEST(AttackP, ComparesWithinTheClass) {
    const std::vector<double> scores = {1, 2, 3, 10, 20, 30, 2.5, 25};
    const std::vector<std::int64_t> labels = {0, 0, 0, 1, 1, 1, 0, 1};
    const std::vector<std::uint8_t> population = {1, 1, 1, 1, 1, 1, 0, 0};
    const auto out = attack_p(scores, labels, population);
    EXPECT_NEAR(out[6], 2.0 / 3, 1e-12);
    EXPECT_NEAR(out[7], 2.0 / 3, 1e-12);
}

TEST(QuantileRegression, TakesTheDifficultyOutThatFeaturesTell) {
    Random random(9, 0);
    std::vector<double> scores;
    std::vector<float> features;
    std::vector<std::uint8_t> member, population;
    for (int i = 0; i < 4'000; ++i) {
        const float a = random.normal(), b = random.normal();
        features.insert(features.end(), {a, b});
        member.push_back(i % 2 == 0 ? 1 : 0);
        population.push_back(i % 4 == 1 ? 1 : 0);
        scores.push_back(3 * a - 2 * b + random.normal() + (member.back() != 0 ? 1.5 : 0));
    }
    EXPECT_LT(roc_of(scores, member).auc, 0.65);
    EXPECT_GT(roc_of(quantile_regression(scores, features, 2, population), member).auc, 0.83);  // optimum 0.856
}

}  // namespace
}  // namespace bartizan::privacy
