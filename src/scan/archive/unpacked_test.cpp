#include "scan/archive/unpacked.h"

#include <gtest/gtest.h>

#include "scan/rules.h"
#include "scan/scan_testing.h"

namespace bartizan::scan {
namespace {

Bytes bytes_of(const std::string& text) { return std::as_bytes(std::span(text.data(), text.size())); }

TEST(ScanUnpacked, FewBytesAreHeldManyLieInAFile) {
    FileResult result;
    Budget budget;
    const Context context{result, budget};
    Unpacked few(context, 10), many(context, 10'000'000);
    ASSERT_TRUE(few.append(bytes_of("hello")));
    EXPECT_EQ(few.bytes().size(), 5U);
    EXPECT_TRUE(few.mapped().empty());
    const std::string piece(700'000, 'x');
    for (int i = 0; i < 5; ++i) ASSERT_TRUE(many.append(bytes_of(piece)));
    const Bytes all = many.bytes();
    ASSERT_EQ(all.size(), 5 * piece.size());
    EXPECT_EQ(std::to_integer<char>(all[3'333'333]), 'x');
    EXPECT_FALSE(many.mapped().empty());
    EXPECT_EQ(result.verdict, Verdict::clean);
}

TEST(ScanUnpacked, TheBudgetOfTheWholeFileEndsIt) {
    FileResult result;
    Budget budget{.unpacked = 10};
    const Context context{result, budget};
    Unpacked first(context, 10), second(context, 10);
    EXPECT_TRUE(first.append(bytes_of("1234567")));
    EXPECT_FALSE(second.append(bytes_of("1234567")));
    EXPECT_EQ(result.verdict, Verdict::incomplete);
}

TEST(ScanUnpacked, GrowthBeyondMeasureIsABomb) {
    FileResult result;
    Budget budget;
    const Context context{result, budget};
    Unpacked bomb(context, 1'000);
    const std::string piece(1 << 20, '\0');
    bool more = true;
    for (int i = 0; i < 200 && more; ++i) more = bomb.append(bytes_of(piece));
    EXPECT_FALSE(more);
    EXPECT_LE(bomb.size(), kBombBytes);
    EXPECT_TRUE(has_rule(result, rule::kExhausts));
}

}  // namespace
}  // namespace bartizan::scan
