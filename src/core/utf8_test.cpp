#include "core/utf8.h"

#include <gtest/gtest.h>

namespace bartizan {
namespace {

// Markus Kuhn, "UTF-8 decoder capability and stress test": overlong forms, surrogates, beyond U+10FFFF, cut sequences.
TEST(Utf8, IsToldFromOtherBytes) {
    for (const char* good :
         {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
        EXPECT_TRUE(is_utf8(good)) << good;
    for (const char* bad : {"\x80", "\xff", "\xc0\x80", "\xc1\xbf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\xaf",
                            "\xf4\x90\x80\x80", "\xc3", "\xe2\x82", "\xc3(", "a\xf8"})
        EXPECT_FALSE(is_utf8(bad)) << bad;
}

TEST(Utf8, LengthIsThatOfTheFirstCharacter) {
    EXPECT_EQ(utf8_length(""), 0U);
    EXPECT_EQ(utf8_length("ab"), 1U);
    EXPECT_EQ(utf8_length("\xc3\xa9x"), 2U);
    EXPECT_EQ(utf8_length("\xf0\x9f\x98\x80"), 4U);
    EXPECT_EQ(utf8_length("\xf0\x9f\x98"), 0U);
}

}  // namespace
}  // namespace bartizan
