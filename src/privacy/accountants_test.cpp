#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

#include "core/random.h"
#include "privacy/fourier.h"
#include "privacy/prv_accountant.h"
#include "privacy/rdp_accountant.h"

namespace bartizan::privacy {
namespace {

struct Golden {
    SampledGaussian mechanism;
    double delta, renyi, order, low, estimate, high;
};

/// What Opacus 4d0ebc8 says.
const Golden kGolden[] = {
    {{.01, 1.1, 10'000}, 1e-5, 5.6320, 4.7, 5.1823, 5.1926, 5.2029},
    {{256.0 / 60'000, 1.1, 14'100}, 1e-5, 2.6003, 8.1, 2.3750, 2.3851, 2.3953},
    {{.02, .8, 3'000}, 1e-5, 12.4834, 2.7, 11.4005, 11.4111, 11.4217},
    {{.001, .6, 20'000}, 1e-6, 4.5785, 4.3, 3.7365, 3.7468, 3.7571},
    {{1, 10, 100}, 1e-5, 4.7285, 5.4, 4.3669, 4.3772, 4.3874},
    {{.05, 2, 1'000}, 1e-5, 4.0244, 5.9, 3.6895, 3.6997, 3.7100},
};

TEST(RenyiAccountant, GivesWhatTheReferenceGives) {
    for (const Golden& golden : kGolden) {
        const RenyiBound bound = renyi_epsilon(golden.mechanism, golden.delta);
        EXPECT_NEAR(bound.epsilon, golden.renyi, 5.1e-5) << golden.mechanism.rate;
        EXPECT_DOUBLE_EQ(bound.order, golden.order) << golden.mechanism.rate;
    }
}

TEST(PrvAccountant, GivesWhatTheReferenceGives) {
    for (const Golden& golden : kGolden) {
        const auto bound = privacy_loss_epsilon(golden.mechanism, golden.delta);
        ASSERT_TRUE(bound.ok()) << bound.error().line();
        EXPECT_NEAR(bound->low, golden.low, 5.1e-5) << golden.mechanism.rate;
        EXPECT_NEAR(bound->estimate, golden.estimate, 5.1e-5) << golden.mechanism.rate;
        EXPECT_NEAR(bound->high, golden.high, 5.1e-5) << golden.mechanism.rate;
    }
}

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

TEST(PrvAccountant, HoldsTheClosedFormOfTheGaussianMechanism) {
    // Balle and Wang 2018, theorem 8: the delta of an epsilon; 25 steps of noise 5 are one of noise 1.
    const auto bound = privacy_loss_epsilon({1, 5, 25}, 1e-5, 1e-3);
    ASSERT_TRUE(bound.ok()) << bound.error().line();
    const auto delta_of = [](double epsilon) {
        return normal_cdf(0.5 - epsilon) - std::exp(epsilon) * normal_cdf(-0.5 - epsilon);
    };
    EXPECT_NEAR(delta_of(bound->estimate), 1e-5, 1e-9);
    EXPECT_LT(delta_of(bound->high), 1e-5);
    EXPECT_GT(delta_of(bound->low), 1e-5);
}

TEST(PrvAccountant, IsNeverAboveTheRenyiBoundByMoreThanItsOwnError) {
    for (const double noise : {0.5, 0.9, 3.0})
        for (const std::int64_t steps : {1, 30, 900}) {
            const SampledGaussian mechanism{0.03, noise, steps};
            const auto bound = privacy_loss_epsilon(mechanism, 1e-5);
            ASSERT_TRUE(bound.ok()) << bound.error().line();
            EXPECT_LE(bound->low, renyi_epsilon(mechanism, 1e-5).epsilon) << noise << ' ' << steps;
            EXPECT_LE(bound->low, bound->estimate);
            EXPECT_LE(bound->estimate, bound->high);
        }
}

TEST(PrvAccountant, NoiseForAnEpsilonIsEnoughAndHardlyMore) {
    const double noise = *noise_for(3, 1e-5, 0.01, 1'000);
    EXPECT_LE(privacy_loss_epsilon({0.01, noise, 1'000}, 1e-5)->high, 3);
    EXPECT_GT(privacy_loss_epsilon({0.01, noise * 0.995, 1'000}, 1e-5)->high, 3);
}

TEST(Accountants, RefuseWhatIsOutOfRange) {
    EXPECT_FALSE(check({0, 1, 1}).ok());
    EXPECT_FALSE(check({1.1, 1, 1}).ok());
    EXPECT_FALSE(check({0.5, 0, 1}).ok());
    EXPECT_FALSE(check({0.5, std::nan(""), 1}).ok());
    EXPECT_FALSE(check({0.5, 1, 0}).ok());
    EXPECT_FALSE(privacy_loss_epsilon({0.5, 1, 1}, 0).ok());
    EXPECT_FALSE(privacy_loss_epsilon({1, 0.01, 1'000'000'000}, 1e-5).ok()) << "no such grid";
    EXPECT_FALSE(noise_for(0, 1e-5, 0.5, 1).ok());
    EXPECT_FALSE(noise_for(1e-9, 1e-10, 1, 1'000'000'000).ok());
}

TEST(Fourier, IsTheSumThatDefinesIt) {
    constexpr std::size_t kSize = 16;
    Random random(1, 0, 0);
    std::vector<std::complex<double>> values;
    for (std::size_t i = 0; i < kSize; ++i) values.emplace_back(random.uniform(), random.uniform());
    auto transformed = values;
    fourier_transform(transformed, false);
    for (std::size_t k = 0; k < kSize; ++k) {
        std::complex<double> sum;
        for (std::size_t i = 0; i < kSize; ++i)
            sum += values[i] * std::polar(1.0, -2 * std::numbers::pi * static_cast<double>(i * k) / kSize);
        EXPECT_LT(std::abs(sum - transformed[k]), 1e-13);
    }
    fourier_transform(transformed, true);
    for (std::size_t i = 0; i < kSize; ++i) EXPECT_LT(std::abs(values[i] - transformed[i]), 1e-14);
}

TEST(Fourier, PowersOfACoinAreBinomial) {
    const Pair power = convolution_powers({{0.5, 0.5, 0, 0, 0, 0, 0, 0}, {0, 0.5, 0, 0, 0, 0, 0, 0.5}}, 4);
    const double once[] = {1, 4, 6, 4, 1, 0, 0, 0}, around[] = {6, 0, 4, 0, 2, 0, 4, 0};  // 4 and -4 are the same place
    for (std::size_t i = 0; i < 8; ++i) {
        EXPECT_NEAR(power.first[i], once[i] / 16, 1e-14) << i;
        EXPECT_NEAR(power.second[i], around[i] / 16, 1e-14) << i;
    }
}

}  // namespace
}  // namespace bartizan::privacy
