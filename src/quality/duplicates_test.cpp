#include "quality/duplicates.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "core/random.h"

namespace bartizan::quality {
namespace {

using Pairs = std::vector<std::pair<std::int64_t, std::int64_t>>;

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

TEST(Duplicates, NotANumberEqualsItself) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    EXPECT_EQ(exact_duplicates({{nan, 1, nan, 1, nan, 2}, 2}), (std::vector<Group>{{0, 1}}));
}

TEST(Duplicates, OfOddWidthAreToldByTheirLastValue) {
    EXPECT_TRUE(exact_duplicates({{1, 2, 3, 1, 2, 4}, 3}).empty());
    EXPECT_EQ(exact_duplicates({{1, 2, 3, 1, 2, 3}, 3}).size(), 1U);
    EXPECT_TRUE(exact_leaks({{1, 2}, 2}, {{1, 2}, 1}).empty()) << "other widths share nothing";
}

TEST(Duplicates, ManyHashesOfOneQuarterAreNotComparedAllWithAll) {
    std::vector<std::uint64_t> hashes(200'000, 0);
    EXPECT_TRUE(similar_hashes(hashes, 3, 1'000'000).empty());
}

TEST(Duplicates, HashesThatDifferInThreeBitsAreFoundWhereverTheyStand) {
    Random random(5, 0);
    std::vector<std::uint64_t> hashes;
    for (int i = 0; i < 200; ++i) hashes.push_back(random.bits64());
    Pairs expected;
    for (std::int64_t i = 0; i < 50; ++i) {
        std::uint64_t near = hashes[std::size_t(i)];
        for (const std::uint64_t bit : {i % 64, (i + 20) % 64, (i + 41) % 64}) near ^= std::uint64_t{1} << bit;
        expected.emplace_back(i, std::ssize(hashes));
        hashes.push_back(near);
    }
    EXPECT_EQ(similar_hashes(hashes, 3, 1'000), expected);
    EXPECT_TRUE(similar_hashes(hashes, 2, 1'000).empty());
    EXPECT_EQ(similar_hashes(hashes, 3, 7).size(), 7U);
}

TEST(Duplicates, LayoutsOfPicturesGiveOneHash) {
    Random random(6, 0);
    const std::size_t pixels = 16 * 16;
    std::vector<float> first(pixels * 3), last(pixels * 3);
    for (std::size_t i = 0; i < pixels; ++i)
        for (std::size_t c = 0; c < 3; ++c) first[c * pixels + i] = last[i * 3 + c] = random.uniform();
    const std::vector<std::int64_t> chw = {3, 16, 16}, hwc = {16, 16, 3}, flat = {768};
    const auto hash = picture_hashes({first, first.size()}, chw);
    ASSERT_EQ(hash.size(), 1U);
    EXPECT_LE(std::popcount(hash[0] ^ picture_hashes({last, last.size()}, hwc)[0]), 1);
    EXPECT_TRUE(picture_hashes({first, first.size()}, flat).empty());
}

TEST(Duplicates, PairsAreJoinedThroughThirds) {
    EXPECT_EQ(grouped(8, Pairs{{5, 6}, {1, 4}, {4, 7}, {6, 5}}), (std::vector<Group>{{1, 4, 7}, {5, 6}}));
}

}  // namespace
}  // namespace bartizan::quality
