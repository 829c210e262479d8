#pragma once
/// A client for HTTP/1.1 (RFC 9110, 9112) over TLS 1.2 and later. The other side is not trusted: certificates are
/// checked against the name asked for, headers and bodies are bounded, every step has a time limit, and a redirect
/// never leads from https to http.
/// Thread rule: pure but for the network; calls may run side by side.

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bartizan/result.h"
#include "http/url.h"

namespace bartizan::http {

struct ClientOptions {
    std::string ca_file = {};  ///< PEM: trusted instead of the system's authorities
    std::chrono::milliseconds connect_timeout{10'000};
    std::chrono::milliseconds idle_timeout{30'000};  ///< without a byte
    int redirects = 5;
    std::uint64_t most_bytes = std::uint64_t{64} << 20;  ///< of a body
};

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
    std::string method = "GET";
    Url url;
    Headers headers = {};
    std::string body = {};
};

struct Response {
    int status = 0;
    Headers headers = {};
    std::string body = {};  ///< empty where a sink took it
    Url url = {};           ///< after redirects

    /// The first of this name, in any case; empty: none.
    std::string_view header(std::string_view name) const;
};

/// What a response's body is handed to, piece by piece; its failure ends the exchange.
using BodySink = std::function<Result<void>(std::span<const std::byte>)>;

inline constexpr std::uint32_t kMostHeaderBytes = 64 * 1024;

/// Redirects are followed for GET and HEAD. Fails with `unavailable` (no connection, time out, a broken answer, a
/// certificate that does not hold: the line says which), `exhausted` beyond `most_bytes`, and as the sink does. Any
/// status is a response, not a failure; the sink gets bodies of status 200 to 299 alone.
Result<Response> exchange(const Request& request, const ClientOptions& options = {}, const BodySink& sink = {});

}  // namespace bartizan::http
