#pragma once
/// The one walk behind sealing and verifying: sealed items and those that are there, side by side by id. Files are
/// hashed in batches on all cores; memory does not grow with the number of items.

#include <functional>
#include <optional>
#include <string_view>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "lineage/items.h"
#include "lineage/manifest.h"

namespace bartizan::lineage {

enum class Times : std::uint8_t { ignore, trust };  ///< trust: same size, time and inode, so not read again

enum class Change : std::uint8_t { same, changed, missing, added, unreadable };
std::string_view to_string(Change change);

struct Pair {
    std::optional<Entry> sealed;
    std::optional<Found> found;
    bool reused = false;  ///< the digest was not made anew

    Change change() const;
    const std::string& id() const { return sealed ? sealed->item.id : found->item.id; }
    /// For what changed: "content", "label", or both.
    std::string what_changed() const;
};

/// Calls `take` for every id, in their order. `sealed` null: there is no manifest yet. Fails with what `take` fails
/// with, `cancelled`, or as reading fails.
Result<void> compare(SortedManifest* sealed, Items& items, Times times, std::uint64_t expected,
                     const RunContext& context, const std::function<Result<void>(Pair&)>& take);

}  // namespace bartizan::lineage
