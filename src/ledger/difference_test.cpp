#include "ledger/difference.h"

#include <numeric>
#include <random>

#include <gtest/gtest.h>

namespace bartizan::ledger {
namespace {

using List = std::vector<std::uint64_t>;
using Found = std::vector<Difference>;

const List kBefore = {10, 11, 12, 13, 14, 15, 16};

TEST(Difference, is_none_between_the_same) {
    EXPECT_EQ(differences(kBefore, kBefore), Found());
    EXPECT_EQ(differences({}, {}), Found());
}

TEST(Difference, tells_what_one_change_did) {
    EXPECT_EQ(differences(kBefore, List({10, 11, 99, 13, 14, 15, 16})), Found({{Change::changed, 2, 2}}));
    EXPECT_EQ(differences(kBefore, List({10, 11, 13, 14, 15, 16})), Found({{Change::removed, 2, 2}}));
    EXPECT_EQ(differences(kBefore, List({10, 11, 12, 13, 14, 15})), Found({{Change::removed, 6, 6}}));
    EXPECT_EQ(differences(kBefore, List({99, 10, 11, 12, 13, 14, 15, 16})), Found({{Change::added, 0, 0}}));
    EXPECT_EQ(differences(kBefore, List({10, 11, 12, 12, 13, 14, 15, 16})), Found({{Change::added, 3, 3}}));
    EXPECT_EQ(differences(kBefore, List({10, 12, 13, 14, 15, 11, 16})), Found({{Change::moved, 1, 5}}));
    EXPECT_EQ(differences(kBefore, List({10, 15, 11, 12, 13, 14, 16})), Found({{Change::moved, 5, 1}}));
}

TEST(Difference, tells_several_changes_apart) {
    EXPECT_EQ(differences(kBefore, List({98, 10, 12, 99, 15, 14, 16})),
              Found({{Change::added, 0, 0}, {Change::removed, 1, 1}, {Change::changed, 3, 3}, {Change::moved, 5, 4}}));
    EXPECT_EQ(differences(kBefore, {}).size(), 7U);
    EXPECT_EQ(differences({}, kBefore).size(), 7U);
}

TEST(Difference, accounts_for_every_item_of_a_shuffle) {
    List after(500);
    std::iota(after.begin(), after.end(), 0);
    const List before = after;
    std::mt19937 random(3);
    for (int i = 0; i < 20; ++i) std::swap(after[random() % 500], after[random() % 500]);
    const Found found = differences(before, after);
    EXPECT_FALSE(found.empty());
    EXPECT_LE(found.size(), 40U);
    for (const Difference& one : found) {
        EXPECT_EQ(one.change, Change::moved);
        EXPECT_EQ(after[one.found], before[one.index]);
    }
}

}  // namespace
}  // namespace bartizan::ledger
