#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "crypto/certificate.h"

namespace bartizan::crypto {
namespace {

constexpr int kDeepestChain = 10;
/// OpenSSL's level 2, 112 bits: RSA from 2048, no SHA-1.
constexpr int kSecurityLevel = 2;

using Store = std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)>;
using StoreContext = std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)>;
struct StackFree {
    void operator()(STACK_OF(X509) * stack) const { sk_X509_free(stack); }  // not the certificates: they are borrowed
};
using Stack = std::unique_ptr<STACK_OF(X509), StackFree>;

Error denied(std::string message, std::string hint = {}) { return {Errc::denied, std::move(message), std::move(hint)}; }

void set_rules(X509_STORE_CTX* context, std::time_t time) {
    X509_VERIFY_PARAM* rules = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(rules, time);
    X509_VERIFY_PARAM_set_depth(rules, kDeepestChain);
    X509_VERIFY_PARAM_set_auth_level(rules, kSecurityLevel);
    // What the caller names is trusted as it is, also when it is not self-signed.
    X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
}

Error reason_of(X509_STORE_CTX* context, const Certificate& leaf) {
    const int code = X509_STORE_CTX_get_error(context);
    std::string subject = leaf.subject();
    if (X509* at = X509_STORE_CTX_get_current_cert(context); at != nullptr && at != leaf.handle()) {
        char name[256] = "";
        X509_NAME_oneline(X509_get_subject_name(at), name, sizeof name);
        subject = name;
    }
    return denied("certificate '" + subject + "': " + X509_verify_cert_error_string(code));
}

}  // namespace

Result<void> check_chain(std::span<const Certificate> chain, std::span<const Certificate> anchors, std::time_t time) {
    if (chain.empty()) return denied("there is no certificate");
    const Certificate& leaf = chain.front();
    if (!leaf.may_sign())
        return denied("certificate '" + leaf.subject() +
                      "' is not for signing: expected key usage digitalSignature "
                      "or extended key usage codeSigning");
    if (!leaf.valid_at(time))
        return denied("certificate '" + leaf.subject() + "' is valid from " + leaf.not_before() + " to " +
                      leaf.not_after() + ", which is not now");
    const Store store(X509_STORE_new(), X509_STORE_free);
    const Stack between(sk_X509_new_null());
    const StoreContext context(X509_STORE_CTX_new(), X509_STORE_CTX_free);
    if (!store || !between || !context) return exhausted("no memory to check a certificate");
    for (const Certificate& anchor : anchors) X509_STORE_add_cert(store.get(), anchor.handle());
    for (const Certificate& certificate : chain.subspan(1)) sk_X509_push(between.get(), certificate.handle());
    if (X509_STORE_CTX_init(context.get(), store.get(), leaf.handle(), between.get()) != 1)
        return exhausted("no memory to check a certificate");
    set_rules(context.get(), time);
    const bool ok = X509_verify_cert(context.get()) == 1;
    ERR_clear_error();
    if (!ok) return reason_of(context.get(), leaf);
    return {};
}

}  // namespace bartizan::crypto
