/// Guesses of an attribute, by hand and on a column that is known.
#include "privacy/attribute.h"

#include <cmath>

#include <gtest/gtest.h>

#include "core/random.h"

namespace bartizan::privacy {
namespace attribute_test {
namespace {

TEST(AttributeInference, TheFourWaysToGuessByHand) {
    const AttributeCase known{
        .values = 3,
        .likelihood = {0.9, 0.4, 0.6, 0.2, 0.3, 0.1, 0.5, 0.7, 0.6},
        .right = {0, 1, 0, 0, 0, 0, 1, 1, 1},
        .imputation = {0.1, 0.2, 0.7, 0.5, 0.3, 0.2, 0.6, 0.3, 0.1},
        .prior = {0.2, 0.2, 0.6},
        .truth = {1, 2, 1},
    };
    EXPECT_EQ(by_imputation(known), (Guesses{2, 0, 0}));
    EXPECT_EQ(by_confidence(known), (Guesses{2, 1, 2})) << "0.18 0.08 0.36; 0.04 0.06 0.06; 0.1 0.14 0.36";
    EXPECT_EQ(by_csmia(known), (Guesses{1, 2, 1})) << "the only right one; none: the least sure; several: the surest";
    EXPECT_EQ(by_both(known), (Guesses{2, 0, 0}));
    EXPECT_NEAR(accuracy_of(by_csmia(known), known.truth).value, 1, 1e-12);
    const Accuracy lift = lift_of(by_csmia(known), by_imputation(known), known.truth);
    EXPECT_NEAR(lift.value, 1, 1e-12);
    EXPECT_NEAR(lift.interval.low, 1, 1e-12) << "all pairs differ the same way";
}

TEST(AttributeInference, RegressionFindsTheLogisticWeights) {
    // p(1) = sigmoid(2 a - b): probabilities come back, up to what 20,000 rows and a small ridge allow.
    std::vector<float> x;
    std::vector<std::int64_t> y;
    Random random(5, 0);
    for (int i = 0; i < 20'000; ++i) {
        const float a = random.normal(), b = 3 * random.normal() + 7;
        x.push_back(a);
        x.push_back(b);
        y.push_back(random.uniform() < 1 / (1 + std::exp(-(2 * a - (b - 7)))) ? 1 : 0);
    }
    const auto fit = SoftmaxRegression::with_best_ridge(x, 2, y, 2);
    for (const auto& [a, b] : {std::pair(0.0F, 7.0F), {1.0F, 7.0F}, {0.0F, 9.0F}, {-1.0F, 5.0F}}) {
        const std::vector<float> row = {a, b};
        EXPECT_NEAR(fit.probabilities(row)[1], 1 / (1 + std::exp(-(2 * a - (b - 7)))), 0.03) << a << b;
    }
}

TEST(AttributeInference, NoiseIsNotLearnt) {
    // 60 columns of noise and 100 rows: whoever fits them foretells worse than the commonest value.
    std::vector<float> x;
    std::vector<std::int64_t> y;
    Random random(6, 0);
    for (int i = 0; i < 1100; ++i) {
        for (int d = 0; d < 60; ++d) x.push_back(random.normal());
        y.push_back(random.uniform() < 0.7F ? 0 : 1);
    }
    const auto right = [&](const SoftmaxRegression& fit) {
        const auto found = fit.probabilities(std::span(x).subspan(100 * 60));
        int hits = 0;
        for (std::size_t i = 0; i < 1000; ++i) hits += (found[2 * i] > 0.5) == (y[i + 100] == 0) ? 1 : 0;
        return hits;
    };
    const auto some = std::span(x).first(100 * 60);
    const auto their = std::span(y).first(100);
    EXPECT_GT(right(SoftmaxRegression::with_best_ridge(some, 60, their, 2)),
              right(SoftmaxRegression(some, 60, their, 2, 1e-3)) + 50);
}

TEST(AttributeInference, AConstantColumnIsNoTrouble) {
    const std::vector<float> x = {1, 0, 1, 1, 1, 0, 1, 1};
    const SoftmaxRegression fit(x, 2, std::vector<std::int64_t>{0, 1, 0, 1}, 2, 1e-3);
    const auto found = fit.probabilities(std::vector<float>{1, 1});
    EXPECT_GT(found[1], 0.9);
    EXPECT_NEAR(found[0] + found[1], 1, 1e-12);
}

}  // namespace
}  // namespace attribute_test
}  // namespace bartizan::privacy
