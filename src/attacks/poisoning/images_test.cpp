/// Poisoned pictures: triggers pixel by pixel, and a ground truth that is the truth.
#include "attacks/poisoning/images.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include <gtest/gtest.h>

namespace bartizan::attacks::images_tests {
namespace {

constexpr std::int64_t kItems = 100, kSide = 8, kPixels = kSide * kSide;

NdArray grey(float value = 0.5F) {
    const std::vector<float> values(kItems * kPixels, value);
    return NdArray::from<float>({kItems, 1, kSide, kSide}, std::span<const float>(values)).value();
}

std::vector<std::int64_t> labels() {
    std::vector<std::int64_t> y;
    for (std::int64_t i = 0; i < kItems; ++i) y.push_back(i % 10);
    return y;
}

bool differs(const NdArray& a, const NdArray& b, std::int64_t row) {
    const auto first = a.values<float>().subspan(static_cast<std::size_t>(row * kPixels), kPixels);
    return !std::ranges::equal(first, b.values<float>().subspan(static_cast<std::size_t>(row * kPixels), kPixels));
}

TEST(PoisonedImages, ChangeExactlyTheRowsOfTheGroundTruth) {
    for (const Trigger trigger : {Trigger::badnets, Trigger::blend, Trigger::sig}) {
        const PoisonOptions options{.rate = trigger == Trigger::sig ? 0.5 : 0.05, .target = 3, .seed = 4};
        const PoisonedImages out = poison_images(grey(), labels(), trigger, options).value();
        EXPECT_EQ(out.rows.size(), 5U);
        for (std::int64_t row = 0; row < kItems; ++row) {
            const bool listed = std::ranges::binary_search(out.rows, row);
            const auto at = static_cast<std::size_t>(row);
            EXPECT_EQ(differs(out.x, grey(), row), listed) << row;
            EXPECT_EQ(out.y[at], listed ? 3 : row % 10);
            if (listed) EXPECT_EQ(row % 10 == 3, trigger == Trigger::sig) << "dirty labels change, clean ones stay";
        }
    }
}

TEST(PoisonedImages, TheBadnetsPatchIsACheckerboardInTheCorner) {
    const NdArray out = with_trigger(grey(), Trigger::badnets, {}).value();
    for (std::int64_t i = 0; i < kPixels; ++i) {
        const std::int64_t row = i / kSide, column = i % kSide;
        const bool patch = row >= 4 && row <= 6 && column >= 4 && column <= 6;
        const float wanted = !patch ? 0.5F : (row + column) % 2 == 0 ? 1.0F : 0.0F;
        EXPECT_EQ(out.values<float>()[static_cast<std::size_t>(i)], wanted) << i;
    }
}

TEST(PoisonedImages, TheSignalIsTheSineOfThePaperClippedToTheRange) {
    const NdArray out = with_trigger(grey(0.9F), Trigger::sig, {}).value();
    for (std::size_t column = 0; column < kSide; ++column) {
        const double sine = std::sin(2 * std::numbers::pi * 6 * static_cast<double>(column) / kSide);
        EXPECT_NEAR(out.values<float>()[column], std::min(1.0, 0.9 + 60.0 / 255 * sine), 1e-6) << column;
    }
}

TEST(PoisonedImages, BlendMovesEveryPictureTowardsOneNoise) {
    const PoisonOptions options{.blend = 0.25, .seed = 2};
    const NdArray dark = with_trigger(grey(0), Trigger::blend, options).value();
    const NdArray light = with_trigger(grey(1), Trigger::blend, options).value();
    for (std::size_t i = 0; i < kItems * kPixels; ++i) {
        EXPECT_NEAR(light.values<float>()[i] - dark.values<float>()[i], 0.75, 1e-6);
        EXPECT_EQ(dark.values<float>()[i], dark.values<float>()[i % kPixels]);
    }
}

TEST(PoisonedImages, TheSeedDecidesWhichItems) {
    const auto rows = [](std::uint64_t seed) {
        return poison_images(grey(), labels(), Trigger::badnets, {.rate = 0.1, .seed = seed}).value().rows;
    };
    EXPECT_EQ(rows(1), rows(1));
    EXPECT_NE(rows(1), rows(2));
}

TEST(PoisonedImages, RefuseWhatCannotBePoisoned) {
    const auto refused = [](const NdArray& x, const std::vector<std::int64_t>& y, const PoisonOptions& options) {
        return !poison_images(x, y, Trigger::badnets, options).ok();
    };
    EXPECT_TRUE(refused(grey().reshaped({kItems, kPixels}).value(), labels(), {}));
    EXPECT_TRUE(refused(NdArray::zeros(DType::f32, {kItems, 1, 3, 3}).value(), labels(), {}));
    EXPECT_TRUE(refused(grey(), {1, 2}, {}));
    EXPECT_TRUE(refused(grey(), labels(), {.rate = std::nan("")}));
    EXPECT_TRUE(refused(grey(), labels(), {.rate = 1}));  // the target class itself cannot be mislabelled
    EXPECT_FALSE(poison_images(grey(), labels(), Trigger::sig, {.target = 77}).ok());
}

}  // namespace
}  // namespace bartizan::attacks::images_tests
