#include "quality/label_errors.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include <gtest/gtest.h>

#include "core/random.h"
#include "quality/duplicates.h"

namespace bartizan::quality {
namespace {

TEST(LabelErrors, AreCountedAsInTheWorkedExample) {
    // Two classes; thresholds are the mean confidences 0.8 (items 0 to 2) and 0.7 (items 3 to 5). Item 2, labelled 0,
    // is confidently 1 (0.75 >= 0.7); item 5, labelled 1, leans to 0 but not confidently.
    const std::vector<float> p = {0.95F, 0.05F, 0.95F, 0.05F, 0.25F, 0.75F, 0.1F, 0.9F, 0.2F, 0.8F, 0.6F, 0.4F};
    const auto found = find_label_errors(p, std::vector<std::int64_t>{0, 0, 0, 1, 1, 1}, 2);
    ASSERT_TRUE(found.ok()) << found.error().line();
    EXPECT_NEAR(found->thresholds[0], (0.95 + 0.95 + 0.25) / 3, 1e-6);
    EXPECT_NEAR(found->thresholds[1], 0.7, 1e-6);
    EXPECT_EQ(found->items, std::vector<std::int64_t>{2});
    EXPECT_EQ(found->suggested, std::vector<std::int64_t>{1});
}

TEST(LabelErrors, FlippedLabelsAreFound) {
    constexpr std::int64_t kClasses = 10, kItems = 20'000;
    std::vector<float> p;
    std::vector<std::int64_t> labels;
    std::vector<bool> flipped;
    Random random(4, 0);
    for (std::int64_t i = 0; i < kItems; ++i) {
        const auto truth = static_cast<std::int64_t>(random.below(kClasses));
        float sum = 0;
        std::vector<float> row(kClasses);
        for (std::int64_t k = 0; k < kClasses; ++k)
            sum += row[static_cast<std::size_t>(k)] = std::exp(random.normal() + (k == truth ? 4.0F : 0.0F));
        for (const float value : row) p.push_back(value / sum);
        flipped.push_back(random.uniform() < 0.1F);
        labels.push_back(flipped.back() ? (truth + 1 + static_cast<std::int64_t>(random.below(9))) % kClasses : truth);
    }
    const auto found = find_label_errors(p, labels, kClasses);
    ASSERT_TRUE(found.ok());
    const auto hits =
        std::ranges::count_if(found->items, [&](std::int64_t i) { return flipped[static_cast<std::size_t>(i)]; });
    const auto all = std::ranges::count(flipped, true);
    EXPECT_GE(static_cast<double>(hits) / static_cast<double>(found->items.size()), 0.85);
    EXPECT_GE(static_cast<double>(hits) / static_cast<double>(all), 0.7);
    EXPECT_TRUE(std::ranges::is_sorted(found->confidence));
}

TEST(LabelErrors, BadInputIsRefused) {
    const std::vector<float> p = {0.5F, 0.5F, 1, 0};
    const std::vector<std::int64_t> labels = {0, 1};
    EXPECT_TRUE(find_label_errors(p, labels, 2).ok());
    EXPECT_FALSE(find_label_errors(p, std::vector<std::int64_t>{0, 2}, 2).ok());
    EXPECT_FALSE(find_label_errors(p, labels, 1).ok());
    EXPECT_FALSE(find_label_errors(std::vector<float>{3, 4, 1, 0}, labels, 2).ok()) << "logits";
    EXPECT_FALSE(find_label_errors(std::vector<float>{NAN, 1, 1, 0}, labels, 2).ok());
}

TEST(Duplicates, EqualItemsAreGrouped) {
    const Matrix items{{1, 2, 3, 4, 1, 2, 5, 6, 1, 2, 3, 4}, 2};
    EXPECT_EQ(exact_duplicates(items), (std::vector<Group>{{0, 2, 4}, {1, 5}}));
    const Matrix other{{5, 6, 9, 9}, 2};
    EXPECT_EQ(exact_leaks(items, other), (std::vector<std::pair<std::int64_t, std::int64_t>>{{3, 0}}));
}

TEST(Duplicates, PicturesThatLookAlikeHaveHashesThatDo) {
    Random random(3, 0);
    std::vector<float> picture(32 * 32), brighter, other(32 * 32);
    for (std::size_t i = 0; i < picture.size(); ++i)
        picture[i] = 0.5F + 0.4F * std::sin(static_cast<float>(i % 32) / 5) * std::cos(static_cast<float>(i / 32) / 7);
    for (const float value : picture) brighter.push_back(value * 0.9F + 0.05F);
    for (float& value : other) value = random.uniform();
    const std::uint64_t a = picture_hash(picture, 32, 32);
    EXPECT_EQ(a, picture_hash(brighter, 32, 32));
    EXPECT_GT(std::popcount(a ^ picture_hash(other, 32, 32)), 10);
    const std::vector<std::uint64_t> hashes = {a, ~a, a ^ 5, a ^ 0xff};
    EXPECT_EQ(similar_hashes(hashes, 3, 10), (std::vector<std::pair<std::int64_t, std::int64_t>>{{0, 2}}));
}

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

}  // namespace
}  // namespace bartizan::quality
