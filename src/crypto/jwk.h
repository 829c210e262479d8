#pragma once
/// Public keys as JSON Web Keys (RFC 7517, 7518, 8037), and the signatures of JSON Web Signatures under them: RS256
/// (2048 bits and more), ES256, EdDSA with Ed25519. The algorithm belongs to the key. Thread rule: immutable values.

#include <string>
#include <string_view>

#include "bartizan/result.h"
#include "core/json.h"
#include "crypto/key.h"

namespace bartizan::crypto {

class JwkKey {
public:
    /// Fails with `invalid_input`: another kind of key, one that is not for signatures, broken or too small numbers.
    static Result<JwkKey> from_json(const Json& jwk);

    const std::string& id() const { return id_; }              ///< "kid"; may be empty
    std::string_view algorithm() const { return algorithm_; }  ///< "RS256", "ES256", "EdDSA"
    /// `signature` as JWS has it (ES256: r and s of 32 bytes each). False for anything malformed.
    bool verify(std::string_view message, std::string_view signature) const;

private:
    JwkKey(std::string id, std::string_view algorithm, KeyHandle handle)
        : id_(std::move(id)), algorithm_(algorithm), handle_(std::move(handle)) {}
    std::string id_;
    std::string_view algorithm_;
    KeyHandle handle_;
};

}  // namespace bartizan::crypto
