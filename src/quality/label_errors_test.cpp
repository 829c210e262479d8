#include "quality/label_errors.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "core/random.h"

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

}  // namespace
}  // namespace bartizan::quality
