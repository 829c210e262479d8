#pragma once
/// What a request's head may look like, beyond what the parser of the wire format asks: the rules that keep two readers
/// of one message from disagreeing on where it ends (RFC 9112 sections 3, 5, 6, 11.2). Pure.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/server.h"

namespace bartizan::http {

struct HeadRefusal {
    int status;
    std::string_view code;  ///< stable: "conflicting-length"
    std::string_view sentence;
};

/// Why this head is refused; nothing: it is fine.
std::optional<HeadRefusal> check_head(std::string_view target, unsigned version, std::span<const HeaderView> headers,
                                      const ServerLimits& limits);

/// ASCII, any case.
bool same_name(std::string_view a, std::string_view b);
/// Is `value` free of what could end a header line?
bool safe_value(std::string_view value);
/// The reason phrase of a status.
std::string_view reason_of(int status);

/// The parts of a path between its slashes, percent-decoded. Nothing where a part is ".", "..", or holds an encoded
/// slash, backslash, NUL or control character, or where an escape is broken: such paths mean different things to
/// different readers.
std::optional<std::vector<std::string>> path_parts(std::string_view path);
/// The decoded value of `name` in a query; nothing: absent or broken.
std::optional<std::string> query_value(std::string_view query, std::string_view name);

}  // namespace bartizan::http
