#include "lineage/json_line.h"

#include <gtest/gtest.h>

#include "core/json.h"

namespace bartizan::lineage {
namespace {

std::string string_of(std::string_view text) {
    const auto read = JsonLine(text).string(100);
    return read.ok() ? *read : read.error().line();
}

TEST(JsonLines, ReadStringsAsTheGeneralParserDoes) {
    for (const std::string_view text : {R"("")", R"("plain")", R"("a\"b\\c\/d")", R"("\b\f\n\r\t")",
                                        R"("\u0041\u00e9\u20ac")", R"("\ud83d\ude00")", "\"h\xc3\xa9llo\""})
        EXPECT_EQ(string_of(text), Json::parse(text).get<std::string>()) << text;
}

TEST(JsonLines, RefuseBrokenStringsAndNameTheByte) {
    EXPECT_EQ(string_of("x"), "a string is missing at byte 1");
    EXPECT_EQ(string_of(R"("abc)"), "a string does not end at byte 5");
    EXPECT_EQ(string_of("\"a\nb\""), "a control character in a string at byte 3");
    EXPECT_EQ(string_of(R"("\x")"), "an unknown escape at byte 4");
    EXPECT_EQ(string_of(R"("\u12")"), "an escape is broken at byte 4");
    EXPECT_EQ(string_of(R"("\ud83dx")"), "half a surrogate pair at byte 8");
    EXPECT_EQ(string_of(R"("\ude00")"), "half a surrogate pair at byte 8");
    EXPECT_EQ(string_of('"' + std::string(101, 'a') + '"'), "a text of more than 100 bytes at byte 103");
}

TEST(JsonLines, ReadWholeNumbersAlone) {
    EXPECT_EQ(*JsonLine("18446744073709551615").number(), 18446744073709551615U);
    EXPECT_EQ(*JsonLine(" -7").signed_number(), -7);
    for (const char* text : {"", "-1", "1.5", "1e3", "01", "18446744073709551616", "x"})
        EXPECT_FALSE(JsonLine(text).number().ok()) << text;
}

TEST(JsonLines, WriteStringsThatTheGeneralParserReads) {
    std::string out;
    append_json_string(out, "a\"b\\c\nd\x01 é");
    EXPECT_EQ(Json::parse(out).get<std::string>(), "a\"b\\c\nd\x01 é");
}

}  // namespace
}  // namespace bartizan::lineage
