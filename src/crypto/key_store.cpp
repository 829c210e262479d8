/// Keys that never leave their token: OpenSSL's STORE with the PKCS #11 provider.
#include <cstring>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <openssl/ui.h>

#include "crypto/key.h"

namespace bartizan::crypto {
namespace {

constexpr int kMostObjects = 100;

int answer_pin(char* buffer, int size, int /*writing*/, void* data) {
    const auto& pin = *static_cast<const Passphrase*>(data);
    if (!pin || pin->text().size() > static_cast<std::size_t>(size)) return -1;
    std::memcpy(buffer, pin->text().data(), pin->text().size());
    return static_cast<int>(pin->text().size());
}

/// Providers stay loaded: the key refers to its provider as long as it lives.
Result<void> load_provider() {
    if (OSSL_PROVIDER_available(nullptr, "pkcs11") == 1) return {};
    // Loading one by name takes away the default one, unless that is named too.
    OSSL_PROVIDER* base = OSSL_PROVIDER_load(nullptr, "default");
    const bool loaded = base != nullptr && OSSL_PROVIDER_load(nullptr, "pkcs11") != nullptr;
    ERR_clear_error();
    if (loaded) return {};
    if (base != nullptr) OSSL_PROVIDER_unload(base);
    return unsupported("OpenSSL's PKCS #11 provider is not installed",
                       "install pkcs11-provider, or name its folder in OPENSSL_MODULES");
}

using Store = std::unique_ptr<OSSL_STORE_CTX, decltype(&OSSL_STORE_close)>;
using Method = std::unique_ptr<UI_METHOD, decltype(&UI_destroy_method)>;

KeyHandle first_private_key(OSSL_STORE_CTX* store) {
    for (int i = 0; i < kMostObjects && OSSL_STORE_eof(store) == 0; ++i) {
        OSSL_STORE_INFO* info = OSSL_STORE_load(store);
        if (info == nullptr) break;
        EVP_PKEY* key =
            OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY ? OSSL_STORE_INFO_get1_PKEY(info) : nullptr;
        OSSL_STORE_INFO_free(info);
        if (key != nullptr) return KeyHandle(key, EVP_PKEY_free);
    }
    return nullptr;
}

}  // namespace

Result<PrivateKey> PrivateKey::from_uri(const std::string& uri, const Passphrase& pin) {
    // What a URI holds beside the name of the key (a PIN, say) is not repeated in messages.
    const std::string place = "key '" + uri.substr(0, uri.find('?')) + "'";
    BARTIZAN_TRY_WITHIN(load_provider(), place);
    const Method method(UI_UTIL_wrap_read_pem_callback(answer_pin, 0), UI_destroy_method);
    const Store store(OSSL_STORE_open(uri.c_str(), method.get(), const_cast<Passphrase*>(&pin), nullptr, nullptr),
                      OSSL_STORE_close);
    KeyHandle handle;
    if (store) {
        OSSL_STORE_expect(store.get(), OSSL_STORE_INFO_PKEY);
        handle = first_private_key(store.get());
    }
    ERR_clear_error();
    if (!handle)
        return Error(Errc::not_found, "no private key there", "is the token present, and its PIN given?").within(place);
    return std::move(from_handle(std::move(handle))).within(place);
}

}  // namespace bartizan::crypto
