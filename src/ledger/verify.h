#pragma once
/// Whether a ledger is still what was signed, and if not, what was done to it. Reads the folder only; nothing in it is
/// believed but what a signature stands behind.

#include <optional>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "ledger/copy.h"
#include "ledger/difference.h"

namespace bartizan::ledger {

/// So many issues are told one by one.
inline constexpr std::size_t kMostIssues = 1000;

struct Issue {
    std::string kind;                    ///< "changed", "removed", "added", "moved", "head", "tile"
    std::optional<std::uint64_t> index;  ///< of the entry
    std::string text;                    ///< one sentence
};

struct Verdict {
    bool verified = false;
    Checkpoint checkpoint;               ///< the newest head that is signed
    std::uint64_t heads = 0;             ///< signed ones
    std::uint64_t unsigned_entries = 0;  ///< behind the newest head: never acknowledged
    std::vector<Issue> issues;
    std::uint64_t more_issues = 0;  ///< beyond `kMostIssues`
};

/// Checks every head's signature, that every head holds for the entries, that the tiles are those of the entries, and
/// that the log begins with `older`, a head that the caller kept.
Result<Verdict> verify_log(const Copy& copy, const Verifier& verifier, const std::optional<Checkpoint>& older);

}  // namespace bartizan::ledger
