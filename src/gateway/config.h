#pragma once
/// The configuration of the service: a YAML file, every key of which may be absent. A mistake is told with file, line
/// and key. Pure but for the files it names.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "access/access.h"
#include "bartizan/result.h"
#include "gateway/quota.h"
#include "gateway/upstream.h"
#include "gateway/watch_options.h"
#include "http/server.h"
#include "incident/options.h"
#include "policy/output_policy.h"
#include "registry/registry.h"
#include "stream/bus.h"

namespace bartizan::gateway {

struct TokenProvider {
    std::string issuer;
    std::string audience;
    std::filesystem::path jwks;
};

struct QuotaRule {
    std::string principal;  ///< empty: everybody
    std::string model;      ///< empty: every model
    QuotaLimits limits;
};

struct OutputRule {
    std::string principal;  ///< empty: everybody
    std::string model;      ///< empty: every model
    policy::OutputPolicy policy;
};

/// What an instance does with the events of all of them.
enum class Role : std::uint8_t {
    both,
    gateway,   ///< answers, and watches nothing
    detector,  ///< watches what the others answered
};

/// How instances are tied together.
struct StreamRule {
    stream::Options options;  ///< without `url`: they are not
    Role role = Role::both;
    bool inputs = true;  ///< inputs and answers go along, for detectors that look at them
};

/// Which actions need a second person.
struct TwoPersonRule {
    bool promote = false;
    bool release = false;
    bool keys = false;
};

struct Config {
    // Read at the start only.
    std::string listen = "127.0.0.1:8420";
    std::optional<std::uint16_t> grpc_port;  ///< of the same address; 0: a free one; nothing: no gRPC
    std::filesystem::path state = "bartizan-state";
    /// The folder of the console's files; empty: there are none; nothing: no console is wanted.
    std::optional<std::filesystem::path> console = std::filesystem::path();
    std::string store;  ///< "postgresql://..."; empty: SQLite in the state folder
    std::size_t threads = 0;
    std::size_t workers = 16;
    std::uint64_t upload_bytes = std::uint64_t{512} << 20;
    std::uint64_t request_bytes = std::uint64_t{16} << 20;
    std::size_t in_flight = 1024;  ///< inferences at one time; more are answered 503
    std::optional<http::TlsFiles> tls;
    StreamRule stream;
    std::vector<UpstreamRule> upstreams;  ///< models that other servers run; the first that fits holds
    // Read again on SIGHUP.
    registry::Gates gates;
    std::vector<std::filesystem::path> trusted_signers;  ///< PEM files of public keys
    TwoPersonRule two_person;
    std::vector<TokenProvider> token_providers;
    std::vector<QuotaRule> quotas;    ///< the first that fits holds
    std::vector<OutputRule> outputs;  ///< the first that fits holds
    registry::Retention retention;
    std::vector<std::filesystem::path> catalogues;  ///< of requirements, beside those that ship; read at the start only
    incident::ResponseOptions response;             ///< read at the start only
    WatchOptions detectors;  ///< read at the start only
    std::int64_t inference_ms = 30'000;
    bool log_requests = true;

    QuotaLimits limits_of(const std::string& principal, const std::string& model) const;
    policy::OutputPolicy policy_of(const std::string& principal, const std::string& model) const;
    /// Does the address reach beyond this machine?
    bool is_loopback() const;
    std::string address() const;
    std::uint16_t port() const;
};

inline constexpr std::uint64_t kLongestConfig = 1 << 20;

/// `name` is for messages. Paths in it are relative to the folder of that name.
Result<Config> parse_config(const std::string& text, const std::filesystem::path& name);
Result<Config> read_config(const std::filesystem::path& path);
/// Fails with `invalid_input` for what cannot be: an address that is none, or one of the network without TLS.
Result<void> check_config(const Config& config);

/// The key sets of the providers, read now.
Result<std::vector<access::Provider>> load_providers(const Config& config);

}  // namespace bartizan::gateway
