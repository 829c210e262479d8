#pragma once
/// Is the data set what was sealed? The signature first, then the manifest, then every item.
/// Thread rule: one thread at a time.

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "lineage/seal.h"

namespace bartizan::lineage {

/// One item that is not as it was sealed.
struct Difference {
    Change change = Change::same;
    std::string id;
    std::string what;             ///< "content", "label"; why it cannot be read
    std::string expected, found;  ///< digests; empty where there is none
};

struct VerifyRequest {
    std::filesystem::path data_set, manifest, seal;
    provenance::Trust trust;
    Times times = Times::ignore;
};

struct Verdict {
    bool verified = false;
    std::string reason;  ///< one sentence, also when verified
    std::optional<provenance::Signer> signer = {};
    std::optional<SealStatement> statement = {};  ///< only when its signature held
    std::uint64_t same = 0, changed = 0, missing = 0, added = 0, unreadable = 0;
    std::uint64_t reused = 0;
};

/// Calls `tell` for every difference, in the order of the ids. A seal that does not hold is a verdict, not an error.
/// Fails with `not_found` (no data set, no manifest), `denied` (the data set cannot be listed), `cancelled`.
Result<Verdict> verify(const VerifyRequest& request, const RunContext& context,
                       const std::function<Result<void>(const Difference&)>& tell);

}  // namespace bartizan::lineage
