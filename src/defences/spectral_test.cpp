/// Centred spectral signatures against hand-computed scores.
#include "defences/spectral.h"

#include <algorithm>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

namespace bartizan::defences {
namespace {

at::Tensor matrix(const std::vector<double>& values, std::int64_t width) {
    return at::tensor(values).reshape({-1, width});
}

void expect_scores(const at::Tensor& x, const std::vector<std::int64_t>& labels, const std::vector<double>& wanted) {
    const std::vector<double> scores = spectral_scores(x, labels).value();
    ASSERT_EQ(scores.size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_NEAR(scores[i], wanted[i], 1e-9) << "row " << i;
}

/// A cross of half axes 3 and 1: its first direction is the long one.
const std::vector<double> kCross = {3, 0, -3, 0, 0, 1, 0, -1};

TEST(SpectralScores, AreTheSquaredLengthsAlongTheFirstDirection) {
    expect_scores(matrix(kCross, 2), {0, 0, 0, 0}, {9, 9, 0, 0});
}

TEST(SpectralScores, DoNotDependOnWhereTheClassLies) {
    // Uncentred, the first direction is that of the mean, and the score ranks by distance from the origin.
    expect_scores(matrix(kCross, 2) + 1000, {0, 0, 0, 0}, {9, 9, 0, 0});
    expect_scores(-matrix(kCross, 2), {0, 0, 0, 0}, {9, 9, 0, 0});
}

TEST(SpectralScores, RankAGroupNearTheOriginFirst) {
    // Nine items at (10, 10 +- 0.1) and one at (4, 10): uncentred, the one would score least.
    std::vector<double> values;
    for (int i = 0; i < 9; ++i) values.insert(values.end(), {10, 10 + 0.1 * (i % 3 - 1)});
    values.insert(values.end(), {4, 10});
    const std::vector<double> scores = spectral_scores(matrix(values, 2), std::vector<std::int64_t>(10)).value();
    EXPECT_EQ(std::max_element(scores.begin(), scores.end()) - scores.begin(), 9);
    EXPECT_NEAR(scores[9], 5.4 * 5.4, 1e-6);
}

TEST(SpectralScores, EachClassHasItsOwnMeanAndDirection) {
    // Rows alternate between the cross and the cross turned by a right angle and moved away.
    const std::vector<double> values = {3, 0, 50, 53, -3, 0, 50, 47, 0, 1, 51, 50, 0, -1, 49, 50};
    expect_scores(matrix(values, 2), {0, 7, 0, 7, 0, 7, 0, 7}, {9, 9, 9, 9, 0, 0, 0, 0});
}

TEST(SpectralScores, AClassOfOneItemScoresZero) { expect_scores(matrix({5, 6}, 2), {3}, {0}); }

TEST(SpectralScores, RefuseBadFeatures) {
    const std::vector<std::int64_t> labels = {0, 0, 0, 0};
    EXPECT_FALSE(spectral_scores(matrix(kCross, 2), std::vector<std::int64_t>{0}).ok());
    EXPECT_FALSE(spectral_scores(matrix(kCross, 2).reshape({2, 2, 2}), labels).ok());
    at::Tensor broken = matrix(kCross, 2);
    broken[1][1] = std::numeric_limits<double>::infinity();
    const Result<std::vector<double>> result = spectral_scores(broken, labels);
    ASSERT_FALSE(result.ok());
    EXPECT_NE(result.error().line().find("NaN or infinity"), std::string::npos);
}

}  // namespace
}  // namespace bartizan::defences
