#include "quality/neighbours.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "core/random.h"

namespace bartizan::quality {
namespace {

TEST(Neighbours, AreThoseOfTheFullSearch) {
    Random random(8, 0);
    Matrix matrix{std::vector<float>(300 * 5), 5};
    for (float& value : matrix.values) value = random.normal();
    const auto found = nearest(matrix, 4, RunContext({.threads = 2}));
    ASSERT_TRUE(found.ok());
    for (std::size_t i = 0; i < 300; i += 37) {
        std::vector<std::pair<double, std::int32_t>> all;
        for (std::size_t k = 0; k < 300; ++k) {
            double sum = 0;
            for (std::size_t d = 0; d < 5; ++d) sum += std::pow(matrix.row(i)[d] - matrix.row(k)[d], 2);
            if (k != i) all.emplace_back(std::sqrt(sum), static_cast<std::int32_t>(k));
        }
        std::ranges::sort(all);
        for (std::size_t n = 0; n < 4; ++n) {
            EXPECT_EQ(found->index[i * 4 + n], all[n].second);
            EXPECT_NEAR(found->distance[i * 4 + n], all[n].first, 1e-4);
        }
    }
}

TEST(Neighbours, AreFewerWhereThereAreFewItems) {
    const auto five = nearest({{0, 1, 3, 7, 15}, 1}, 10, RunContext({.threads = 1}));
    ASSERT_TRUE(five.ok());
    EXPECT_EQ(five->k, 4);
    EXPECT_EQ(std::vector(five->index.begin(), five->index.begin() + 4), (std::vector<std::int32_t>{1, 2, 3, 4}));
    EXPECT_EQ(five->distance[3], 15);
    EXPECT_EQ(nearest({{1}, 1}, 10, RunContext())->items(), 0U);
    EXPECT_EQ(nearest({{}, 0}, 10, RunContext())->items(), 0U);
}

TEST(Neighbours, AreTheSameForAnyNumberOfThreads) {
    Random random(2, 0);
    Matrix matrix{std::vector<float>(2'100 * 3), 3};
    random.fill_normal(matrix.values);
    EXPECT_EQ(nearest(matrix, 5, RunContext({.threads = 1}))->index,
              nearest(matrix, 5, RunContext({.threads = 3}))->index);
}

TEST(Standardise, BringsColumnsToMeanZeroAndDeviationOne) {
    Matrix matrix{{1, 5, 7, 2, 5, 9, 3, 5, 11}, 3};
    standardise(matrix);
    const float far = std::sqrt(1.5F);
    const std::vector<float> expected = {-far, 0, -far, 0, 0, 0, far, 0, far};
    for (std::size_t i = 0; i < 9; ++i) EXPECT_NEAR(matrix.values[i], expected[i], 1e-6) << i;
    Matrix one{{0, 0, 2, 2}, 2};
    standardise_as_one(one);
    EXPECT_EQ(one.values, (std::vector<float>{-1, -1, 1, 1}));
    Matrix constant{{3, 3}, 1};
    standardise_as_one(constant);
    EXPECT_EQ(constant.values, (std::vector<float>{0, 0}));
}

TEST(Projection, KeepsDistancesToAFifthOnAverage) {
    Random random(3, 0);
    Matrix matrix{std::vector<float>(40 * 500), 500};
    random.fill_normal(matrix.values);
    const Matrix projected = project(matrix, 1);
    ASSERT_EQ(projected.width, kProjected);
    double ratio = 0;
    for (std::size_t i = 1; i < 40; ++i) {
        double whole = 0, part = 0;
        for (std::size_t d = 0; d < 500; ++d) whole += std::pow(matrix.row(0)[d] - matrix.row(i)[d], 2);
        for (std::size_t d = 0; d < kProjected; ++d) part += std::pow(projected.row(0)[d] - projected.row(i)[d], 2);
        ratio += std::sqrt(part / whole) / 39;
    }
    EXPECT_NEAR(ratio, 1, 0.2);
    EXPECT_EQ(project(matrix, 1).values, projected.values);
    EXPECT_EQ(project({{1, 2, 3}, 3}, 1).values, (std::vector<float>{1, 2, 3})) << "narrow rows stay as they are";
}

}  // namespace
}  // namespace bartizan::quality
