#include "gateway/same_origin.h"

#include "http/head.h"

namespace bartizan::gateway {
namespace same_origin {
namespace {

constexpr std::string_view kSecureName = "__Host-bartizan";
constexpr std::string_view kPlainName = "bartizan";

std::string_view name_of(bool secure) { return secure ? kSecureName : kPlainName; }

std::string_view trimmed(std::string_view text) {
    while (text.starts_with(' ')) text.remove_prefix(1);
    while (text.ends_with(' ')) text.remove_suffix(1);
    return text;
}

/// Is the origin that of this server? A proxy may have taken TLS off: then the browser's own word on the site goes
/// before the scheme.
bool own(std::string_view origin, const http::Call& call, bool scheme_matters) {
    const std::size_t end = origin.find("://");
    if (end == std::string_view::npos) return false;
    if (scheme_matters && origin.substr(0, end) != (call.secure() ? "https" : "http")) return false;
    const std::string_view host = call.header("Host");
    return !host.empty() && http::same_name(origin.substr(end + 3), host);
}

}  // namespace
}  // namespace same_origin

std::string_view session_cookie(const http::Call& call) {
    std::string_view rest = call.header("Cookie");
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(';'), rest.size());
        const std::string_view pair = same_origin::trimmed(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
        const std::size_t equals = pair.find('=');
        if (equals != std::string_view::npos && pair.substr(0, equals) == same_origin::name_of(call.secure()))
            return pair.substr(equals + 1);
    }
    return {};
}

std::string session_cookie_of(bool secure, std::string_view key, std::int64_t seconds) {
    std::string out(same_origin::name_of(secure));
    out.append("=").append(key).append("; Path=/; HttpOnly; SameSite=Strict; Max-Age=");
    out += std::to_string(key.empty() ? 0 : seconds);
    if (secure) out += "; Secure";
    return out;
}

bool from_elsewhere(const http::Call& call) {
    const std::string_view site = call.header("Sec-Fetch-Site"), origin = call.header("Origin");
    // "none": the person himself opened the address; nobody's page sends what changes something that way.
    const bool own_word = site == "same-origin" || (site == "none" && !changes_something(call.method()));
    if (!site.empty() && !own_word) return true;
    return !origin.empty() && !same_origin::own(origin, call, site.empty());
}

bool from_console(const http::Call& call) {
    if (call.header(kConsoleHeader).empty() || from_elsewhere(call)) return false;
    return !call.header("Sec-Fetch-Site").empty() || !call.header("Origin").empty();
}

}  // namespace bartizan::gateway
