#pragma once
/// Signs a model by OpenSSF Model Signing v1: every file hashed, one statement, one signature, one Sigstore bundle.

#include <ctime>
#include <filesystem>
#include <map>
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

struct SignOptions {
    std::vector<std::string> ignored;  ///< names below the model; recorded in the signature
    Links links = Links::refuse;
    std::vector<crypto::Certificate> chain = {};  ///< the signer's first; empty: the bundle names the key by its hint
    std::time_t now = 0;                          ///< the signer's certificate must be valid then
    /// Digests that are known already, by path: a scan read the files, and they are not read again. Empty: none are.
    std::map<std::filesystem::path, std::string> digests = {};
    KeyKinds kinds = KeyKinds::openssf;
};

struct Signed {
    std::string bundle;  ///< the text of the signature file
    Statement statement;
    std::uint64_t bytes = 0;  ///< hashed
    std::vector<std::string> warnings = {};
};

/// Everything that a statement on the files at `path` says, not yet signed. Fails with `invalid_input` when there is
/// nothing to sign or something that cannot be (a link, a pipe, a file that cannot be read, a name that is not UTF-8).
Result<Statement> describe(const std::filesystem::path& path, const SignOptions& options, const RunContext& context);

/// One statement signed once: a bundle around `payload`. Fails as `sign_model` does over the key.
Result<std::string> sign_statement(std::string payload, const crypto::PrivateKey& key, const SignOptions& options);

/// Fails beside that with `invalid_input` when the key is no EC key, or not that of the certificate. Links that lead
/// out of the model are signed with a warning, as the specification wants (OMS v1.0, section 6.1.1).
Result<Signed> sign_model(const std::filesystem::path& path, const crypto::PrivateKey& key, const SignOptions& options,
                          const RunContext& context);

}  // namespace bartizan::provenance
