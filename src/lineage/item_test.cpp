#include "lineage/item.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json.h"

namespace bartizan::lineage {
namespace {

using testing::HasSubstr;

const std::string kDigest(64, 'a');

Item full_item() {
    return {.id = "train/cat/\"1\".png",
            .sha256 = kDigest,
            .size = 123,
            .label = "cat",
            .origin = {.source = "partner 7",
                       .licence = "CC-BY-4.0",
                       .collected_at = "2026-01-01T00:00:00Z",
                       .collected_by = "crawler 1.2",
                       .tags = {"consent:research", "purpose:training"},
                       .transformations = {"crop", "resize 32x32"}},
            .seen = Seen{-5, 77}};
}

std::string refusal(std::string_view line, IdRule rule = IdRule::path) {
    const auto item = parse_item(line, rule);
    return item.ok() ? "" : item.error().line();
}

std::string line_with(const std::string& more) {
    return R"({"id":"a","sha256":")" + kDigest + R"(","size":1)" + more + "}";
}

TEST(Items, AreReadAsTheyWereWritten) {
    EXPECT_EQ(*parse_item(write_item(full_item()), IdRule::path), full_item());
    const Item least{.id = "a", .sha256 = kDigest};
    EXPECT_EQ(*parse_item(write_item(least), IdRule::path), least);
}

TEST(Items, AreWrittenAsJsonThatOthersRead) {
    const Json json = Json::parse(write_item(full_item()));
    EXPECT_EQ(json["collected"]["by"], "crawler 1.2");
    EXPECT_EQ(json["tags"][1], "purpose:training");
    EXPECT_EQ(json["seen"][0], -5);
}

TEST(Items, AreReadInAnyOrderOfKeysAndWithBlanks) {
    const auto item = parse_item("{ \"size\" : 7 , \"sha256\":\"" + kDigest + "\", \"id\":\"b\" } ", IdRule::path);
    ASSERT_TRUE(item.ok()) << item.error().line();
    EXPECT_EQ(item->size, 7U);
}

TEST(Items, ThatLeaveTheDataSetAreRefused) {
    for (const char* id : {"../a", "a/../../b", "/etc/passwd", "a//b", ".", "a/.", "", "a/"})
        EXPECT_NE(refusal(R"({"id":")" + std::string(id) + R"(","sha256":")" + kDigest + R"(","size":1})"), "") << id;
    const std::string row = R"({"id":"../a","sha256":")" + kDigest + R"(","size":1})";
    EXPECT_EQ(refusal(row, IdRule::row), "");
}

TEST(Items, ThatAreMalformedAreRefusedWithTheReason) {
    EXPECT_THAT(refusal(""), HasSubstr("'{' is missing"));
    EXPECT_THAT(refusal("[]"), HasSubstr("'{' is missing"));
    EXPECT_THAT(refusal("{}"), HasSubstr("'id' is missing"));
    EXPECT_THAT(refusal(R"({"id":"a","size":1})"), HasSubstr("'sha256' is missing"));
    EXPECT_THAT(refusal(R"({"id":"a","sha256":"abc","size":1})"), HasSubstr("64 lower-case"));
    EXPECT_THAT(refusal(R"({"id":"a","sha256":")" + std::string(64, 'A') + R"(","size":1})"),
                HasSubstr("64 lower-case"));
    EXPECT_THAT(refusal(line_with(R"(,"id":"b")")), HasSubstr("'id' stands there twice"));
    EXPECT_THAT(refusal(line_with(R"(,"sighs":1)")), HasSubstr("'sighs' is not a key"));
    EXPECT_THAT(refusal(line_with(R"(,"label":7)")), HasSubstr("a string is missing"));
    EXPECT_THAT(refusal(line_with(R"(,"tags":["a" "b"])")), HasSubstr("']' is missing"));
    EXPECT_THAT(refusal(line_with(R"(,"collected":{"at":"x","at":"y"})")), HasSubstr("twice"));
    EXPECT_THAT(refusal(line_with(R"(,"seen":[1])")), HasSubstr("',' is missing"));
    EXPECT_THAT(refusal(line_with("") + "{}"), HasSubstr("something follows"));
    EXPECT_THAT(refusal(line_with(R"(,"label":"\u0007")")), HasSubstr("control character"));
    EXPECT_THAT(refusal(line_with(",\"label\":\"\xff\"")), HasSubstr("not UTF-8"));
    EXPECT_THAT(refusal(line_with(",\"label\":\"\xe9t\xe9\"")), HasSubstr("not UTF-8"));
}

TEST(Items, HaveBoundedLists) {
    std::string tags = R"(,"tags":["0")";
    for (std::size_t i = 1; i <= kMostTags; ++i) tags += ",\"x\"";
    EXPECT_THAT(refusal(line_with(tags + "]")), HasSubstr("more than 64 entries"));
    EXPECT_THAT(refusal(line_with(R"(,"label":")" + std::string(kLongestText + 1, 'x') + "\"")),
                HasSubstr("more than 4096"));
}

TEST(Items, CannotBeMadeWithAnOriginThatNoLineHolds) {
    EXPECT_TRUE(check_origin(full_item().origin).ok());
    EXPECT_FALSE(check_origin({.source = "a\nb"}).ok());
    EXPECT_FALSE(check_origin({.licence = "\xff"}).ok());
    EXPECT_FALSE(check_origin({.tags = std::vector<std::string>(kMostTags + 1, "x")}).ok());
    EXPECT_FALSE(check_origin({.tags = std::vector<std::string>(10, std::string(4000, 'x'))}).ok());
}

TEST(Items, OfEveryCutLengthAreRefused) {
    const std::string line = write_item(full_item());
    for (std::size_t size = 0; size < line.size(); ++size)
        EXPECT_FALSE(parse_item(line.substr(0, size), IdRule::path).ok()) << size;
}

}  // namespace
}  // namespace bartizan::lineage
