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

TEST(Names, AreOrderedPartByPart) {
    std::vector<std::string> names = {"a-b", "a/c", "a", "b", "a/b/c", "a/b-c", "A"};
    std::ranges::sort(names, before_by_parts);
    EXPECT_EQ(names, (std::vector<std::string>{"A", "a", "a/b/c", "a/b-c", "a/c", "a-b", "b"}));
}

}  // namespace
}  // namespace bartizan::provenance
