#include "core/random.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include <gtest/gtest.h>

namespace bartizan {
namespace {

// Known answers of the reference implementation, Random123 1.14, examples kat_vectors, "philox4x32 10".
TEST(Philox, AgreesWithTheReferenceVectors) {
    EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
              (PhiloxCounter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
    EXPECT_EQ(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
              (PhiloxCounter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
    EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
              (PhiloxCounter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, RepeatsForEqualKeysAndDiffersForOthers) {
    Random a(7, 3), b(7, 3), stream(7, 4), seed(8, 3), purpose(7, 3, 1);
    const std::uint64_t first = a.bits64();
    EXPECT_EQ(first, b.bits64());
    EXPECT_NE(first, stream.bits64());
    EXPECT_NE(first, seed.bits64());
    EXPECT_NE(first, purpose.bits64());
}

TEST(Random, UniformHasTheRightMomentsAndRange) {
    Random random(1, 0);
    double sum = 0, squares = 0;
    constexpr int kDraws = 200'000;
    for (int i = 0; i < kDraws; ++i) {
        const double value = random.uniform();
        ASSERT_GE(value, 0);
        ASSERT_LT(value, 1);
        sum += value;
        squares += value * value;
    }
    EXPECT_NEAR(sum / kDraws, 0.5, 0.003);
    EXPECT_NEAR(squares / kDraws, 1.0 / 3, 0.003);
}

TEST(Random, NormalHasTheRightMoments) {
    Random random(2, 0);
    double sum = 0, squares = 0;
    constexpr int kDraws = 200'000;
    for (int i = 0; i < kDraws; ++i) {
        const double value = random.normal();
        sum += value;
        squares += value * value;
    }
    EXPECT_NEAR(sum / kDraws, 0, 0.01);
    EXPECT_NEAR(squares / kDraws, 1, 0.02);
}

TEST(Random, BelowCoversItsRangeEvenly) {
    Random random(3, 0);
    std::array<int, 5> counts{};
    for (int i = 0; i < 50'000; ++i) ++counts[random.below(5)];
    for (const int count : counts) EXPECT_NEAR(count, 10'000, 400);
}

TEST(Random, PermutationHoldsEveryIndexOnce) {
    auto order = permutation(1000, 5);
    EXPECT_NE(order, permutation(1000, 6));
    std::ranges::sort(order);
    for (std::int64_t i = 0; i < 1000; ++i) ASSERT_EQ(order[static_cast<std::size_t>(i)], i);
}

}  // namespace
}  // namespace bartizan
