#pragma once
/// For tests: an identity provider with one Ed25519 key, which signs whatever it is told to.

#include <string>

#include "access/jwt.h"
#include "core/json.h"
#include "crypto/base64.h"

namespace bartizan::access {

class TestProvider {
public:
    TestProvider() : key_(*crypto::PrivateKey::generate(crypto::KeyType::ed25519)) {}

    std::string key_set(const std::string& id = "k1") const {
        // The last 32 bytes of a SubjectPublicKeyInfo of Ed25519 are the key (RFC 8410).
        std::string body = key_.public_key().pem();
        body = body.substr(body.find('\n') + 1);
        body = body.substr(0, body.find('\n'));
        const std::string raw = crypto::from_base64(body)->substr(12);
        return Json{{"keys", {{{"kty", "OKP"}, {"crv", "Ed25519"}, {"kid", id}, {"x", crypto::to_base64url(raw)}}}}}
            .dump();
    }
    std::string token(const Json& claims, const Json& header = {{"alg", "EdDSA"}, {"kid", "k1"}}) const {
        const std::string text = crypto::to_base64url(header.dump()) + "." + crypto::to_base64url(claims.dump());
        return text + "." + crypto::to_base64url(*key_.sign(text));
    }

private:
    crypto::PrivateKey key_;
};

}  // namespace bartizan::access
