#pragma once
/// Addresses of HTTP services (RFC 3986, the part that requests need). Pure.

#include <cstdint>
#include <string>
#include <string_view>

#include "bartizan/result.h"

namespace bartizan::http {

struct Url {
    bool secure = false;  ///< https
    std::string host;     ///< lower case; of IPv6 without its brackets
    std::uint16_t port = 0;
    std::string target = "/";  ///< path and query

    /// "host", "host:8443", "[::1]:80": without the port that the scheme implies.
    std::string authority() const;
    std::string text() const;
    /// Is it this machine for sure? A name other than "localhost" may lead anywhere.
    bool is_loopback() const;
    /// The last part of the path; empty when there is none.
    std::string file_name() const;
};

inline constexpr std::size_t kLongestUrl = 8'192;

/// Fails with `invalid_input`: another scheme, credentials in it (they would end up in logs), no host, a bad port,
/// blanks or control characters.
Result<Url> parse_url(std::string_view text);
/// Where a `Location` header leads from `base`: absolute, or a path.
Result<Url> resolve(const Url& base, std::string_view location);

}  // namespace bartizan::http
