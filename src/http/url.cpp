#include "http/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace bartizan::http {
namespace {

constexpr std::uint16_t kSecurePort = 443, kPlainPort = 80;

bool is_plain(char c) { return c > ' ' && c != '\x7f' && c != '"' && c != '<' && c != '>' && c != '\\'; }

bool is_host_character(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '-' || c == '_';
}

Result<std::uint16_t> parse_port(std::string_view text) {
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || port == 0)
        return invalid_input("the port '" + std::string(text) + "' is no number from 1 to 65535");
    return port;
}

Result<void> parse_authority(std::string_view authority, Url& url) {
    if (authority.find('@') != std::string_view::npos)
        return invalid_input("credentials in an address", "leave them out: addresses are shown and logged");
    std::string_view host = authority, port;
    if (authority.starts_with('[')) {
        const std::size_t end = authority.find(']');
        if (end == std::string_view::npos) return invalid_input("an address of IPv6 without its ']'");
        host = authority.substr(1, end - 1);
        const std::string_view rest = authority.substr(end + 1);
        if (!rest.empty() && rest[0] != ':') return invalid_input("something behind the ']' that is no port");
        port = rest.substr(std::min<std::size_t>(1, rest.size()));
        if (!std::ranges::all_of(host, [](char c) { return is_host_character(c) || c == ':'; }) || host.empty())
            return invalid_input("a malformed address of IPv6");
    } else {
        const std::size_t colon = authority.find(':');
        host = authority.substr(0, colon);
        if (colon != std::string_view::npos) port = authority.substr(colon + 1);
        if (host.empty() || !std::ranges::all_of(host, is_host_character))
            return invalid_input("'" + std::string(host) + "' is no name of a host");
    }
    for (const char c : host) url.host += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    url.port = url.secure ? kSecurePort : kPlainPort;
    if (!port.empty()) url.port = BARTIZAN_TRY(parse_port(port));
    return {};
}

}  // namespace

std::string Url::authority() const {
    const std::string name = host.find(':') == std::string::npos ? host : '[' + host + ']';
    return port == (secure ? kSecurePort : kPlainPort) ? name : name + ':' + std::to_string(port);
}

std::string Url::text() const { return (secure ? "https://" : "http://") + authority() + target; }

bool Url::is_loopback() const {
    in_addr address{};
    if (::inet_pton(AF_INET, host.c_str(), &address) == 1) return (ntohl(address.s_addr) >> 24) == 127;
    return host == "localhost" || host == "::1";
}

std::string Url::file_name() const {
    const std::string path = target.substr(0, target.find_first_of("?#"));
    return path.substr(path.rfind('/') + 1);
}

Result<Url> parse_url(std::string_view text) {
    if (text.size() > kLongestUrl) return invalid_input("an address of more than 8192 characters");
    if (!std::ranges::all_of(text, is_plain))
        return invalid_input("a blank or another character that addresses do not have", "write it as %20");
    Url url;
    if (text.starts_with("https://"))
        url.secure = true;
    else if (!text.starts_with("http://"))
        return invalid_input("'" + std::string(text.substr(0, 40)) + "' is no address of the web",
                             "it begins with https:// or http://");
    std::string_view rest = text.substr(url.secure ? 8 : 7);
    const std::size_t path = std::min(rest.find_first_of("/?#"), rest.size());
    BARTIZAN_TRY(parse_authority(rest.substr(0, path), url));
    rest = rest.substr(path);
    rest = rest.substr(0, rest.find('#'));
    url.target = rest.starts_with('/') ? std::string(rest) : '/' + std::string(rest);
    return url;
}

Result<Url> resolve(const Url& base, std::string_view location) {
    if (location.starts_with("//")) return parse_url((base.secure ? "https:" : "http:") + std::string(location));
    if (location.find("://") != std::string_view::npos) return parse_url(location);
    const std::string here = base.target.substr(0, base.target.find('?'));
    const std::string folder = here.substr(0, here.rfind('/') + 1);
    Url root = base;
    root.target.clear();
    return parse_url(root.text() + (location.starts_with('/') ? "" : folder) + std::string(location));
}

}  // namespace bartizan::http
