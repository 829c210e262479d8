#include "http/url.h"

#include <gtest/gtest.h>

namespace bartizan::http {
namespace {

TEST(Url, PartsAreTold) {
    const auto url = parse_url("https://Example.com:8443/a/b.pt?x=1#part");
    ASSERT_TRUE(url.ok());
    EXPECT_TRUE(url->secure);
    EXPECT_EQ(url->host, "example.com");
    EXPECT_EQ(url->port, 8443);
    EXPECT_EQ(url->target, "/a/b.pt?x=1");
    EXPECT_EQ(url->file_name(), "b.pt");
    EXPECT_EQ(url->text(), "https://example.com:8443/a/b.pt?x=1");
    EXPECT_EQ(parse_url("http://h")->text(), "http://h/");
    EXPECT_EQ(parse_url("http://h?q")->target, "/?q");
    EXPECT_EQ(parse_url("https://[::1]:80/")->authority(), "[::1]:80");
    EXPECT_EQ(parse_url("https://[::1]/")->authority(), "[::1]");
}

TEST(Url, OthersAreRefused) {
    for (const char* text : {"", "ftp://h/", "https://", "https:///x", "https://user:secret@h/", "https://h:0/",
                             "https://h:65536/", "https://h:x/", "https://h/a b", "https://h/\r\nX: y", "https://[::1",
                             "https://[::1]x/", "https://[]/", "https://a/b\\c", "https://ex_am ple/"})
        EXPECT_FALSE(parse_url(text).ok()) << text;
    EXPECT_FALSE(parse_url("https://h/" + std::string(9'000, 'x')).ok());
}

TEST(Url, RedirectsAreResolved) {
    const Url base = *parse_url("https://h:1/a/b?q");
    EXPECT_EQ(resolve(base, "/x")->text(), "https://h:1/x");
    EXPECT_EQ(resolve(base, "c")->text(), "https://h:1/a/c");
    EXPECT_EQ(resolve(base, "//other/y")->text(), "https://other/y");
    EXPECT_EQ(resolve(base, "http://other/")->secure, false);
    EXPECT_FALSE(resolve(base, "ftp://other/").ok());
    EXPECT_FALSE(resolve(base, "/a\nb").ok());
}

TEST(Url, KnowsThisMachineFromNamesThatOnlyLookLikeIt) {
    for (const char* here : {"http://127.0.0.1:1", "http://127.9.9.9", "http://localhost", "http://[::1]:80"})
        EXPECT_TRUE(parse_url(here)->is_loopback()) << here;
    for (const char* other :
         {"http://127.example.com", "http://128.0.0.1", "http://localhost.example.com", "http://[::2]"})
        EXPECT_FALSE(parse_url(other)->is_loopback()) << other;
}

}  // namespace
}  // namespace bartizan::http
