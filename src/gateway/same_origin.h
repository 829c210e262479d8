#pragma once
/// Requests that a browser sends with what it holds anyway, a cookie or a client certificate, whoever's page asked for
/// them: told apart from those of the console's own pages (cross-site request forgery; RFC 6265bis section 8.8, Fetch
/// Metadata). Pure.

#include <string>
#include <string_view>

#include "http/server.h"

namespace bartizan::gateway {

/// A header that no form and no foreign page can add without being asked by CORS, which this server never allows.
inline constexpr std::string_view kConsoleHeader = "Bartizan-Console";

/// The key of the session in the request's cookie; empty: none.
std::string_view session_cookie(const http::Call& call);
/// The value of a Set-Cookie that holds `key` for `seconds`; an empty key takes the cookie away. Over TLS the cookie is
/// for TLS alone, and its name (`__Host-`) keeps neighbouring names from setting it.
std::string session_cookie_of(bool secure, std::string_view key, std::int64_t seconds);

/// Does the browser say that another site is behind this request?
bool from_elsewhere(const http::Call& call);
/// Is it from a page of this server, beyond doubt? Asks for the console's header, and for the browser's word.
bool from_console(const http::Call& call);

inline bool changes_something(std::string_view method) { return method != "GET" && method != "HEAD"; }

}  // namespace bartizan::gateway
