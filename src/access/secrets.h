#pragma once
/// Secrets that callers prove to have: API keys and passwords, through libsodium.
/// Thread rule: immutable once made.

#include <optional>
#include <string>
#include <string_view>

#include "bartizan/result.h"
#include "crypto/secret.h"

namespace bartizan::access {

/// "btz_ID_SECRET": an id of 12 and a secret of 64 hexadecimal digits (256 bits). The id is public.
struct ApiKey {
    std::string id;
    crypto::Secret secret;
    crypto::Secret text() const;
};
ApiKey new_api_key();
/// Nothing for what does not look like a key.
std::optional<ApiKey> parse_api_key(std::string_view text);

/// Hashes keys under a key of its own (BLAKE2b, 256 bits): who steals the database cannot test guesses.
class KeyHasher {
public:
    explicit KeyHasher(crypto::Secret pepper) : pepper_(std::move(pepper)) {}
    /// 64 hexadecimal digits.
    std::string hash(const ApiKey& key) const;
    /// In a time that does not depend on where the two differ.
    bool same(const ApiKey& key, std::string_view hash) const;

private:
    crypto::Secret pepper_;
};

inline constexpr std::size_t kShortestPassword = 12;
inline constexpr std::size_t kLongestPassword = 1024;

/// argon2id, 64 MiB. Fails with `invalid_input` for a password that is too short or long.
Result<std::string> hash_password(std::string_view password);
/// An empty hash takes as long as another one, and is false.
bool check_password(std::string_view password, const std::string& hash);

/// `bytes` random ones as hexadecimal digits.
std::string random_hex(std::size_t bytes);

}  // namespace bartizan::access
