#pragma once
/// The evidence pack of an asset: evidence with a proof of each, attached reports, exports, in a zip whose index the
/// ledger tells of. What `pack::check` checks. Two packs of the same facts differ in the index and its proof alone.

#include <filesystem>
#include <string>

#include "bartizan/result.h"
#include "documents/facts.h"
#include "ledger/ledger.h"
#include "pack/index.h"

namespace bartizan::documents {

struct PackOptions {
    std::string actor;  ///< who asks; it stands in the ledger
    registry::Reader reader = registry::Reader::ordinary;
    bool attachments = true;  ///< with reports, signatures and bills of materials that were attached to the version
    pack::Files more = {};    ///< documents that the caller made: cards
};

/// The whole archive. `folder`: of the ledger. Appends the entry that tells of the pack. Fails with `exhausted` for one
/// beyond 512 MiB.
Result<std::string> make_pack(const Facts& facts, const Sources& sources, ledger::Ledger& log,
                              const std::filesystem::path& folder, const PackOptions& options);

}  // namespace bartizan::documents
