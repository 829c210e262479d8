#pragma once
/// What a model signature says: an in-toto statement (v1) with the predicate of OpenSSF Model Signing v1, which names
/// every file with its digest and binds them in one root digest. Read also: the Digests/v0.1 predicate of the first
/// releases, whose files are the subjects themselves. Pure; parsing is bounded.

#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::provenance {

inline constexpr std::string_view kStatementType = "https://in-toto.io/Statement/v1";
inline constexpr std::string_view kSignaturePredicate = "https://model_signing/signature/v1.0";
inline constexpr std::string_view kDigestsPredicate = "https://model_signing/Digests/v0.1";
inline constexpr std::size_t kLargestStatement = std::size_t{512} << 20;

struct Resource {
    std::string name;    ///< checked by `check_name`, or "." for a single file
    std::string sha256;  ///< 64 lower-case hexadecimal digits
};

enum class StatementForm { signature_v1, digests_v01 };

struct Statement {
    StatementForm form = StatementForm::signature_v1;
    std::string subject;  ///< what the signer called the model
    std::string root;     ///< SHA-256 over the files' digests; empty in the old form
    bool allow_symlinks = false;
    std::vector<std::string> ignore_paths;  ///< only those that are safe to honour
    std::vector<Resource> resources;        ///< at least one, no name twice
    std::vector<std::string> warnings = {};
};

/// SHA-256 over the raw digests in their order, as hexadecimal.
std::string root_of(const std::vector<Resource>& resources);

/// The statement as JSON text; `root` and `form` are taken from the resources and the newest form.
std::string write_statement(const Statement& statement);

/// Fails with `invalid_input`: another type of statement or predicate ("expected ..., found ..."), an unknown method or
/// hash, names that are unsafe, double or missing, a root that the files do not give.
Result<Statement> parse_statement(std::string_view text);

}  // namespace bartizan::provenance
