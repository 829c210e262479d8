#include <algorithm>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>

#include "crypto/key.h"
#include "crypto/key_kind.h"
#include "crypto/openssl_text.h"

namespace bartizan::crypto {
namespace {

constexpr std::string_view kExpected = "expected EC P-256, P-384, P-521 or Ed25519";

using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

Result<KeyType> type_of(const EVP_PKEY* key) {
    if (EVP_PKEY_is_a(key, "ED25519")) return KeyType::ed25519;
    char group[64] = "";
    std::size_t length = 0;
    if (EVP_PKEY_get_group_name(key, group, sizeof group, &length) == 1) {
        for (const KeyKind& kind : key_kinds())
            if (kind.nid != 0 && OBJ_txt2nid(group) == kind.nid) return kind.type;
        return invalid_input(std::string(kExpected) + ", found EC " + group);
    }
    const char* name = EVP_PKEY_get0_type_name(key);
    return invalid_input(std::string(kExpected) + ", found " + (name == nullptr ? "another kind of key" : name));
}

}  // namespace

std::string_view to_string(KeyType type) { return kind_of(type).word; }
std::string_view human_name(KeyType type) { return kind_of(type).human; }

Result<KeyType> key_type_from(std::string_view word) {
    for (const KeyKind& kind : key_kinds())
        if (kind.word == word) return kind.type;
    return invalid_input("'" + std::string(word) + "' is no type of key", "ec-p256, ec-p384, ec-p521 or ed25519");
}

Result<PublicKey> PublicKey::from_handle(KeyHandle handle) {
    const KeyType type = BARTIZAN_TRY(type_of(handle.get()));
    return PublicKey(std::move(handle), type);
}

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
    const Bio bio = reading(pem);
    KeyHandle handle(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    ERR_clear_error();
    if (handle) return from_handle(std::move(handle));
    if (pem.find("PRIVATE KEY-----") != std::string_view::npos)
        return invalid_input("expected a public key, found a private one", "give the .pub file beside it");
    if (pem.find("BEGIN CERTIFICATE-----") != std::string_view::npos)
        return invalid_input("expected a public key, found a certificate", "give it with --root");
    return invalid_input("no public key in PEM form (-----BEGIN PUBLIC KEY-----)");
}

std::string PublicKey::pem() const {
    const Bio bio = writing();
    PEM_write_bio_PUBKEY(bio.get(), handle_.get());
    return content_of(bio.get());
}

bool PublicKey::verify(std::string_view message, std::string_view signature, EcDigest digest) const {
    const EVP_MD* md = digest == EcDigest::sha256 && type_ != KeyType::ed25519 ? EVP_sha256() : kind_of(type_).digest();
    const DigestContext context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    const bool ok =
        context && EVP_DigestVerifyInit(context.get(), nullptr, md, nullptr, handle_.get()) == 1 &&
        EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message), message.size()) == 1;
    ERR_clear_error();
    return ok;
}

bool PublicKey::same_as(const PublicKey& other) const { return EVP_PKEY_eq(handle_.get(), other.handle_.get()) == 1; }

}  // namespace bartizan::crypto
