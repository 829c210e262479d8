#include <algorithm>

#include "provenance/fields.h"
#include "provenance/verifier.h"

namespace bartizan::provenance {
namespace {

Error denied(std::string message, std::string hint = {}) { return {Errc::denied, std::move(message), std::move(hint)}; }

bool any_holds(const Bundle& bundle, const crypto::PublicKey& key, const std::string& message,
               crypto::EcDigest digest = crypto::EcDigest::by_curve) {
    return std::ranges::any_of(bundle.signatures,
                               [&](const std::string& signature) { return key.verify(message, signature, digest); });
}

Error does_not_hold(const Bundle& bundle) {
    return denied(bundle.signatures.size() == 1 ? "the signature does not fit what was signed"
                                                : "none of the signatures fits what was signed",
                  "the signature file was altered, or another key made it");
}

Result<void> expect_ec(const crypto::PublicKey& key) {
    if (key.type() != crypto::KeyType::ed25519) return {};
    return denied("key: expected EC P-256, P-384 or P-521, found Ed25519");
}

Result<Signer> by_key(const Bundle& bundle, const Trust& trust) {
    if (!trust.key)
        return denied("signed with a bare key: expected a certificate chain",
                      "give the signer's public key with --key");
    if (trust.kinds == KeyKinds::openssf) BARTIZAN_TRY(expect_ec(*trust.key));
    const std::string hint = key_hint(*trust.key);
    Signer signer{Method::key, hint};
    if (!bundle.hint || bundle.hint->empty())
        signer.warnings.emplace_back("the signature file does not name its key");
    else if (*bundle.hint != hint)
        return denied("signed with another key: expected " + hint + ", found " + shortened(*bundle.hint));
    if (!any_holds(bundle, *trust.key, pae(bundle.payload))) return does_not_hold(bundle);
    return signer;
}

/// A chain is trusted through an anchor, or because the caller knows the signer's very key; with both given, both must
/// hold.
Result<void> check_trust(const Bundle& bundle, const crypto::PublicKey& key, const Trust& trust, Signer& signer) {
    if (trust.key && !trust.key->same_as(key))
        return denied("signed with another key than the one given",
                      "to trust its issuer, give --root CERTIFICATE alone");
    if (trust.anchors.empty()) {
        signer.warnings.emplace_back("the certificates were not checked: the signer's key is the one given");
        return {};
    }
    std::vector<crypto::Certificate> chain = bundle.chain;
    chain.insert(chain.end(), trust.between.begin(), trust.between.end());
    return crypto::check_chain(chain, trust.anchors, trust.now);
}

Result<Signer> by_certificate(const Bundle& bundle, const Trust& trust) {
    const crypto::Certificate& leaf = bundle.chain.front();
    Signer signer{Method::certificate, leaf.subject()};
    auto key = leaf.public_key();
    if (!key.ok()) return denied("certificate '" + signer.name + "': " + key.error().message());
    BARTIZAN_TRY(expect_ec(*key));
    BARTIZAN_TRY(check_trust(bundle, *key, trust, signer));
    if (any_holds(bundle, *key, pae(bundle.payload))) return signer;
    if (!any_holds(bundle, *key, pae_of_release_0_2(bundle.payload), crypto::EcDigest::sha256))
        return does_not_hold(bundle);
    signer.warnings.emplace_back("signed in the form of release 0.2 of the reference signer: sign the model again");
    return signer;
}

}  // namespace

Result<Signer> check_signature(const Bundle& bundle, const Trust& trust) {
    if (!trust.key && trust.anchors.empty()) return denied("nothing to trust: neither a key nor a root certificate");
    switch (bundle.method) {
        case Method::key:
            return by_key(bundle, trust);
        case Method::certificate:
            return by_certificate(bundle, trust);
        case Method::keyless:
            break;
    }
    return unsupported("signed without a key (Sigstore identity): expected a key or a certificate chain",
                       "verify it with the model_signing program, or ask for a signature with a key");
}

}  // namespace bartizan::provenance
