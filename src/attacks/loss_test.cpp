#include "attacks/loss.h"

#include <cmath>

#include <gtest/gtest.h>

namespace bartizan::attacks {
namespace loss_test {
namespace {

using Values = std::vector<float>;
constexpr Loss kAll[] = {Loss::cross_entropy, Loss::targeted_cross_entropy,
                         Loss::margin,        Loss::targeted_margin,
                         Loss::dlr,           Loss::targeted_dlr};

double value_of(Loss loss, const Values& logits, Aim aim) {
    Values slope(logits.size());
    return loss_with_slope(loss, logits, aim, slope);
}

// By hand: z = (4, 1, 3, -2), label 0, target 3; sorted 4, 3, 1, -2.
TEST(Losses, AreWhatPaperAndPencilSay) {
    const Values z = {4, 1, 3, -2};
    const Aim aim{0, 3};
    EXPECT_NEAR(value_of(Loss::margin, z, aim), 3 - 4, 1e-9);
    EXPECT_NEAR(value_of(Loss::targeted_margin, z, aim), -2 - 4, 1e-9);
    EXPECT_NEAR(value_of(Loss::dlr, z, aim), -(4.0 - 3.0) / (4.0 - 1.0), 1e-9);
    EXPECT_NEAR(value_of(Loss::targeted_dlr, z, aim), -(4.0 + 2.0) / (4.0 - 0.5 * (1.0 - 2.0)), 1e-9);
    const double sum = std::exp(4.0) + std::exp(1.0) + std::exp(3.0) + std::exp(-2.0);
    EXPECT_NEAR(value_of(Loss::cross_entropy, z, aim), -std::log(std::exp(4.0) / sum), 1e-9);
    EXPECT_NEAR(value_of(Loss::targeted_cross_entropy, z, aim), std::log(std::exp(-2.0) / sum), 1e-9);
}

// The ratio does not change when logits are scaled: that is what it is for.
TEST(Losses, RatiosIgnoreTheScaleOfTheLogits) {
    const Values z = {4, 1, 3, -2}, scaled = {400, 100, 300, -200};
    for (const Loss loss : {Loss::dlr, Loss::targeted_dlr})
        EXPECT_NEAR(value_of(loss, z, {0, 3}), value_of(loss, scaled, {0, 3}), 1e-6);
}

TEST(Losses, SlopesPointWhereDifferencesDo) {
    const Values z = {0.3F, 1.1F, -0.4F, 0.9F, 0.05F};
    for (const Loss loss : kAll)
        for (std::int64_t label = 0; label < 5; ++label) {
            const Aim aim{label, (label + 2) % 5};
            Values slope(5);
            loss_with_slope(loss, z, aim, slope);
            Values numeric(5);
            for (std::size_t i = 0; i < 5; ++i) {
                Values up = z, down = z;
                up[i] += 1e-3F;
                down[i] -= 1e-3F;
                numeric[i] = static_cast<float>((value_of(loss, up, aim) - value_of(loss, down, aim)) / 2e-3);
            }
            // Cross-entropies are scaled: compare directions. Some ratios are constant.
            const double a = length(Norm::linf, slope), b = length(Norm::linf, numeric);
            if (b < 1e-3) {
                EXPECT_LT(a, 1e-3);
                continue;
            }
            for (std::size_t i = 0; i < 5; ++i)
                EXPECT_NEAR(slope[i] / a, numeric[i] / b, 2e-3)
                    << "loss " << static_cast<int>(loss) << " label " << label;
        }
}

TEST(Losses, ASaturatedSoftmaxKeepsItsSlope) {
    const Values z = {500, 0, 1, -3};
    Values slope(4);
    loss_with_slope(Loss::cross_entropy, z, {0, 0}, slope);
    EXPECT_EQ(slope[0], -1);
    EXPECT_NEAR(slope[1] + slope[2] + slope[3], 1, 1e-6);
    EXPECT_GT(slope[2], slope[1]);
}

TEST(Losses, FewClassesGetMarginsInPlaceOfRatios) {
    EXPECT_EQ(loss_for(Loss::dlr, 3), Loss::margin);
    EXPECT_EQ(loss_for(Loss::targeted_dlr, 2), Loss::targeted_margin);
    EXPECT_EQ(loss_for(Loss::targeted_dlr, 4), Loss::targeted_dlr);
    EXPECT_EQ(loss_for(Loss::cross_entropy, 2), Loss::cross_entropy);
}

TEST(Losses, PredictionIsTheFirstLargestAndNotANumberCountsAsLargest) {
    EXPECT_EQ(predicted(Values{1, 3, 3, 2}), 1);
    EXPECT_EQ(predicted(Values{1, std::nanf(""), 3, 2}), 1);
}

TEST(Losses, WrongClassesComeInTheOrderOfTheirLogits) {
    const Values z = {2, 5, 1, 4};
    EXPECT_EQ(wrong_class(z, 1, 0), 3);
    EXPECT_EQ(wrong_class(z, 1, 1), 0);
    EXPECT_EQ(wrong_class(z, 1, 2), 2);
    EXPECT_NEAR(margin_of(z, 1), 1, 1e-9);
    EXPECT_NEAR(margin_of(z, 2), -4, 1e-9);
}

}  // namespace
}  // namespace loss_test
}  // namespace bartizan::attacks
