#include "access/jwt.h"

#include <algorithm>
#include <optional>

#include "core/json.h"
#include "crypto/base64.h"

namespace bartizan::access {
namespace {

constexpr JsonLimits kTokenJson{.bytes = kLongestToken, .depth = 8, .keys = 200};
constexpr JsonLimits kKeySetJson{.bytes = 1 << 20, .depth = 8, .keys = 200};
constexpr std::size_t kMostKeys = 100;
constexpr std::size_t kLongestSubject = 256;

Error refused(std::string why) { return {Errc::denied, std::move(why)}; }

struct Parts {
    std::string_view header, payload, signature, signed_text;
};

std::optional<Parts> parts_of(std::string_view token) {
    const auto first = token.find('.');
    const auto second = token.find('.', first == std::string_view::npos ? first : first + 1);
    if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) return {};
    return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1),
                 token.substr(0, second)};
}

Result<Json> object_of(std::string_view part) {
    Json json = BARTIZAN_TRY(parse_json(BARTIZAN_TRY(crypto::from_base64url(part)), kTokenJson));
    if (!json.is_object()) return refused("a part of the token is no object");
    return json;
}

std::string text_of(const Json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// NumericDate; may have a fraction (RFC 7519 section 2). Nothing: absent, or no date.
std::optional<double> date_of(const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end() || !found->is_number()) return {};
    return found->get<double>();
}

/// "aud" is a text or a list of them.
bool is_for(const Json& claims, const std::string& audience) {
    const auto found = claims.find("aud");
    if (found == claims.end()) return false;
    if (!found->is_array()) return *found == Json(audience);
    return std::ranges::any_of(*found, [&](const Json& one) { return one == Json(audience); });
}

Result<Claims> check_claims(const Json& claims, const TokenRules& rules, std::int64_t now) {
    const auto at = static_cast<double>(now);
    const auto leeway = static_cast<double>(rules.leeway);
    const auto expires = date_of(claims, "exp");
    if (text_of(claims, "iss") != rules.issuer) return refused("it is of another issuer");
    if (!is_for(claims, rules.audience)) return refused("it is for another audience");
    if (!expires) return refused("it does not expire");
    if (!(*expires + leeway > at)) return refused("it has expired");
    if (!(*expires < 1e12)) return refused("it expires in a time that is none");
    if (claims.contains("nbf") && !(date_of(claims, "nbf").value_or(1e18) - leeway <= at))
        return refused("it does not hold yet");
    if (claims.contains("iat") && !(date_of(claims, "iat").value_or(1e18) - leeway <= at))
        return refused("it was issued in the future");
    Claims out{rules.issuer, text_of(claims, "sub"), static_cast<std::int64_t>(*expires)};
    if (out.subject.empty() || out.subject.size() > kLongestSubject) return refused("it names no subject");
    return out;
}

}  // namespace

Result<KeySet> KeySet::parse(std::string_view text) {
    const Json json = BARTIZAN_TRY_WITHIN(parse_json(text, kKeySetJson), "JWKS");
    const auto list = json.is_object() ? json.find("keys") : json.end();
    if (!json.is_object() || list == json.end() || !list->is_array() || list->size() > kMostKeys)
        return invalid_input("a JWKS is an object with a list 'keys' of at most 100");
    KeySet out;
    for (const Json& one : *list)
        if (auto key = crypto::JwkKey::from_json(one); key.ok()) out.keys_.push_back(std::move(key).value());
    if (out.keys_.empty()) return invalid_input("the JWKS has no public key for RS256, ES256 or EdDSA");
    return out;
}

std::vector<const crypto::JwkKey*> KeySet::candidates(std::string_view id, std::string_view algorithm) const {
    std::vector<const crypto::JwkKey*> out;
    for (const crypto::JwkKey& key : keys_)
        if (key.algorithm() == algorithm && (id.empty() || key.id() == id)) out.push_back(&key);
    return out;
}

bool looks_like_token(std::string_view text) {
    return text.size() <= kLongestToken && text.starts_with("ey") && parts_of(text).has_value();
}

std::string named_issuer(std::string_view token) {
    const auto parts = token.size() <= kLongestToken ? parts_of(token) : std::nullopt;
    if (!parts) return {};
    const auto claims = object_of(parts->payload);
    return claims.ok() ? text_of(*claims, "iss") : std::string();
}

Result<Claims> verify_token(std::string_view token, const KeySet& keys, const TokenRules& rules, std::int64_t now) {
    const auto parts = token.size() <= kLongestToken ? parts_of(token) : std::nullopt;
    if (!parts) return refused("it is no token");
    const auto header = object_of(parts->header);
    if (!header.ok()) return refused("its header cannot be read");
    if (header->contains("crit")) return refused("it asks for extensions that are not understood");
    const auto signature = crypto::from_base64url(parts->signature);
    if (!signature.ok()) return refused("its signature cannot be read");
    const auto candidates = keys.candidates(text_of(*header, "kid"), text_of(*header, "alg"));
    if (candidates.empty()) return refused("no key of the provider has its id and algorithm");
    const bool signed_by_one = std::ranges::any_of(
        candidates, [&](const crypto::JwkKey* key) { return key->verify(parts->signed_text, *signature); });
    if (!signed_by_one) return refused("its signature does not hold");
    const auto claims = object_of(parts->payload);
    if (!claims.ok()) return refused("its claims cannot be read");
    return check_claims(*claims, rules, now);
}

}  // namespace bartizan::access
