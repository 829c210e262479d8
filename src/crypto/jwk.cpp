#include "crypto/jwk.h"

#include <memory>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "crypto/base64.h"

namespace bartizan::crypto {
namespace {

constexpr std::size_t kLongestNumber = 1024;  // bytes: RSA of 8192 bits
constexpr int kFewestRsaBits = 2048;
constexpr std::size_t kCoordinate = 32;

template <class T, void (*release)(T*)>
struct Releases {
    void operator()(T* object) const { release(object); }
};
using Number = std::unique_ptr<BIGNUM, Releases<BIGNUM, BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Releases<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Releases<OSSL_PARAM, OSSL_PARAM_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Releases<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Releases<EVP_MD_CTX, EVP_MD_CTX_free>>;
using EcdsaPair = std::unique_ptr<ECDSA_SIG, Releases<ECDSA_SIG, ECDSA_SIG_free>>;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string text_of(const Json& object, const char* name) {
    const auto found = object.find(name);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<std::string> number_of(const Json& jwk, const char* name) {
    const std::string text = text_of(jwk, name);
    if (text.empty() || text.size() > kLongestNumber * 2)
        return invalid_input(std::string("the key has no '") + name + "'");
    return from_base64url(text);
}

Number to_number(std::string_view bytes) {
    return Number(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

KeyHandle from_params(const char* kind, OSSL_PARAM_BLD* builder) {
    const Params params(OSSL_PARAM_BLD_to_param(builder));
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, kind, nullptr));
    EVP_PKEY* key = nullptr;
    const bool made = params && context && EVP_PKEY_fromdata_init(context.get()) == 1 &&
                      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) == 1;
    KeyHandle handle(made ? key : nullptr, EVP_PKEY_free);
    if (!handle) return nullptr;
    const KeyContext check(EVP_PKEY_CTX_new_from_pkey(nullptr, handle.get(), nullptr));
    return check && EVP_PKEY_public_check(check.get()) == 1 ? handle : nullptr;
}

Result<KeyHandle> rsa_key(const Json& jwk) {
    const std::string n = BARTIZAN_TRY(number_of(jwk, "n"));
    const std::string e = BARTIZAN_TRY(number_of(jwk, "e"));
    const Number modulus = to_number(n);
    const Number exponent = to_number(e);
    const Builder builder(OSSL_PARAM_BLD_new());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
    OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
    KeyHandle key = from_params("RSA", builder.get());
    if (!key || EVP_PKEY_get_bits(key.get()) < kFewestRsaBits)
        return invalid_input("it is no RSA key of 2048 bits or more");
    return key;
}

Result<KeyHandle> ec_key(const Json& jwk) {
    if (text_of(jwk, "crv") != "P-256") return invalid_input("expected the curve P-256");
    const std::string x = BARTIZAN_TRY(number_of(jwk, "x"));
    const std::string y = BARTIZAN_TRY(number_of(jwk, "y"));
    if (x.size() != kCoordinate || y.size() != kCoordinate) return invalid_input("x and y have 32 bytes");
    const std::string point = '\x04' + x + y;
    const Builder builder(OSSL_PARAM_BLD_new());
    OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
    OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
    KeyHandle key = from_params("EC", builder.get());
    if (!key) return invalid_input("x and y are no point of the curve");
    return key;
}

Result<KeyHandle> edwards_key(const Json& jwk) {
    if (text_of(jwk, "crv") != "Ed25519") return invalid_input("expected the curve Ed25519");
    const std::string x = BARTIZAN_TRY(number_of(jwk, "x"));
    KeyHandle key(x.size() == kCoordinate
                      ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(x), x.size())
                      : nullptr,
                  EVP_PKEY_free);
    if (!key) return invalid_input("x is no public key");
    return key;
}

/// What OpenSSL takes, of r and s.
std::string to_der(std::string_view pair) {
    if (pair.size() != 2 * kCoordinate) return {};
    const EcdsaPair signature(ECDSA_SIG_new());
    Number r = to_number(pair.substr(0, kCoordinate));
    Number s = to_number(pair.substr(kCoordinate));
    if (ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return {};
    (void)r.release();
    (void)s.release();
    unsigned char* der = nullptr;
    const int length = i2d_ECDSA_SIG(signature.get(), &der);
    std::string out(reinterpret_cast<char*>(der), length > 0 ? static_cast<std::size_t>(length) : 0);
    OPENSSL_free(der);
    return out;
}

struct KindOfKey {
    std::string_view kind, algorithm;
    Result<KeyHandle> (*make)(const Json&);
};
constexpr KindOfKey kKinds[] = {{"RSA", "RS256", rsa_key}, {"EC", "ES256", ec_key}, {"OKP", "EdDSA", edwards_key}};

}  // namespace

Result<JwkKey> JwkKey::from_json(const Json& jwk) {
    if (!jwk.is_object()) return invalid_input("a key is an object");
    const std::string kind = text_of(jwk, "kty");
    const std::string algorithm = text_of(jwk, "alg");
    const std::string use = text_of(jwk, "use");
    if (!use.empty() && use != "sig") return invalid_input("the key is not for signatures");
    for (const KindOfKey& one : kKinds) {
        if (one.kind != kind) continue;
        if (!algorithm.empty() && algorithm != one.algorithm) return invalid_input("the key is for " + algorithm);
        auto handle = one.make(jwk);
        ERR_clear_error();
        if (!handle.ok()) return std::move(handle).error();
        return JwkKey(text_of(jwk, "kid"), one.algorithm, std::move(handle).value());
    }
    return invalid_input("'" + kind + "' is no kind of key that is known", "RSA, EC or OKP");
}

bool JwkKey::verify(std::string_view message, std::string_view signature) const {
    const std::string der = algorithm_ == "ES256" ? to_der(signature) : std::string();
    const std::string_view given = algorithm_ == "ES256" ? std::string_view(der) : signature;
    const DigestContext context(EVP_MD_CTX_new());
    const EVP_MD* digest = algorithm_ == "EdDSA" ? nullptr : EVP_sha256();
    const bool held =
        !given.empty() && EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, handle_.get()) == 1 &&
        EVP_DigestVerify(context.get(), bytes_of(given), given.size(), bytes_of(message), message.size()) == 1;
    ERR_clear_error();
    return held;
}

}  // namespace bartizan::crypto
