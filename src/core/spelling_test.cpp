#include "core/spelling.h"

#include <limits>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace bartizan {
namespace {

constexpr std::string_view kWords[] = {"audit", "attack", "evaluate", "apgd-ce", "apgd-dlr"};

TEST(Spelling, CountsTheEditsOfTextbookPairs) {
    EXPECT_EQ(spelling_distance("kitten", "sitting"), 3U);
    EXPECT_EQ(spelling_distance("", "abc"), 3U);
    EXPECT_EQ(spelling_distance("ca", "ac"), 1U);  // one swap of neighbours
    EXPECT_EQ(spelling_distance("same", "same"), 0U);
}

TEST(Spelling, FindsTheWordThatWasMeant) {
    EXPECT_EQ(nearest_word("adit", kWords), "audit");
    EXPECT_EQ(nearest_word("atack", kWords), "attack");
    EXPECT_EQ(nearest_word("apgd-ec", kWords), "apgd-ce");
    EXPECT_EQ(nearest_word("eval", kWords), "evaluate");
}

TEST(Spelling, SuggestsNothingForAnotherWord) {
    EXPECT_EQ(nearest_word("zebra", kWords), "");
    EXPECT_EQ(did_you_mean("zebra", kWords, "see --help"), "see --help");
    EXPECT_EQ(did_you_mean("adit", kWords), "did you mean 'audit'?");
}

TEST(Spelling, RefusesToMeasureEndlessWords) {
    const std::string endless(1'000'000, 'a');
    EXPECT_EQ(spelling_distance(endless, "a"), std::numeric_limits<std::size_t>::max());
    EXPECT_EQ(nearest_word(endless, kWords), "");
}

}  // namespace
}  // namespace bartizan
