#include "http/head.h"

#include <gtest/gtest.h>

namespace bartizan::http {
namespace {

using Parts = std::vector<std::string>;

TEST(HttpHead, TakesPathsApart) {
    EXPECT_EQ(*path_parts("/"), Parts());
    EXPECT_EQ(*path_parts("/v2/models/a%20b/infer"), (Parts{"v2", "models", "a b", "infer"}));
    EXPECT_EQ(*path_parts("/v2/"), (Parts{"v2"}));
}

TEST(HttpHead, RefusesPathsThatLeadElsewhere) {
    for (const char* path : {"/..", "/a/../b", "/%2e%2e/x", "/a/.", "/a%2fb", "/a%5Cb", "/a\\b", "/a%00", "/a%0ab",
                             "/a//b", "/%", "/%2", "/%zz", "relative"})
        EXPECT_FALSE(path_parts(path)) << path;
}

TEST(HttpHead, ReadsQueries) {
    EXPECT_EQ(query_value("a=1&b=x%20y&c", "b"), "x y");
    EXPECT_EQ(query_value("a=1&c", "c"), "");
    EXPECT_FALSE(query_value("a=1", "b"));
    EXPECT_FALSE(query_value("b=%zz", "b"));
}

TEST(HttpHead, NamesHaveNoCaseAndValuesNoControls) {
    EXPECT_TRUE(same_name("Content-Length", "content-length"));
    EXPECT_FALSE(same_name("a", "ab"));
    EXPECT_TRUE(safe_value("a\tb"));
    EXPECT_FALSE(safe_value("a\nb"));
    EXPECT_EQ(reason_of(429), "Too Many Requests");
}

}  // namespace
}  // namespace bartizan::http
