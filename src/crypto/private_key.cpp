#include <cstring>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "core/file.h"
#include "crypto/key.h"
#include "crypto/key_kind.h"
#include "crypto/openssl_text.h"

namespace bartizan::crypto {
namespace {

constexpr int kPbkdf2Rounds = 600'000;  // OWASP Password Storage Cheat Sheet, PBKDF2-HMAC-SHA256
constexpr int kSaltBytes = 16;
constexpr std::uint64_t kLongestKeyFile = 64 * 1024;

using DigestContext = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using Pkcs8 = std::unique_ptr<PKCS8_PRIV_KEY_INFO, decltype(&PKCS8_PRIV_KEY_INFO_free)>;
using Encrypted = std::unique_ptr<X509_SIG, decltype(&X509_SIG_free)>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

/// What OpenSSL asks the pass phrase of, and whether it asked.
struct Answer {
    const Passphrase& passphrase;
    bool asked = false;
};

int answer(char* buffer, int size, int /*writing*/, void* data) {
    auto& to = *static_cast<Answer*>(data);
    to.asked = true;
    if (!to.passphrase || to.passphrase->text().size() > static_cast<std::size_t>(size)) return -1;
    std::memcpy(buffer, to.passphrase->text().data(), to.passphrase->text().size());
    return static_cast<int>(to.passphrase->text().size());
}

Error unreadable(std::string_view pem, const Answer& asked) {
    if (asked.asked && !asked.passphrase)
        return invalid_input("the key is protected by a pass phrase",
                             "give it with --passphrase-file FILE or BARTIZAN_PASSPHRASE");
    if (asked.asked) return invalid_input("the pass phrase does not open the key");
    if (pem.find("BEGIN PUBLIC KEY-----") != std::string_view::npos)
        return invalid_input("expected a private key, found a public one", "give the file without .pub");
    return invalid_input("no private key in PEM form (-----BEGIN PRIVATE KEY-----)");
}

Result<std::string> encrypted_pem(EVP_PKEY* key, std::string_view passphrase) {
    const Pkcs8 plain(EVP_PKEY2PKCS8(key), PKCS8_PRIV_KEY_INFO_free);
    unsigned char salt[kSaltBytes];
    if (!plain || RAND_bytes(salt, sizeof salt) != 1) return internal_error("the key cannot be written");
    X509_ALGOR* scheme =
        PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), kPbkdf2Rounds, salt, sizeof salt, nullptr, NID_hmacWithSHA256);
    if (scheme == nullptr) return internal_error("the key cannot be encrypted");
    const Encrypted encrypted(
        PKCS8_set0_pbe(passphrase.data(), static_cast<int>(passphrase.size()), plain.get(), scheme), X509_SIG_free);
    if (!encrypted) {
        X509_ALGOR_free(scheme);
        return internal_error("the key cannot be encrypted");
    }
    const Bio bio = writing();
    PEM_write_bio_PKCS8(bio.get(), encrypted.get());
    return content_of(bio.get());
}

EVP_PKEY* make(KeyType type) {
    if (type == KeyType::ed25519) return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    return EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", OBJ_nid2sn(kind_of(type).nid));
}

}  // namespace

Result<PrivateKey> PrivateKey::from_handle(KeyHandle handle) {
    PublicKey half = BARTIZAN_TRY(PublicKey::from_handle(handle));
    return PrivateKey(std::move(handle), std::move(half));
}

Result<PrivateKey> PrivateKey::generate(KeyType type) {
    KeyHandle handle(make(type), EVP_PKEY_free);
    if (!handle) return internal_error("OpenSSL makes no key of type " + std::string(to_string(type)));
    return from_handle(std::move(handle));
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem, const Passphrase& passphrase) {
    const Bio bio = reading(pem);
    Answer asked{passphrase};
    KeyHandle handle(PEM_read_bio_PrivateKey(bio.get(), nullptr, answer, &asked), EVP_PKEY_free);
    ERR_clear_error();
    if (!handle) return unreadable(pem, asked);
    return from_handle(std::move(handle));
}

Result<PrivateKey> PrivateKey::open(const std::string& path_or_uri, const Passphrase& passphrase) {
    if (path_or_uri.starts_with("pkcs11:")) return from_uri(path_or_uri, passphrase);
    std::string pem = BARTIZAN_TRY_WITHIN(read_file(path_or_uri, kLongestKeyFile), "key");
    auto key = from_pem(pem, passphrase);
    wipe(pem);
    return std::move(key).within("key '" + path_or_uri + "'");
}

Result<Secret> PrivateKey::pem(const Passphrase& passphrase) const {
    if (passphrase) return Secret(BARTIZAN_TRY(encrypted_pem(handle_.get(), passphrase->text())));
    const Bio bio = writing();
    if (PEM_write_bio_PKCS8PrivateKey(bio.get(), handle_.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
        ERR_clear_error();
        return unsupported("the private half of this key cannot be read out");
    }
    return Secret(content_of(bio.get()));
}

Result<std::string> PrivateKey::sign(std::string_view message) const {
    const DigestContext context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    std::size_t size = 0;
    if (!context || EVP_DigestSignInit(context.get(), nullptr, kind_of(type()).digest(), nullptr, handle_.get()) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &size, bytes_of(message), message.size()) != 1) {
        ERR_clear_error();
        return internal_error("the key cannot sign");
    }
    std::string signature(size, '\0');
    if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size, bytes_of(message),
                       message.size()) != 1) {
        ERR_clear_error();
        return internal_error("the key cannot sign");
    }
    signature.resize(size);
    return signature;
}

Result<std::filesystem::path> write_key_pair(const PrivateKey& key, const std::filesystem::path& path,
                                             const Passphrase& passphrase) {
    const std::filesystem::path public_path = path.string() + ".pub";
    std::error_code ignored;
    if (std::filesystem::exists(public_path, ignored))
        return Error(Errc::conflict, "'" + public_path.string() + "' is there already", "choose another name");
    const Secret pem = BARTIZAN_TRY(key.pem(passphrase));
    BARTIZAN_TRY(write_new_private_file(path, pem.text()));
    BARTIZAN_TRY(write_file_atomically(public_path, std::string_view(key.public_key().pem())));
    return public_path;
}

}  // namespace bartizan::crypto
