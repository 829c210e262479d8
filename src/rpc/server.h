#pragma once
/// A server for the gRPC form of the Open Inference Protocol, in front of a handler of HTTP. Callers are not trusted:
/// who is not known sends no message, messages are bounded before memory is taken, and one that does not come to its
/// end in time ends its call. Messages are not compressed: what is small on the wire is small in memory. Thread rule:
/// gRPC has threads of its own; the handler is asked on the loops, as its own rule says.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "bartizan/result.h"
#include "http/loop.h"
#include "http/server.h"

namespace bartizan::rpc {

struct ServerOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;  ///< 0: a free one
    std::optional<http::TlsFiles> tls = {};
    std::uint64_t message_bytes = std::uint64_t{16} << 20;
    std::size_t calls = 1024;                           ///< at one time; more are refused
    std::size_t memory_bytes = std::size_t{512} << 20;  ///< of messages on their way, all together
    std::chrono::milliseconds message_time{30'000};     ///< from the head of a call to the end of its message
};

struct ServerCounts {
    std::uint64_t calls = 0;     ///< open now
    std::uint64_t answered = 0;  ///< refusals among them
    std::uint64_t late = 0;      ///< whose message did not come to its end
};

class Server {
public:
    /// `handler` and `loops` must outlive the server. Fails with `invalid_input` (an address or certificate that cannot
    /// be used), `conflict` (the address is taken).
    static Result<std::unique_ptr<Server>> start(const ServerOptions& options, http::Handler& handler,
                                                 http::Loops& loops);
    virtual ~Server() = default;

    virtual std::uint16_t port() const = 0;
    /// "127.0.0.1:8421"
    virtual std::string address() const = 0;
    virtual ServerCounts counts() const = 0;
    /// Takes no more calls and lets those under way end; those that take longer than `patience` are cancelled. Not from
    /// a loop.
    virtual void drain(std::chrono::milliseconds patience) = 0;
    /// Reads the certificate and key again: for connections from now on.
    virtual Result<void> reload_tls() = 0;
};

}  // namespace bartizan::rpc
