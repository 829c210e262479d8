#include "quality/outliers.h"

#include <numeric>

#include <gtest/gtest.h>

#include "core/random.h"

namespace bartizan::quality {
namespace {

std::vector<std::int64_t> counted(std::size_t items) {
    std::vector<std::int64_t> ids(items);
    std::iota(ids.begin(), ids.end(), 100);
    return ids;
}

TEST(Outliers, LieBeyondTheFenceFarthestFirst) {
    // Distances 1, 2, 3, 4 and 20, 30: Q1 is 1.25 by interpolation over eight items, Q3 is 3.25 ...
    Neighbours neighbours{{0, 0, 0, 0, 0, 0, 0, 0}, {1, 1, 2, 2, 3, 3, 20, 30}, 1};
    // sorted: quartiles at positions 1.75 and 5.25: 1.75 and 7.25; the fence is 7.25 + 1.7 * 5.5 = 16.6
    const auto issues = outlier_issues(neighbours, counted(8));
    ASSERT_TRUE(issues.has_value());
    ASSERT_EQ(issues->size(), 1U);
    EXPECT_EQ((*issues)[0].indices, (std::vector<std::int64_t>{107, 106}));
    EXPECT_NEAR((*issues)[0].score, 1 - 16.6 / 30, 1e-9);
    EXPECT_FALSE((*issues)[0].suspect) << "a quarter of all is no matter of single items";
}

TEST(Outliers, OfABlobAreFewAndThePlantedOneIsFirst) {
    Random random(1, 0);
    Matrix matrix{std::vector<float>(500 * 4), 4};
    random.fill_normal(matrix.values);
    for (std::size_t d = 0; d < 4; ++d) matrix.values[77 * 4 + d] = 50;
    const auto neighbours = nearest(matrix, kNeighbours, RunContext({.threads = 1}));
    const auto issues = outlier_issues(*neighbours, counted(500));
    ASSERT_TRUE(issues && issues->size() == 1);
    EXPECT_EQ((*issues)[0].indices.front(), 177);
    EXPECT_LE((*issues)[0].indices.size(), 25U);
    EXPECT_TRUE((*issues)[0].suspect);
}

TEST(Outliers, WithoutAScaleAreNotApplicable) {
    EXPECT_FALSE(outlier_issues({{0, 0, 0, 0, 0}, {0, 0, 0, 0, 9}, 1}, counted(5)).has_value());
}

TEST(Ambiguity, IsATieOfTheTwoLikeliestOfThreeClasses) {
    const std::vector<float> p = {0.46F, 0.45F, 0.09F, 0.9F, 0.05F, 0.05F, 0.34F, 0.33F, 0.33F, 0.5F, 0.5F, 0};
    const auto issues = ambiguity_issues(p, 3, counted(4));
    ASSERT_EQ(issues.size(), 1U);
    EXPECT_EQ(issues[0].indices, (std::vector<std::int64_t>{103, 100})) << "closest tie first; a three-way one is none";
    EXPECT_FALSE(issues[0].suspect);
    EXPECT_TRUE(ambiguity_issues(std::vector<float>{0.5F, 0.5F}, 2, counted(1)).empty()) << "of two classes all are";
}

}  // namespace
}  // namespace bartizan::quality
