/// Prototypes stand for clusters, criticisms for what is left over.
#include "explain/prototypes.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/ops/from_blob.h>
#include <gtest/gtest.h>

#include "core/random.h"

namespace bartizan::explain {
namespace prototypes_test {
namespace {

/// Three clusters of 20 and, last, ten rows far from all.
at::Tensor clusters(std::vector<float>& rows) {
    Random random(1, 0);
    const float centres[3][2] = {{0, 0}, {6, 0}, {0, 6}};
    for (int i = 0; i < 60; ++i)
        for (int d = 0; d < 2; ++d) rows.push_back(centres[i / 20][d] + 0.3F * random.normal());
    for (int i = 0; i < 20; ++i) rows.push_back(12 + 0.3F * random.normal());
    return at::from_blob(rows.data(), {70, 2}, at::kFloat);
}

TEST(Prototypes, OneForEachClusterAndTheStrangersAreCriticised) {
    std::vector<float> rows;
    const at::Tensor kernel = gaussian_kernel(clusters(rows));
    const auto found = criticise(kernel, 3, 2, RunContext());
    ASSERT_TRUE(found.ok());
    std::vector<std::int64_t> of;
    for (const std::int64_t row : found->prototypes) of.push_back(row / 20);
    std::ranges::sort(of);
    EXPECT_EQ(of, (std::vector<std::int64_t>{0, 1, 2}));
    EXPECT_GE(found->criticisms[0], 60);
    EXPECT_EQ(found->criticisms.size(), 2U);
}

TEST(Prototypes, TheKernelIsTheGaussianOfTheMedianDistance) {
    std::vector<float> rows = {0, 1, 3};  // squares 1, 9, 4: the median is 4
    const at::Tensor kernel = gaussian_kernel(at::from_blob(rows.data(), {3, 1}, at::kFloat));
    EXPECT_NEAR(kernel[0][1].item<float>(), std::exp(-1.0 / 4), 1e-6);
    EXPECT_NEAR(kernel[0][2].item<float>(), std::exp(-9.0 / 4), 1e-6);
    EXPECT_NEAR(kernel[1][1].item<float>(), 1, 1e-6);
}

TEST(Prototypes, TheDiscrepancyIsThatOfTheDefinitionAndGreedyIsItsBestStep) {
    std::vector<float> rows;
    const at::Tensor kernel = gaussian_kernel(clusters(rows));
    const std::vector<std::int64_t> some = {3, 30, 60};
    double all = 0, within = 0, across = 0;
    for (std::int64_t i = 0; i < 70; ++i)
        for (std::int64_t j = 0; j < 70; ++j) all += kernel[i][j].item<float>() / (70.0 * 70);
    for (const std::int64_t i : some) {
        for (const std::int64_t j : some) within += kernel[i][j].item<float>() / 9;
        for (std::int64_t j = 0; j < 70; ++j) across += kernel[i][j].item<float>() / (3.0 * 70);
    }
    EXPECT_NEAR(discrepancy_of(kernel, some), all + within - 2 * across, 1e-6);

    const auto found = criticise(kernel, 4, 0, RunContext());
    std::vector<std::int64_t> chosen;
    for (const std::int64_t step : found->prototypes) {
        double best = INFINITY;
        for (std::int64_t i = 0; i < 70; ++i) {
            if (std::ranges::find(chosen, i) != chosen.end()) continue;
            std::vector<std::int64_t> with = chosen;
            with.push_back(i);
            best = std::min(best, discrepancy_of(kernel, with));
        }
        chosen.push_back(step);
        EXPECT_NEAR(discrepancy_of(kernel, chosen), best, 1e-6);
    }
    EXPECT_NEAR(found->discrepancy, discrepancy_of(kernel, chosen), 1e-9);
}

TEST(Prototypes, NeverMoreThanThereAre) {
    std::vector<float> rows = {0, 1, 3};
    const at::Tensor kernel = gaussian_kernel(at::from_blob(rows.data(), {3, 1}, at::kFloat));
    const auto found = criticise(kernel, 2, 9, RunContext());
    EXPECT_EQ(found->prototypes.size(), 2U);
    EXPECT_EQ(found->criticisms.size(), 1U);
    EXPECT_FALSE(criticise(kernel.slice(0, 0, 1).slice(1, 0, 1), 1, 1, RunContext()).ok());
}

}  // namespace
}  // namespace prototypes_test
}  // namespace bartizan::explain
