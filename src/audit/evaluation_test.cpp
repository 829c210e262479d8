#include "audit/evaluation.h"

#include <cmath>

#include <gtest/gtest.h>

namespace bartizan::audit {
namespace {

data::Batch labels(std::vector<std::int64_t> y) {
    data::Batch batch;
    batch.y = std::move(y);
    return batch;
}

NdArray logits_of(Shape shape, std::vector<float> values) {
    return NdArray::from<float>(std::move(shape), values).value();
}

TEST(Evaluation, CountsByHand) {
    // Two classes; odds 3:1, 1:3, 9:1, 1:1 (a tie goes to the first class).
    const float three = std::log(3.0F), nine = std::log(9.0F);
    const auto result =
        score(logits_of({4, 2}, {three, 0, 0, three, nine, 0, 0, 0}), labels({0, 1, 1, 0}), {"cat", "dog"});
    ASSERT_TRUE(result.ok()) << result.error().line();
    EXPECT_EQ(result->correct, 3);
    EXPECT_DOUBLE_EQ(result->accuracy, 0.75);
    EXPECT_EQ(result->confusion[0][0], 2);
    EXPECT_EQ(result->confusion[1][0], 1);
    EXPECT_EQ(result->classes[1].name, "dog");
    EXPECT_EQ(result->classes[0].predicted, 3);
    // Confidences 0.75, 0.75, 0.9, 0.5: three bins, |1 - 0.75| * 2/4 + |0 - 0.9| / 4 + |1 - 0.5| / 4.
    EXPECT_NEAR(result->expected_calibration_error, 0.125 + 0.225 + 0.125, 1e-6);
    EXPECT_NEAR(result->negative_log_likelihood, -(2 * std::log(0.75) + std::log(0.1) + std::log(0.5)) / 4, 1e-6);
}

TEST(Evaluation, SurvivesLogitsThatSaturateFloat) {
    const auto result = score(logits_of({1, 2}, {3e4F, -3e4F}), labels({0}), {});
    ASSERT_TRUE(result.ok());
    EXPECT_DOUBLE_EQ(result->mean_confidence, 1);
    EXPECT_DOUBLE_EQ(result->negative_log_likelihood, 0);
}

TEST(Evaluation, RefusesLabelsOutsideTheClassesAndBrokenLogits) {
    const auto label = score(logits_of({2, 2}, {0, 1, 0, 1}), labels({0, 2}), {});
    ASSERT_FALSE(label.ok());
    EXPECT_NE(label.error().line().find("row 1 has label 2"), std::string::npos);
    EXPECT_FALSE(score(logits_of({1, 2}, {NAN, 1}), labels({0}), {}).ok());
    EXPECT_FALSE(score(logits_of({2, 2}, {0, 1, 0, 1}), labels({}), {}).ok());
}

}  // namespace
}  // namespace bartizan::audit
