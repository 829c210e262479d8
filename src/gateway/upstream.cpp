#include "gateway/upstream.h"

#include <algorithm>
#include <utility>

#include "core/file.h"
#include "http/head.h"
#include "oip/message.h"

namespace bartizan::gateway {
namespace upstream {
namespace {

constexpr std::uint64_t kLongestToken = 16 * 1024;
constexpr std::uint64_t kLongestAuthority = 1 << 20;
constexpr std::string_view kNumber = "{version}";

/// "grpc" is not a scheme of the web: it is read as the one that it secures itself like.
struct Address {
    http::Url url;
    bool grpc = false;
};
Result<Address> parse(const std::string& text) {
    for (const bool secure : {false, true}) {
        const std::string_view scheme = secure ? "grpcs://" : "grpc://";
        if (!text.starts_with(scheme)) continue;
        const std::string as_web = (secure ? "https://" : "http://") + text.substr(scheme.size());
        Address out{BARTIZAN_TRY(http::parse_url(as_web)), true};
        if (out.url.target != "/") return invalid_input("an address of gRPC has no path");
        return out;
    }
    return Address{BARTIZAN_TRY(http::parse_url(text))};
}

/// What a request of the gateway becomes for the server: its path, and who asks.
struct Names {
    std::string here;   ///< "/v2/models/fashion"
    std::string there;  ///< "/v2/models/fashion-onnx/versions/3"
    std::string token;

    http::PeerRequest turn(http::PeerRequest request) const {
        if (request.path.starts_with(here)) request.path = there + request.path.substr(here.size());
        // Only workers of our own know of features.
        std::erase_if(request.headers,
                      [](const auto& one) { return http::same_name(one.first, oip::kFeaturesHeader); });
        if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
        return request;
    }
};

class NamingPeer final : public http::Peer {
public:
    NamingPeer(std::shared_ptr<http::Peer> inner, Names names) : inner_(std::move(inner)), names_(std::move(names)) {}

    void ask(http::PeerRequest request, http::PeerDone done) override {
        inner_->ask(names_.turn(std::move(request)), [done = std::move(done)](Result<http::PeerResponse> response) {
            if (response.ok())
                std::erase_if(response->headers,
                              [](const auto& one) { return http::same_name(one.first, oip::kFeaturesHeader); });
            done(std::move(response));
        });
    }
    void close() override { inner_->close(); }

private:
    std::shared_ptr<http::Peer> inner_;
    Names names_;
};

/// A rule with what its files hold.
struct Opened {
    UpstreamRule rule;
    PeerMaker peers;
    std::string token;
};

Names names_of(const Opened& one, const ServedVersion& version) {
    const std::string model = "/v2/models/" + version.id.asset.name;
    Names out{model, one.rule.name.empty() ? model : "/v2/models/" + one.rule.name, one.token};
    std::string number = one.rule.version;
    if (const auto at = number.find(kNumber); at != std::string::npos)
        number.replace(at, kNumber.size(), std::to_string(version.id.number));
    if (!number.empty()) out.there += "/versions/" + number;
    return out;
}

Result<Opened> open(const UpstreamRule& rule, const GrpcPeers& grpc) {
    BARTIZAN_TRY(check_upstream(rule));
    const Address address = BARTIZAN_TRY(parse(rule.address));
    Opened out{rule, {}, {}};
    std::string authority;
    if (!rule.authority.empty()) authority = BARTIZAN_TRY(read_file(rule.authority, kLongestAuthority));
    if (!rule.token_file.empty()) {
        out.token = BARTIZAN_TRY(read_file(rule.token_file, kLongestToken));
        out.token.erase(out.token.find_last_not_of(" \t\r\n") + 1);
        if (out.token.empty() || !http::safe_value(out.token))
            return invalid_input("'" + rule.token_file.string() + "' holds no token", "one line of text");
    }
    if (!address.grpc) {
        http::PeerAddress place{.url = address.url, .ca_file = rule.authority.string()};
        out.peers = [place = std::move(place)](http::Loop& loop) { return http::Peer::make(loop, place); };
    } else if (grpc) {
        out.peers = grpc({address.url.host, address.url.port, address.url.secure, std::move(authority)});
    } else {
        return unsupported("this build has no gRPC", "build it with -DBARTIZAN_GRPC=ON, or ask the server over http");
    }
    return out;
}

bool is_name(std::string_view text) {
    return text.size() <= 128 && std::ranges::all_of(text, [](unsigned char c) {
               return std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.';
           });
}

}  // namespace
}  // namespace upstream

Result<void> check_upstream(const UpstreamRule& rule) {
    const std::string place = "upstream of '" + rule.model + "'";
    if (rule.model.empty()) return invalid_input("an upstream without 'model'", "a model's name, or \"*\"");
    const upstream::Address address = BARTIZAN_TRY_WITHIN(upstream::parse(rule.address), place);
    if (!address.url.secure && !address.url.is_loopback() && !rule.insecure)
        return invalid_input(place + ": '" + rule.address + "' is on another machine, and not secured",
                             "https:// or grpcs://; or 'insecure: true' where the network is trusted");
    if (!upstream::is_name(rule.name)) return invalid_input(place + ": name has letters, digits, '-', '_', '.' alone");
    std::string version = rule.version;
    if (const auto at = version.find(upstream::kNumber); at != std::string::npos)
        version.erase(at, upstream::kNumber.size());
    if (!upstream::is_name(version))
        return invalid_input(place + ": version is a text of letters and digits, with \"{version}\" for our number");
    return {};
}

Result<Upstreams> open_upstreams(const std::vector<UpstreamRule>& rules, const GrpcPeers& grpc) {
    if (rules.empty()) return Upstreams();
    auto opened = std::make_shared<std::vector<upstream::Opened>>();
    for (const UpstreamRule& rule : rules) opened->push_back(BARTIZAN_TRY(upstream::open(rule, grpc)));
    return Upstreams([opened](const ServedVersion& version) -> PeerMaker {
        for (const upstream::Opened& one : *opened) {
            if (one.rule.model != "*" && one.rule.model != version.id.asset.name) continue;
            return [make = one.peers, names = upstream::names_of(one, version)](http::Loop& loop) {
                return std::make_shared<upstream::NamingPeer>(make(loop), names);
            };
        }
        return {};
    });
}

}  // namespace bartizan::gateway
