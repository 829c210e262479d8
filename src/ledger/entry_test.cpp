#include "ledger/entry.h"

#include <gtest/gtest.h>

namespace bartizan::ledger {
namespace {

const Event kEvent{"model.promote", "anna", "model:fashion", {{"to", "production"}, {"score", 0.5}}};
constexpr std::string_view kLine =
    R"({"actor":"anna","asset":"model:fashion","details":{"score":0.5,"to":"production"},"index":7,)"
    R"("kind":"model.promote","time":"2023-11-14T22:13:20.000001Z"})";

TEST(Entry, has_one_spelling_and_reads_back) {
    const std::string line = EntryText::make(kEvent, time_text(1700000000000001))->with_index(7);
    EXPECT_EQ(line, kLine);
    const Entry entry = *parse_entry(line);
    EXPECT_EQ(entry.index, 7U);
    EXPECT_EQ(entry.time, "2023-11-14T22:13:20.000001Z");
    EXPECT_EQ(entry.event.kind, "model.promote");
    EXPECT_EQ(entry.event.actor, "anna");
    EXPECT_EQ(entry.event.asset, "model:fashion");
    EXPECT_EQ(entry.event.details["score"], 0.5);
}

TEST(Entry, times_before_1970_are_times_too) { EXPECT_EQ(time_text(-1), "1969-12-31T23:59:59.999999Z"); }

TEST(Entry, what_cannot_be_remembered_is_refused) {
    const auto refused = [](const Event& event) { return !EntryText::make(event, "now").ok(); };
    EXPECT_FALSE(refused(kEvent));
    EXPECT_TRUE(refused({"", "a", "b", Json::object()}));
    EXPECT_TRUE(refused({"k", "a", "b", Json::array()}));
    EXPECT_TRUE(refused({"k", "\xff", "b", Json::object()}));
    EXPECT_TRUE(refused({"k", "a", "b", {{"x", std::string(kLongestEntry, 'x')}}}));
    Json deep = Json::object();
    for (std::size_t i = 0; i < kDeepestEntry; ++i) deep = Json{{"d", deep}};
    EXPECT_TRUE(refused({"k", "a", "b", deep}));
}

TEST(Entry, another_spelling_of_an_entry_is_refused) {
    ASSERT_TRUE(parse_entry(kLine).ok());
    std::string blank(kLine);
    blank.insert(1, " ");
    EXPECT_FALSE(parse_entry(blank).ok());
    for (std::size_t i = 0; i < kLine.size(); ++i) EXPECT_FALSE(parse_entry(kLine.substr(0, i)).ok()) << i;
    EXPECT_FALSE(parse_entry("[]").ok());
    EXPECT_FALSE(parse_entry(R"({"actor":"","asset":"","details":[],"index":0,"kind":"","time":""})").ok());
    EXPECT_FALSE(parse_entry(R"({"actor":"","asset":"","details":{},"index":-1,"kind":"","time":""})").ok());
    EXPECT_FALSE(parse_entry(R"({"actor":1,"asset":"","details":{},"index":1,"kind":"","time":""})").ok());
    EXPECT_FALSE(parse_entry(R"({"actor":"","asset":"","details":{},"index":1,"kind":"","more":""})").ok());
}

}  // namespace
}  // namespace bartizan::ledger
