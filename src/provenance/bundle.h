#pragma once
/// The signature file: a Sigstore bundle v0.3 as JSON, around a DSSE envelope. Which key or certificates made it, the
/// signed bytes as they were transported, the signatures. Nothing here is trusted yet. Pure; parsing is bounded.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"
#include "crypto/certificate.h"
#include "crypto/key.h"

namespace bartizan::provenance {

inline constexpr std::string_view kBundleMediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";
inline constexpr std::string_view kPayloadType = "application/vnd.in-toto+json";
inline constexpr std::size_t kLargestBundle = std::size_t{700} << 20;
inline constexpr std::size_t kMostSignatures = 16;

/// Which kinds of bare keys count: those of OpenSSF Model Signing (EC), or Ed25519 too, as our own seals have it.
enum class KeyKinds { openssf, all };

enum class Method { key, certificate, keyless };
std::string_view to_string(Method method);

struct Bundle {
    Method method = Method::key;
    std::optional<std::string> hint;           ///< `key_hint` of the signer's key, when it is told
    std::vector<crypto::Certificate> chain;    ///< the signer's first
    std::string payload;                       ///< the statement, byte by byte
    std::vector<std::string> signatures = {};  ///< raw; at least one
};

/// SHA-256 over the PEM text of the key, lower-case hexadecimal: how a bundle names its key.
std::string key_hint(const crypto::PublicKey& key);

/// DSSE pre-authentication encoding v1: what is signed.
std::string pae(std::string_view payload);
/// What release 0.2 of the reference signer signed in its place (it took Python's spelling of the bytes); verify only.
std::string pae_of_release_0_2(std::string_view payload);

std::string write_bundle(const Bundle& bundle);

/// Fails with `invalid_input`: not a bundle, of another version ("expected ..., found ..."), parts missing or unknown.
Result<Bundle> parse_bundle(std::string_view text);

}  // namespace bartizan::provenance
