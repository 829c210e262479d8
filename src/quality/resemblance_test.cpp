#include "quality/resemblance.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.h"
#include "quality/scratch_testing.h"

namespace bartizan::quality {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

Parts random_parts(std::uint64_t stream, std::size_t count) {
    Random random(5, stream);
    Parts parts;
    for (std::size_t i = 0; i < count; ++i) parts.push_back(random.bits64());
    std::ranges::sort(parts);
    return parts;
}

TEST(Similarity, IsWhatIsSharedOfWhatThereIs) {
    EXPECT_DOUBLE_EQ(similarity({1, 2, 3}, {2, 3, 4}), 0.5);
    EXPECT_DOUBLE_EQ(similarity({1, 2}, {1, 2}), 1);
    EXPECT_DOUBLE_EQ(similarity({1}, {2}), 0);
    EXPECT_DOUBLE_EQ(similarity({}, {}), 0);
}

TEST(Resembling, FindsEveryPlantedPairAndNoOther) {
    std::vector<Parts> items;
    for (std::uint64_t i = 0; i < 2'000; ++i) items.push_back(random_parts(i, 100));
    std::size_t planted = 0;
    for (std::size_t i = 0; i < 200; ++i) {
        Parts copy = items[i * 10];
        copy[i % 100] ^= 1;  // one part in a hundred: similarity 0.98
        std::ranges::sort(copy);
        items.push_back(std::move(copy));
        ++planted;
    }
    const auto pairs = resembling(items, kResembles, 1'000);
    EXPECT_EQ(pairs.size(), planted);
    for (const auto& [a, b] : pairs) EXPECT_EQ(a, (b - 2'000) * 10);
}

TEST(Resembling, LeavesOutWhatHasTooFewParts) {
    const std::vector<Parts> items(10, Parts{1, 2, 3});
    EXPECT_THAT(resembling(items, kResembles, 100), IsEmpty());
}

TEST(Resembling, DoesNotGrowWithTheSquareOfEqualItems) {
    const std::vector<Parts> items(20'000, random_parts(1, 20));
    EXPECT_LE(resembling(items, kResembles, 1'000).size(), 1'000U);
}

class PartsOfTables : public Scratch {};

TEST_F(PartsOfTables, AreShinglesOfFreeTextWhateverTheCase) {
    const Subject text = subject(
        "id,text\n1,The quick brown fox jumps over the lazy dog and runs far away\n"
        "2,the QUICK brown fox jumps over the lazy dog and runs far away!\n"
        "3,Another sentence that has nothing in common with these two others\n");
    EXPECT_THAT(resembling(parts_of(text), kResembles, 10), ElementsAre(Pair(0, 1)));
}

TEST_F(PartsOfTables, AreTheCellsOfRowsWithoutTheCommonestValue) {
    const Subject table = subject("a,b,c\n0,7,x\n0,8,y\n0,7,z\n5,9,x\n");
    const auto parts = parts_of(table);
    EXPECT_EQ(parts[0].size(), 2U);  // the zero says nothing
    EXPECT_EQ(parts[3].size(), 3U);
    EXPECT_DOUBLE_EQ(similarity(parts[0], parts[2]), 1.0 / 3);
}

}  // namespace
}  // namespace bartizan::quality
