#pragma once
/// What a scan found, as an in-toto Simple Verification Result (predicate svr/v0.2: verifier, policies, time, the
/// properties that hold), bound to a model by the root digest that its signature has too. It travels in the same bundle
/// as a signature (bundle.h). Pure; parsing is bounded.

#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::provenance {

inline constexpr std::string_view kVerificationPredicate = "https://in-toto.io/attestation/svr/v0.2";
inline constexpr std::size_t kMostProperties = 1'000;

/// The properties that a scan of ours attests.
inline constexpr std::string_view kScanned = "BARTIZAN_SCANNED";             ///< always
inline constexpr std::string_view kScanComplete = "BARTIZAN_SCAN_COMPLETE";  ///< every byte was judged
inline constexpr std::string_view kNotMalicious = "BARTIZAN_SCAN_NOT_MALICIOUS";
inline constexpr std::string_view kProvenClean = "BARTIZAN_SCAN_CLEAN";  ///< all that would run is known, and inert

struct Attestation {
    std::string subject;   ///< what the model was called
    std::string root;      ///< as Statement::root
    std::string verifier;  ///< a URI, with the version
    std::string time;      ///< RFC 3339
    struct Policy {
        std::string name, sha256;
    };
    std::vector<Policy> policies = {};
    std::vector<std::string> properties = {};
};

std::string write_attestation(const Attestation& attestation);
/// Fails with `invalid_input`: another statement or predicate ("expected ..., found ..."), fields missing.
Result<Attestation> parse_attestation(std::string_view text);

}  // namespace bartizan::provenance
