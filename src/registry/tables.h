#pragma once
/// The registry's rows as values; for this module's own files. All run in the caller's transaction.

#include <cstdint>
#include <vector>

#include "registry/model.h"
#include "store/database.h"

namespace bartizan::registry {

Result<AssetState> load_asset(store::Transaction& transaction, const AssetId& id);
Result<std::vector<AssetState>> load_assets(store::Transaction& transaction, Kind kind);
Result<Version> load_version(store::Transaction& transaction, const VersionId& id);
/// Newest first.
Result<std::vector<Version>> load_versions(store::Transaction& transaction, const AssetId& id);
/// Oldest first.
Result<std::vector<Move>> load_moves(store::Transaction& transaction, const AssetId& id);

/// Where a rollback of `alias` may lead, nearest first. Pure.
std::vector<std::int64_t> way_back(const std::vector<Move>& moves, std::string_view alias);

/// Points `alias` to `to` and remembers the move.
Result<void> move_alias(store::Transaction& transaction, const AssetId& id, const Move& move);

}  // namespace bartizan::registry
