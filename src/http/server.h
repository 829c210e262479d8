#pragma once
/// A server for HTTP/1.1 (RFC 9110, 9112): on an address, with or without TLS, or on a Unix socket. Callers are not
/// trusted: heads and bodies are bounded before anything is allocated, each step has a deadline, and a request whose
/// length could be read in two ways is refused and its connection closed (request smuggling, RFC 9112 section 11.2).
/// Thread rule: a connection lives on one loop; `Handler` is called on that loop and must not block it.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bartizan/result.h"
#include "http/client.h"
#include "http/loop.h"

namespace bartizan::http {

struct ServerLimits {
    std::uint32_t head_bytes = 16 * 1024;
    std::uint64_t body_bytes = std::uint64_t{64} << 20;  ///< what `Handler::admit` may lower
    std::size_t headers = 100;
    std::size_t target_bytes = 4096;
    std::size_t connections = 4096;                ///< of one loop; more are answered 503 and closed
    std::chrono::milliseconds head_time{10'000};   ///< from the first byte of a head to its end
    std::chrono::milliseconds idle_time{75'000};   ///< between two requests
    std::chrono::milliseconds body_time{10'000};   ///< and what the slowest rate allows
    std::chrono::milliseconds write_time{10'000};  ///< and what the slowest rate allows
    std::uint64_t slowest_bytes_per_second = 32 * 1024;
};

/// Certificates as PEM files. `client_authority`: whose client certificates are taken; one is asked for, not required.
struct TlsFiles {
    std::filesystem::path certificate;
    std::filesystem::path key;
    std::filesystem::path client_authority = {};
};

struct ServerOptions {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;                  ///< 0: a free one
    std::filesystem::path unix_socket = {};  ///< in place of address and port
    int listener = -1;                       ///< a Unix socket that listens already, in place of all these
    std::optional<TlsFiles> tls = {};
    ServerLimits limits = {};
    std::string name = "bartizan";  ///< the Server header
};

/// What goes back. A header with control characters in it is left out: nothing splits a response.
struct Reply {
    int status = 200;
    std::string_view content_type = "application/json";  ///< must outlive the reply: a literal
    Headers headers = {};
    std::string body = {};
    bool close = false;  ///< end the connection afterwards
};

using HeaderView = std::pair<std::string_view, std::string_view>;

/// One request that waits for its reply. All views hold until `reply` is called. Without a reply at its destruction it
/// answers 500.
class Call {
public:
    virtual ~Call() = default;
    Call() = default;
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

    virtual std::string_view method() const = 0;
    /// As sent; begins with '/'.
    virtual std::string_view target() const = 0;
    virtual std::span<const HeaderView> headers() const = 0;
    virtual std::string_view body() const = 0;
    /// "127.0.0.1"; "unix".
    virtual const std::string& peer() const = 0;
    /// The subject of the client's certificate (RFC 2253), if it gave one that holds; else empty.
    virtual const std::string& peer_subject() const = 0;
    virtual bool secure() const = 0;
    virtual Loop& loop() = 0;
    virtual SteadyTime started() const = 0;

    /// The first header of this name, in any case; empty: none.
    std::string_view header(std::string_view name) const;
    std::string_view path() const { return target().substr(0, target().find('?')); }
    std::string_view query() const;

    /// Once; later ones are ignored. From any thread.
    virtual void reply(Reply reply) = 0;
    /// Begins a reply without an end in sight, in chunks (server-sent events); `push` adds to it, false: the caller is
    /// gone or does not keep up. From any thread.
    virtual void begin(Reply head) = 0;
    virtual bool push(std::string piece) = 0;
    virtual void end() = 0;

    /// What `Handler::admit` leaves for `Handler::handle`.
    std::shared_ptr<void> notes;
};
using CallPointer = std::shared_ptr<Call>;

/// What becomes of a request whose head alone is read.
struct Admission {
    std::uint64_t body_bytes = 0;       ///< the most that its body may have
    std::optional<Reply> refusal = {};  ///< answered at once; the body is not read and the connection ends
};

class Handler {
public:
    virtual ~Handler() = default;
    /// For requests that name what they ask about in their body (gRPC): is the caller known? Asked before the body is
    /// read, from any thread; `admit` follows on the loop, for the same call with its notes. The preset knows everybody.
    virtual std::optional<Reply> recognise(Call&) { return std::nullopt; }
    virtual Admission admit(Call& call) = 0;
    virtual void handle(CallPointer call) = 0;
    /// The body of an answer to what is not even a request: {status, stable code, one sentence}.
    virtual Reply refuse(int status, std::string_view code, std::string_view sentence) = 0;
};

struct ServerCounts {
    std::uint64_t connections = 0;  ///< open now
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0;  ///< over the limit
    std::uint64_t timeouts = 0;
    std::uint64_t malformed = 0;
    std::uint64_t requests = 0;
};

/// Succeeds if a server could use these files now. Fails with `invalid_input` naming the file.
Result<void> check_tls(const TlsFiles& files);
/// The subject of a certificate in PEM (RFC 2253), as `Call::peer_subject` tells it; empty: it is none.
std::string subject_of_pem(std::string_view pem);

/// A Unix socket that listens at `path`, for its owner alone; what lay there before is removed.
Result<int> listen_on_unix_socket(const std::filesystem::path& path);

class Server {
public:
    /// `handler` and `loops` must outlive the server. Fails with `invalid_input` (an address that is none, a
    /// certificate that cannot be read), `denied`, `conflict` (the address is taken).
    static Result<std::unique_ptr<Server>> start(const ServerOptions& options, Handler& handler, Loops& loops);
    virtual ~Server() = default;

    virtual std::uint16_t port() const = 0;
    /// "http://127.0.0.1:8420", "unix:/run/x.sock".
    virtual std::string address() const = 0;
    virtual ServerCounts counts() const = 0;
    /// Takes no more connections, lets requests under way end, closes idle connections. True: all are closed.
    virtual bool drain(std::chrono::milliseconds patience) = 0;
    /// Reads certificate and key again: for connections from now on.
    virtual Result<void> reload_tls() = 0;
};

}  // namespace bartizan::http
