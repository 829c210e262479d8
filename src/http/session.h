#pragma once
/// One connection of a server, from its first byte to its end. Internal to `http`.
/// Thread rule: everything but `Call::reply`, `begin`, `push` and `end` happens on the connection's loop.

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "http/server.h"

namespace boost::asio::ssl {
class context;
}

namespace bartizan::http {

/// What the connections of one loop share.
struct SessionGroup;

/// What all connections of a server share.
struct ServerShared {
    ServerOptions options;
    Handler* handler = nullptr;
    std::atomic<bool> draining{false};
    std::atomic<std::uint64_t> accepted{0}, refused{0}, timeouts{0}, malformed{0}, requests{0};
    std::atomic<std::int64_t> open{0};

    /// The TLS context of new connections; null: none.
    std::shared_ptr<boost::asio::ssl::context> tls() const {
        const std::lock_guard lock(mutex_);
        return tls_;
    }
    void set_tls(std::shared_ptr<boost::asio::ssl::context> tls) {
        const std::lock_guard lock(mutex_);
        tls_ = std::move(tls);
    }

private:
    mutable std::mutex mutex_;
    std::shared_ptr<boost::asio::ssl::context> tls_;
};

std::shared_ptr<SessionGroup> make_session_group(Loop& loop, std::shared_ptr<ServerShared> shared);
/// Takes over the connected socket `descriptor`. On the group's loop.
void start_session(const std::shared_ptr<SessionGroup>& group, int descriptor, int family, std::string peer);
/// Closes connections past their deadline, and idle ones while the server drains. On the group's loop.
void sweep(SessionGroup& group);
/// Closes all. On the group's loop.
void close_all(SessionGroup& group);

/// A TLS 1.2+ context for a server. Fails with `invalid_input` naming the file.
Result<std::shared_ptr<boost::asio::ssl::context>> make_tls(const TlsFiles& files);

}  // namespace bartizan::http
