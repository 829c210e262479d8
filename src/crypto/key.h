#pragma once
/// Signing keys: EC P-256, P-384, P-521 (ECDSA, DER signatures, SHA-256/384/512 by curve) and Ed25519 (RFC 8032), as
/// PEM text (PKCS #8, SubjectPublicKeyInfo), with or without a pass phrase, or behind a PKCS #11 URI (RFC 7512). Bytes
/// travel as strings. Thread rule: immutable values that may be shared; copies are cheap.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bartizan/result.h"
#include "crypto/secret.h"

struct evp_pkey_st;

namespace bartizan::crypto {

enum class KeyType : std::uint8_t { ec_p256, ec_p384, ec_p521, ed25519 };
/// "ec-p256"; the words of `keygen --type`.
std::string_view to_string(KeyType type);
Result<KeyType> key_type_from(std::string_view word);
/// What people call it: "EC P-256".
std::string_view human_name(KeyType type);

using KeyHandle = std::shared_ptr<evp_pkey_st>;

/// Which digest goes with ECDSA. `by_curve` is the rule; old OpenSSF signatures took SHA-256 with every curve.
enum class EcDigest { by_curve, sha256 };

class PublicKey {
public:
    /// Fails with `invalid_input`: no public key in the text, or one of another kind ("expected ..., found ...").
    static Result<PublicKey> from_pem(std::string_view pem);
    static Result<PublicKey> from_handle(KeyHandle handle);

    KeyType type() const { return type_; }
    /// SubjectPublicKeyInfo with 64 columns, as OpenSSL writes it: the same text whatever the file looked like.
    std::string pem() const;
    /// True if `signature` is this key's signature of `message`; false for anything else, malformed signatures too.
    bool verify(std::string_view message, std::string_view signature, EcDigest digest = EcDigest::by_curve) const;
    bool same_as(const PublicKey& other) const;

private:
    PublicKey(KeyHandle handle, KeyType type) : handle_(std::move(handle)), type_(type) {}
    KeyHandle handle_;
    KeyType type_;
};

class PrivateKey {
public:
    static Result<PrivateKey> generate(KeyType type);
    /// Fails with `invalid_input`: not a private key, a pass phrase missing or wrong, a kind that is not ours.
    static Result<PrivateKey> from_pem(std::string_view pem, const Passphrase& passphrase);
    /// The key behind "pkcs11:...". Fails with `unsupported` where OpenSSL's PKCS #11 provider is not installed,
    /// `not_found` when the token has no such key. `pin` answers the token's question.
    static Result<PrivateKey> from_uri(const std::string& uri, const Passphrase& pin);
    /// A file of PEM text, or a "pkcs11:" URI.
    static Result<PrivateKey> open(const std::string& path_or_uri, const Passphrase& passphrase);

    KeyType type() const { return public_key_.type(); }
    const PublicKey& public_key() const { return public_key_; }
    /// PKCS #8; encrypted (PBES2: PBKDF2-HMAC-SHA-256 with 600,000 rounds, AES-256-CBC) when a pass phrase is given.
    Result<Secret> pem(const Passphrase& passphrase) const;
    Result<std::string> sign(std::string_view message) const;

private:
    PrivateKey(KeyHandle handle, PublicKey public_key)
        : handle_(std::move(handle)), public_key_(std::move(public_key)) {}
    static Result<PrivateKey> from_handle(KeyHandle handle);

    KeyHandle handle_;
    PublicKey public_key_;
};

/// Makes a key and writes it: the private half into a new file that only the owner can read, the public half beside it
/// as PATH.pub. Fails with `conflict` when either file is there already. Gives the path of the public half.
Result<std::filesystem::path> write_key_pair(const PrivateKey& key, const std::filesystem::path& path,
                                             const Passphrase& passphrase);

}  // namespace bartizan::crypto
