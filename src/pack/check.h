#pragma once
/// Is a pack what the ledger says it is? Nothing in it is believed but what a signature stands behind: the signed head,
/// the entry that the head proves, the index whose digest stands in that entry, the files whose digests stand in the
/// index. Reads bytes from anywhere; bounded. Thread rule: pure.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "formats/bytes.h"
#include "ledger/note.h"
#include "pack/index.h"

namespace bartizan::pack {

struct Issue {
    std::string kind;  ///< "changed", "removed", "added", "proof", "archive"
    std::string file;  ///< empty: of the pack as a whole
    std::string text;  ///< one sentence
};

struct Checked {
    bool verified = false;
    Index index;
    ledger::Checkpoint checkpoint;  ///< the head that the index is proved under
    std::uint64_t entry = 0;        ///< of the ledger, that tells of the pack
    std::string entry_time;
    std::size_t files = 0, evidence = 0, proofs = 0;  ///< that hold
    std::vector<Issue> issues;
};

/// The key that came with the pack: it shows that the pack fits together, not who made it.
Result<ledger::Verifier> own_key(formats::Bytes archive);
/// The signed head in the pack, to tell the log's name; as it stands there.
Result<std::string> head_of(formats::Bytes archive);

/// Fails with `invalid_input` for what is no zip archive or no pack at all; what is wrong with a pack is an issue.
Result<Checked> check(formats::Bytes archive, const ledger::Verifier& verifier);

}  // namespace bartizan::pack
