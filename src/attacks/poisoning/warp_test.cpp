/// The warp of WaNet: smooth, seeded, and of the strength that was asked for.
#include "attacks/poisoning/warp.h"

#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "core/random.h"

namespace bartizan::attacks::warp_tests {
namespace {

constexpr std::int64_t kSide = 28;
constexpr std::size_t kPixels = kSide * kSide;

/// A picture whose value is its column: what is read after the warp says from where.
std::vector<float> ramp() {
    std::vector<float> out;
    for (std::size_t i = 0; i < kPixels; ++i) out.push_back(static_cast<float>(i % kSide) / (kSide - 1));
    return out;
}

std::vector<float> warped(double strength, std::uint64_t seed, Random* jitter = nullptr) {
    std::vector<float> picture = ramp();
    WarpField(kSide, kSide, 4, strength, seed).apply(picture, 1, jitter);
    return picture;
}

double mean_shift(const std::vector<float>& picture) {
    double sum = 0;
    for (std::size_t i = 0; i < kPixels; ++i) sum += std::abs(picture[i] - ramp()[i]) * (kSide - 1);
    return sum / kPixels;
}

TEST(WarpField, AnUntouchedPictureIsTheLimitOfNoStrength) {
    const auto picture = warped(1e-9, 1);
    for (std::size_t i = 0; i < kPixels; ++i) EXPECT_NEAR(picture[i], ramp()[i], 1e-6);
}

TEST(WarpField, ShiftsByAboutHalfAPixelAndTwiceAsFarWithTwiceTheStrength) {
    // Arrows of mean length 1 in a picture 2 wide and 28 high: s / 28 * 27 / 2 of a pixel.
    const double one = mean_shift(warped(1, 3)), two = mean_shift(warped(2, 3));
    EXPECT_GT(one, 0.15);
    EXPECT_LT(one, 0.9);
    EXPECT_NEAR(two / one, 2, 0.2);
}

TEST(WarpField, NeighboursMoveAlike) {
    const auto picture = warped(1, 3);
    for (std::size_t i = 0; i + 1 < kPixels; ++i) {
        if (i % kSide == kSide - 1) continue;
        const float step = (picture[i + 1] - picture[i]) * (kSide - 1);
        EXPECT_GT(step, -0.1F) << "the picture must not fold over itself, at " << i;
        EXPECT_LT(step, 2.0F) << i;
    }
}

TEST(WarpField, ConstantPicturesStayConstantToTheBorder) {
    std::vector<float> picture(2 * kPixels, 0.75F);
    WarpField(kSide, kSide, 4, 10, 5).apply(picture, 2);
    for (const float value : picture) EXPECT_NEAR(value, 0.75, 1e-6);
}

TEST(WarpField, TheSeedDecidesTheFieldAndJitterMakesAnotherOne) {
    Random jitter(1, 7);
    EXPECT_EQ(warped(1, 3), warped(1, 3));
    EXPECT_NE(warped(1, 3), warped(1, 4));
    EXPECT_NE(warped(1, 3), warped(1, 3, &jitter));
}

}  // namespace
}  // namespace bartizan::attacks::warp_tests
