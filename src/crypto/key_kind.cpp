#include "crypto/key_kind.h"

#include <cstddef>

#include <openssl/evp.h>
#include <openssl/obj_mac.h>

namespace bartizan::crypto {
namespace {

const EVP_MD* no_digest() { return nullptr; }

const KeyKind kKinds[] = {
    {KeyType::ec_p256, "ec-p256", "EC P-256", NID_X9_62_prime256v1, EVP_sha256},
    {KeyType::ec_p384, "ec-p384", "EC P-384", NID_secp384r1, EVP_sha384},
    {KeyType::ec_p521, "ec-p521", "EC P-521", NID_secp521r1, EVP_sha512},
    {KeyType::ed25519, "ed25519", "Ed25519", 0, no_digest},
};

}  // namespace

std::span<const KeyKind> key_kinds() { return kKinds; }
const KeyKind& kind_of(KeyType type) { return kKinds[static_cast<std::size_t>(type)]; }

}  // namespace bartizan::crypto
