#pragma once
/// A client for one server that is asked often: connections are kept and reused, answers come back by callback. For the
/// worker behind a Unix socket, or an inference server elsewhere.
/// Thread rule: a `Peer` belongs to one loop; all its calls and callbacks happen there.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "bartizan/result.h"
#include "http/client.h"
#include "http/loop.h"

namespace bartizan::http {

/// Where a server is: a Unix socket, or host and port of `url` (its target is put before every path).
struct PeerAddress {
    std::filesystem::path unix_socket = {};
    Url url = {};
    std::string ca_file = {};  ///< PEM: trusted instead of the system's authorities
    std::string text() const;
};

struct PeerLimits {
    std::size_t connections = 64;  ///< of this loop
    std::size_t waiting = 256;     ///< requests that wait for a connection; more fail with `exhausted`
    std::uint64_t body_bytes = std::uint64_t{64} << 20;
    std::chrono::milliseconds connect_time{2'000};
};

struct PeerRequest {
    std::string_view method = "POST";  ///< a literal
    std::string path;
    Headers headers = {};
    std::string body = {};
    std::string_view lent = {};  ///< in place of `body`: bytes that live until the answer was told
    std::chrono::milliseconds patience{30'000};

    std::string_view content() const { return lent.empty() ? body : lent; }
};

struct PeerResponse {
    int status = 0;
    Headers headers = {};
    std::string body = {};
    std::string_view header(std::string_view name) const;
};

/// Fails with `unavailable` (no connection, a broken answer), `cancelled` (out of time), `exhausted`.
using PeerDone = std::function<void(Result<PeerResponse>)>;

class Peer {
public:
    static std::shared_ptr<Peer> make(Loop& loop, PeerAddress address, PeerLimits limits = {});
    virtual ~Peer() = default;
    /// A request that a kept connection lost before any answer is sent once more on a fresh one: ask only what may be
    /// asked twice.
    virtual void ask(PeerRequest request, PeerDone done) = 0;
    /// Closes connections and fails what is under way.
    virtual void close() = 0;
};

}  // namespace bartizan::http
