#include "lineage/sorter.h"

#include <algorithm>

#include "core/random.h"
#include "lineage/lineage_testing.h"

namespace bartizan::lineage {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

class Sorting : public Scratch {
protected:
    /// What comes out of a sorter with so much memory.
    Pairs sorted(const Pairs& pairs, std::size_t memory) const {
        Sorter sorter(path(""), memory);
        for (const auto& [key, value] : pairs) EXPECT_TRUE(sorter.add(key, value).ok());
        EXPECT_TRUE(sorter.sort().ok());
        Pairs out;
        while (const auto record = *sorter.next()) out.emplace_back(record->key, record->value);
        return out;
    }

    static Pairs many(std::size_t count) {
        Pairs pairs;
        for (std::size_t i = 0; i < count; ++i)
            pairs.emplace_back(std::to_string(i * 7919 % 1000), std::string(i % 50, 'v') + std::to_string(i));
        return pairs;
    }
};

TEST_F(Sorting, IsStableInMemoryAndThroughTheDisk) {
    const Pairs pairs = many(5000);
    Pairs expected = pairs;
    std::ranges::stable_sort(expected, {}, [](const auto& pair) { return pair.first; });
    EXPECT_EQ(sorted(pairs, kSortMemory), expected);
    EXPECT_EQ(sorted(pairs, 20'000), expected);  // some twenty runs
    EXPECT_EQ(sorted(pairs, 1), expected);       // a run for each record
}

TEST_F(Sorting, TakesNothingEmptyAndBinaryRecords) {
    EXPECT_TRUE(sorted({}, 1).empty());
    const Pairs odd = {{"b", ""}, {"", "x"}, {std::string("a\0z", 3), std::string("\0\n", 2)}, {"\xff", "last"}};
    const Pairs expected = {odd[1], odd[2], odd[0], odd[3]};
    EXPECT_EQ(sorted(odd, kSortMemory), expected);
    EXPECT_EQ(sorted(odd, 1), expected);
}

TEST_F(Sorting, TakesRecordsLargerThanItsWindow) {
    const Pairs pairs = {{"2", std::string(200'000, 'x')}, {"1", std::string(250'000, 'y')}, {"3", "z"}};
    const Pairs expected = {pairs[1], pairs[0], pairs[2]};
    EXPECT_EQ(sorted(pairs, 1), expected);
}

TEST_F(Sorting, RefusesARecordThatIsTooLong) {
    Sorter sorter(path(""));
    EXPECT_EQ(sorter.add("k", std::string(kLongestRecord, 'x')).error().code(), Errc::exhausted);
}

TEST_F(Sorting, LeavesNoFileBehindAndTellsWhenThereIsNoFolder) {
    EXPECT_EQ(sorted(many(100), 1).size(), 100U);
    EXPECT_TRUE(std::filesystem::is_empty(path("")));
    Sorter sorter(path("gone"), 1);
    ASSERT_TRUE(sorter.add("a", "b").ok());
    EXPECT_EQ(sorter.add("a", "b").error().code(), Errc::not_found);
}

}  // namespace
}  // namespace bartizan::lineage
