#pragma once
/// Checks a model against its signature file: is the signature that of a key or chain that the caller trusts, and are
/// the files those that were signed? The payload is used only after a signature of it held.

#include <ctime>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "crypto/certificate.h"
#include "crypto/key.h"
#include "provenance/bundle.h"
#include "provenance/file_tree.h"
#include "provenance/statement.h"

namespace bartizan::provenance {

/// With both a key and anchors, a certificate chain must satisfy both.
struct Trust {
    std::optional<crypto::PublicKey> key;           ///< the signer's key
    std::vector<crypto::Certificate> anchors = {};  ///< or those whose issue is trusted
    std::vector<crypto::Certificate> between = {};  ///< further certificates that may lead to an anchor
    std::time_t now = 0;                            ///< certificates must be valid then
    KeyKinds kinds = KeyKinds::openssf;
};

struct Signer {
    Method method = Method::key;
    std::string name;  ///< the hint of the key, or the subject of the certificate
    std::vector<std::string> warnings = {};
};

/// Who signed the bundle's payload. Fails with `denied` and the reason when nobody whom the caller trusts did,
/// `unsupported` for keyless signatures.
Result<Signer> check_signature(const Bundle& bundle, const Trust& trust);

struct VerifyOptions {
    std::vector<std::string> ignored;  ///< names below the model that may be there unsigned
    bool allow_unsigned_files = false;
};

struct ChangedFile {
    std::string name, expected, found;  ///< digests
};

/// What differs between the model and the statement; nothing: they agree.
struct Differences {
    std::vector<ChangedFile> changed;
    std::vector<std::string> missing;
    std::vector<std::string> added;
    std::vector<RefusedFile> unreadable;
    std::uint64_t bytes = 0;  ///< hashed
    bool none() const { return changed.empty() && missing.empty() && added.empty() && unreadable.empty(); }
};

/// Fails with `not_found`, `denied` (the model itself cannot be read), `cancelled`.
Result<Differences> compare(const Statement& statement, const std::filesystem::path& path, const VerifyOptions& options,
                            const RunContext& context);

struct Verdict {
    bool verified = false;
    std::string reason;  ///< one sentence, also when verified
    std::optional<Signer> signer;
    std::optional<Statement> statement;  ///< only when its signature held
    Differences differences;
};

/// All of it: a model that does not verify is a verdict, not an error.
Result<Verdict> verify_model(const std::filesystem::path& path, const Bundle& bundle, const Trust& trust,
                             const VerifyOptions& options, const RunContext& context);

}  // namespace bartizan::provenance
