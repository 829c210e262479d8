#include "gateway/config.h"

#include <gtest/gtest.h>

namespace bartizan::gateway {
namespace {

std::string fault_of(const std::string& text) {
    const auto config = parse_config(text, "/etc/b.yaml");
    return config.ok() ? "" : config.error().line();
}

TEST(Config, EverythingHasADefault) {
    const auto config = parse_config("", "b.yaml");
    ASSERT_TRUE(config.ok()) << config.error().line();
    EXPECT_TRUE(config->is_loopback());
    EXPECT_TRUE(config->gates.scan && config->gates.signature);
    EXPECT_EQ(config->gates.audit_score, 70);
    EXPECT_TRUE(check_config(*config).ok());
}

TEST(Config, AConsoleIsAFolderOrOff) {
    EXPECT_EQ(parse_config("", "/etc/b.yaml")->console, std::filesystem::path());
    EXPECT_EQ(parse_config("console: off", "/etc/b.yaml")->console, std::nullopt);
    EXPECT_EQ(parse_config("console: web", "/etc/b.yaml")->console, std::filesystem::path("/etc/web"));
    EXPECT_EQ(fault_of("console: [a]"), "/etc/b.yaml:1: console: expected a folder, or off");
}

TEST(Config, EveryKeyIsRead) {
    const auto config = parse_config(R"(
listen: "[::1]:9000"
state: here
store: postgresql://localhost/b
threads: 3
workers: 4
tls: {certificate: c.pem, key: k.pem, client_authority: a.pem}
limits: {upload_bytes: 2048, request_bytes: 4096, in_flight: 5, inference_ms: 100}
gates: {scan: false, signature: false, audit_score: none}
trusted_signers: [one.pub, two.pub]
two_person: {promote: true, release: true, keys: true}
token_providers:
  - {issuer: https://id, audience: b, jwks: keys.json}
quotas:
  - {principal: carl, model: m, requests_per_second: 2, burst: 4, queries_per_day: 10}
  - {requests_per_second: 7}
retention: {newest: 9, days: 1}
log_requests: false
)",
                                     "/etc/b.yaml");
    ASSERT_TRUE(config.ok()) << config.error().line();
    EXPECT_EQ(config->address(), "::1");
    EXPECT_EQ(config->port(), 9000);
    EXPECT_EQ(config->state, "/etc/here");
    EXPECT_EQ(config->tls->client_authority, "/etc/a.pem");
    EXPECT_EQ(config->in_flight, 5U);
    EXPECT_FALSE(config->gates.audit_score);
    EXPECT_EQ(config->trusted_signers.at(1), "/etc/two.pub");
    EXPECT_TRUE(config->two_person.keys);
    EXPECT_EQ(config->token_providers.at(0).jwks, "/etc/keys.json");
    EXPECT_EQ(config->limits_of("carl", "m").queries_per_day, 10U);
    EXPECT_EQ(config->limits_of("carl", "n").requests_per_second, 7);
    EXPECT_EQ(config->retention.newest, 9);
}

TEST(Config, GrpcAndTheStreamAreOffUntilTheyAreAskedFor) {
    EXPECT_FALSE(parse_config("", "b.yaml")->grpc_port);
    EXPECT_EQ(parse_config("", "b.yaml")->stream.options.url, "");
    const auto config = parse_config(R"(
grpc_port: 8421
stream: {address: "nats://u:p@127.0.0.1:4222", role: detector, inputs: false, partitions: 3, authority: ca.pem}
)",
                                     "/etc/b.yaml");
    ASSERT_TRUE(config.ok()) << config.error().line();
    EXPECT_EQ(config->grpc_port, 8421);
    EXPECT_EQ(config->stream.role, Role::detector);
    EXPECT_FALSE(config->stream.inputs);
    EXPECT_EQ(config->stream.options.partitions, 3U);
    EXPECT_EQ(config->stream.options.authority, "/etc/ca.pem");
    EXPECT_TRUE(check_config(*config).ok());
    EXPECT_NE(fault_of("grpc_port: 70000").find("grpc_port"), std::string::npos);
    EXPECT_NE(fault_of("stream: {role: king}").find("stream.role"), std::string::npos);
    for (const char* bad : {"stream: {address: 'nats://u:hidden@far:4222'}", "stream: {name: 'a.b'}"}) {
        const auto checked = check_config(*parse_config(bad, "/etc/b.yaml"));
        ASSERT_FALSE(checked.ok()) << bad;
        EXPECT_EQ(checked.error().line().find("hidden"), std::string::npos);
    }
}

TEST(Config, AMistakeIsToldWithFileLineAndKey) {
    EXPECT_NE(fault_of("listen: x\nlimitz: {}\n").find("/etc/b.yaml:2: limitz: there is no such key"),
              std::string::npos);
    EXPECT_NE(fault_of("limits:\n  in_flight: many\n").find("/etc/b.yaml:2: limits.in_flight: expected a number"),
              std::string::npos);
    EXPECT_NE(fault_of("limits:\n  in_flight: -1\n").find("expected 1 to"), std::string::npos);
    EXPECT_NE(fault_of("gates: yes\n").find("gates: expected keys"), std::string::npos);
    EXPECT_NE(fault_of("quotas: {a: b}\n").find("quotas: expected a list"), std::string::npos);
    EXPECT_NE(fault_of("quotas:\n  - burst: 1\n  - bursts: 1\n").find("/etc/b.yaml:3: quotas[1].bursts"),
              std::string::npos);
    EXPECT_NE(fault_of("a: [1\n").find("/etc/b.yaml:"), std::string::npos);
    EXPECT_NE(fault_of("two_person: {promote: perhaps}\n").find("expected true or false"), std::string::npos);
}

TEST(Config, TheNetworkNeedsTls) {
    Config config;
    for (const char* listen : {"0.0.0.0:8420", "10.0.0.1:1", "[::]:8420", "example.com:1"}) {
        config.listen = listen;
        EXPECT_FALSE(check_config(config).ok()) << listen;
    }
    config.tls.emplace();
    EXPECT_FALSE(check_config(config).ok());
    config.tls = http::TlsFiles{"c.pem", "k.pem", {}};
    EXPECT_TRUE(check_config(config).ok());
    for (const char* listen : {"", "8420", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:99999", ":1"}) {
        config.listen = listen;
        EXPECT_FALSE(check_config(config).ok()) << listen;
    }
}

}  // namespace
}  // namespace bartizan::gateway
