/// Rules of upstreams, and the names under which a server elsewhere is asked; tests/e2e/upstream.py has real servers.
#include "gateway/upstream.h"

#include <future>

#include <gtest/gtest.h>

#include "core/file.h"
#include "gateway/config.h"

namespace bartizan::gateway {
namespace {

std::string fault(const UpstreamRule& rule) {
    const Result<void> checked = check_upstream(rule);
    return checked.ok() ? "" : checked.error().line();
}

TEST(Upstream, RulesSayWhatIsWrongWithThem) {
    EXPECT_EQ(fault({"m", "http://127.0.0.1:8000"}), "");
    EXPECT_EQ(fault({"*", "grpcs://triton.example:8001", "a_b-c.d", "v{version}"}), "");
    EXPECT_EQ(fault({.model = "m", .address = "http://triton.example", .insecure = true}), "");
    EXPECT_NE(fault({"", "https://h"}), "");
    EXPECT_NE(fault({"m", "http://triton.example"}).find("not secured"), std::string::npos);
    EXPECT_NE(fault({"m", "grpc://triton.example:1"}).find("not secured"), std::string::npos);
    EXPECT_NE(fault({"m", "grpc://localhost:1/path"}).find("no path"), std::string::npos);
    EXPECT_NE(fault({"m", "https://h", "a/b"}).find("name"), std::string::npos);
    EXPECT_NE(fault({"m", "https://h", "", "{version}/../1"}).find("version"), std::string::npos);
}

/// Keeps what it was asked, and answers at once.
class Keeper final : public http::Peer {
public:
    void ask(http::PeerRequest request, http::PeerDone done) override {
        asked = std::move(request);
        done(http::PeerResponse{.status = 200, .headers = {{"bartizan-features", "8"}, {"Other", "x"}}, .body = "{}"});
    }
    void close() override { closed = true; }
    http::PeerRequest asked;
    bool closed = false;
};

class Asked : public testing::Test {
protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "bartizan-XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
        ASSERT_TRUE(write_file_atomically(folder_ / "token", "let-me-in\n").ok());
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path folder_;
};

TEST_F(Asked, UnderTheNamesOfTheRuleAndWithItsToken) {
    const auto keeper = std::make_shared<Keeper>();
    GrpcUpstream to;
    const GrpcPeers peers = [&](const GrpcUpstream& one) -> PeerMaker {
        to = one;
        return [keeper](http::Loop&) { return keeper; };
    };
    const auto opened = open_upstreams({{.model = "m",
                                         .address = "grpc://127.0.0.1:8001",
                                         .name = "there",
                                         .version = "r{version}",
                                         .token_file = folder_ / "token"}},
                                       peers);
    ASSERT_TRUE(opened.ok()) << opened.error().line();
    EXPECT_EQ(to.host + ":" + std::to_string(to.port), "127.0.0.1:8001");
    EXPECT_FALSE(to.secure);
    http::Loops loops(1);
    EXPECT_FALSE((*opened)({.id = {{registry::Kind::model, "other"}, 1}}));
    const PeerMaker make = (*opened)({.id = {{registry::Kind::model, "m"}, 3}});
    ASSERT_TRUE(make);
    const auto peer = make(loops.at(0));
    http::PeerResponse got;
    peer->ask({.path = "/v2/models/m/infer", .headers = {{"Bartizan-Features", "1"}, {"traceparent", "t"}}},
              [&](Result<http::PeerResponse> response) { got = std::move(*response); });
    EXPECT_EQ(keeper->asked.path, "/v2/models/there/versions/r3/infer");
    const http::Headers expected = {{"traceparent", "t"}, {"Authorization", "Bearer let-me-in"}};
    EXPECT_EQ(keeper->asked.headers, expected);
    EXPECT_EQ(got.headers, (http::Headers{{"Other", "x"}})) << "features are between us and workers of our own alone";
    peer->close();
    EXPECT_TRUE(keeper->closed);
}

TEST_F(Asked, WhatCannotBeOpenedIsToldAtTheStart) {
    EXPECT_FALSE(open_upstreams({{.model = "m", .address = "grpc://127.0.0.1:1"}}, {}).ok()) << "no gRPC in this build";
    ASSERT_TRUE(write_file_atomically(folder_ / "empty", " \n").ok());
    for (const char* file : {"missing", "empty"})
        EXPECT_FALSE(open_upstreams({{.model = "m", .address = "https://h", .token_file = folder_ / file}}, {}).ok());
    EXPECT_FALSE(*open_upstreams({}, {}));
}

TEST(Upstream, ComesFromTheConfiguration) {
    const auto config = parse_config(
        "upstreams:\n  - {model: m, address: 'https://h:1', name: n, version: '{version}', authority: a.pem}\n",
        "f/s.yaml");
    ASSERT_TRUE(config.ok()) << config.error().line();
    ASSERT_EQ(config->upstreams.size(), 1U);
    EXPECT_EQ(config->upstreams[0].authority, "f/a.pem");
    EXPECT_TRUE(check_config(*config).ok());
}

}  // namespace
}  // namespace bartizan::gateway
