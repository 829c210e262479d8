#include "provenance/names.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

namespace bartizan::provenance {
namespace {

TEST(Names, StayInsideTheFolder) {
    for (const char* good : {"a", "a/b.bin", "..a", "a..", "...", "a b", "-", "caf\xc3\xa9", "C:\\x", ".git"})
        EXPECT_TRUE(check_name(good).ok()) << good;
    for (const char* bad : {"", "/", "/etc/passwd", "..", "../x", "a/../b", "a/..", "a//b", "a/", ".", "./a", "a/."})
        EXPECT_FALSE(check_name(bad).ok()) << bad;
    EXPECT_FALSE(check_name(std::string("a\0b", 3)).ok());
    EXPECT_FALSE(check_name(std::string(kLongestName + 1, 'a')).ok());
}

// Markus Kuhn, "UTF-8 decoder capability and stress test": overlong forms, surrogates, beyond U+10FFFF, cut sequences.
TEST(Names, AreUtf8) {
    for (const char* good :
         {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
        EXPECT_TRUE(is_utf8(good)) << good;
    for (const char* bad : {"\x80", "\xff", "\xc0\x80", "\xc1\xbf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\xaf",
                            "\xf4\x90\x80\x80", "\xc3", "\xe2\x82", "\xc3(", "a\xf8"})
        EXPECT_FALSE(is_utf8(bad)) << bad;
}

TEST(Names, AreOrderedPartByPart) {
    std::vector<std::string> names = {"a-b", "a/c", "a", "b", "a/b/c", "a/b-c", "A"};
    std::ranges::sort(names, before_by_parts);
    EXPECT_EQ(names, (std::vector<std::string>{"A", "a", "a/b/c", "a/b-c", "a/c", "a-b", "b"}));
}

}  // namespace
}  // namespace bartizan::provenance
