#include "bartizan/result.h"

#include <cstdio>

namespace bartizan {
namespace {

struct Mapping {
    Errc code;
    std::string_view name;
    int exit_status;
    int http_status;
};

constexpr Mapping kMappings[] = {
    {Errc::invalid_input, "invalid_input", 2, 400}, {Errc::not_found, "not_found", 2, 404},
    {Errc::unsupported, "unsupported", 2, 422},     {Errc::denied, "denied", 2, 403},
    {Errc::conflict, "conflict", 2, 409},           {Errc::exhausted, "exhausted", 3, 429},
    {Errc::unavailable, "unavailable", 3, 503},     {Errc::cancelled, "cancelled", 3, 499},
    {Errc::internal, "internal", 3, 500},
};

const Mapping& mapping(Errc code) { return kMappings[static_cast<std::size_t>(code)]; }

/// Text from outside must not move the cursor, forge a second line or hide itself.
void append_printable(std::string& out, std::string_view text) {
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7f) {
            out += c;
            continue;
        }
        char escaped[8];
        std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
        out += escaped;
    }
}

}  // namespace

std::string_view to_string(Errc code) { return mapping(code).name; }
int exit_status(Errc code) { return mapping(code).exit_status; }
int http_status(Errc code) { return mapping(code).http_status; }

std::string Error::line() const {
    std::string out;
    for (auto place = context_.rbegin(); place != context_.rend(); ++place) {
        append_printable(out, *place);
        out += ": ";
    }
    append_printable(out, message_);
    if (!hint_.empty()) {
        out += "; ";
        append_printable(out, hint_);
    }
    return out;
}

}  // namespace bartizan
