#include "http/head.h"

#include <algorithm>

namespace bartizan::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    const char small = lower(c);
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

std::optional<std::string> percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
        if (high < 0 || low < 0) return std::nullopt;
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

bool control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

bool ambiguous(std::string_view part) {
    return part == "." || part == ".." ||
           std::ranges::any_of(part, [](char c) { return control(c) || c == '/' || c == '\\'; });
}

struct Lengths {
    int hosts = 0, content_lengths = 0, encodings = 0;
    bool only_chunked = true, number = true, controls = false;
};

Lengths lengths_of(std::span<const HeaderView> headers) {
    Lengths out;
    for (const auto& [name, value] : headers) {
        if (same_name(name, "Host")) ++out.hosts;
        if (same_name(name, "Content-Length")) {
            ++out.content_lengths;
            out.number &= !value.empty() && std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
        }
        if (same_name(name, "Transfer-Encoding")) {
            ++out.encodings;
            out.only_chunked &= same_name(value, "chunked");
        }
        out.controls |= !safe_value(value);
    }
    return out;
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
    return a.size() == b.size() &&
           std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool safe_value(std::string_view value) {
    return std::ranges::none_of(value, [](char c) { return control(c) && c != '\t'; });
}

std::optional<HeadRefusal> check_head(std::string_view target, unsigned version, std::span<const HeaderView> headers,
                                      const ServerLimits& limits) {
    if (target.size() > limits.target_bytes) return HeadRefusal{414, "target-too-long", "The address is too long."};
    if (target.empty() || target[0] != '/' ||
        std::ranges::any_of(target, [](char c) { return control(c) || c == ' ' || (c & 0x80) != 0; }))
        return HeadRefusal{400, "malformed-target", "The address in the request line is not a plain path."};
    if (headers.size() > limits.headers)
        return HeadRefusal{431, "too-many-headers", "The request has too many headers."};
    const Lengths found = lengths_of(headers);
    if (found.controls) return HeadRefusal{400, "malformed-header", "A header holds control characters."};
    if (found.hosts > 1 || (version >= 11 && found.hosts == 0))
        return HeadRefusal{400, "malformed-host", "A request has exactly one Host header."};
    if (found.content_lengths > 1 || !found.number || (found.content_lengths > 0 && found.encodings > 0))
        return HeadRefusal{400, "conflicting-length", "The length of the body is not told in exactly one way."};
    if (found.encodings > 1 || (found.encodings == 1 && version < 11))
        return HeadRefusal{400, "conflicting-length", "The length of the body is not told in exactly one way."};
    if (!found.only_chunked)
        return HeadRefusal{501, "unknown-encoding", "No transfer encoding but 'chunked' is known here."};
    return std::nullopt;
}

std::optional<std::vector<std::string>> path_parts(std::string_view path) {
    std::vector<std::string> out;
    while (!path.empty()) {
        if (path[0] != '/') return std::nullopt;
        const std::size_t end = std::min(path.find('/', 1), path.size());
        auto part = percent_decoded(path.substr(1, end - 1));
        if (!part || ambiguous(*part)) return std::nullopt;
        path.remove_prefix(end);
        if (part->empty() && !path.empty()) return std::nullopt;  // "//"
        if (!part->empty()) out.push_back(std::move(*part));
    }
    return out;
}

std::optional<std::string> query_value(std::string_view query, std::string_view name) {
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        const std::size_t equals = pair.find('=');
        if (pair.substr(0, equals) != name) continue;
        return equals == std::string_view::npos ? std::string() : percent_decoded(pair.substr(equals + 1));
    }
    return std::nullopt;
}

std::string_view reason_of(int status) {
    struct Reason {
        int status;
        std::string_view text;
    };
    static constexpr Reason kReasons[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {302, "Found"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
        {507, "Insufficient Storage"},
    };
    const auto found = std::ranges::find(kReasons, status, &Reason::status);
    return found == std::end(kReasons) ? "Unknown" : found->text;
}

}  // namespace bartizan::http
