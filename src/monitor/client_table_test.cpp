#include "monitor/client_table.h"

#include <gtest/gtest.h>

namespace bartizan::monitor {
namespace {

using Table = ClientTable<int>;

void ask(Table& table, const std::string& name, int queries) {
    for (int i = 0; i < queries; ++i) ++table.see(name).state;
}

TEST(ClientTable, HoldsNoMoreThanItMay) {
    Table table(100, 1);
    for (int i = 0; i < 10'000; ++i) ask(table, "c" + std::to_string(i), i % 30);
    EXPECT_EQ(table.size(), 100U);
}

TEST(ClientTable, AFloodOfNewNamesFreesNobodyWhoIsKnownOrSuspected) {
    Table table(100, 1);
    ask(table, "known", 25);
    ask(table, "suspect", 3);
    table.suspect(table.see("suspect"), true);
    for (int i = 0; i < 100'000; ++i) ask(table, "n" + std::to_string(i), 1 + i % 15);
    ASSERT_TRUE(table.has("known"));
    ASSERT_TRUE(table.has("suspect"));
    EXPECT_EQ(table.see("known").state, 25);
    EXPECT_EQ(table.see("suspect").state, 3);
}

TEST(ClientTable, ASuspectStaysWhileAnyNumberOfKnownClientsComeAndGo) {
    Table table(100, 1);
    ask(table, "suspect", 30);
    table.suspect(table.see("suspect"), true);
    for (int i = 0; i < 5'000; ++i) ask(table, "k" + std::to_string(i), 40);
    EXPECT_TRUE(table.has("suspect"));
    // Who is cleared goes the way of the others.
    table.suspect(table.see("suspect"), false);
    for (int i = 0; i < 5'000; ++i) ask(table, "l" + std::to_string(i), 40);
    EXPECT_FALSE(table.has("suspect"));
}

TEST(ClientTable, WhoLetsHimselfBeForgottenComesBackAsKnown) {
    Table table(100, 1);
    const auto flood = [&](const std::string& prefix) {
        for (int i = 0; i < 200; ++i) ask(table, prefix + std::to_string(i), 1);
    };
    ask(table, "attacker", kKnownAfter - 1);
    flood("a");
    EXPECT_FALSE(table.has("attacker"));
    EXPECT_EQ(table.see("attacker").weight, Weight::known);
    flood("b");  // the same trick does not work twice
    EXPECT_TRUE(table.has("attacker"));
}

TEST(NameSketch, CountsAtLeastWhatThereWasAndLittleMore) {
    NameSketch sketch(7);
    for (int i = 0; i < 1000; ++i) sketch.add("n" + std::to_string(i), static_cast<std::uint32_t>(i % 50));
    int over = 0;
    for (int i = 0; i < 1000; ++i) {
        const std::uint32_t count = sketch.count("n" + std::to_string(i));
        EXPECT_GE(count, static_cast<std::uint32_t>(i % 50));
        over += count > static_cast<std::uint32_t>(i % 50) ? 1 : 0;
    }
    EXPECT_LT(over, 50);
    EXPECT_EQ(NameSketch(7).count("anybody"), 0U);
}

}  // namespace
}  // namespace bartizan::monitor
