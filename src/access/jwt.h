#pragma once
/// Bearer tokens of an identity provider: JSON Web Tokens (RFC 7519) signed with RS256, ES256 or EdDSA (RFC 7515, 7518,
/// 8037), by a key of a JWKS file (RFC 7517). The algorithm is that of the key, never what the token says: so "none",
/// and HMAC with a public key as its secret, cannot happen (RFC 8725).
/// Thread rule: immutable values.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"
#include "crypto/jwk.h"

namespace bartizan::access {

inline constexpr std::size_t kLongestToken = 16 * 1024;

/// The public keys of a provider. Keys of other kinds or for other uses are passed over.
class KeySet {
public:
    /// Fails with `invalid_input`: no JWKS, or no key in it that could be used.
    static Result<KeySet> parse(std::string_view text);
    std::size_t size() const { return keys_.size(); }
    /// Those that the id may mean: the one that has it, or, for a token without an id, all of the algorithm.
    std::vector<const crypto::JwkKey*> candidates(std::string_view id, std::string_view algorithm) const;

private:
    std::vector<crypto::JwkKey> keys_;
};

/// What a token must say.
struct TokenRules {
    std::string issuer;
    std::string audience;
    std::int64_t leeway = 60;  ///< seconds that clocks may differ
};

struct Claims {
    std::string issuer;
    std::string subject;
    std::int64_t expires = 0;
};

/// Fails with `denied`, saying what is wrong with it (not to be told to the caller: it helps who guesses).
Result<Claims> verify_token(std::string_view token, const KeySet& keys, const TokenRules& rules, std::int64_t now);
/// Three parts of base64url with dots between.
bool looks_like_token(std::string_view text);
/// The issuer that the token names, unverified: which provider's keys to take. Empty: none.
std::string named_issuer(std::string_view token);

}  // namespace bartizan::access
