#pragma once
/// The ways in which items are read, one for each unit. Internal: callers use items.h.

#include <filesystem>
#include <memory>

#include "lineage/items.h"

namespace bartizan::lineage {

Result<std::unique_ptr<Items>> open_files(const std::filesystem::path& path, const Reading& reading,
                                          const std::filesystem::path& scratch, const RunContext& context);

/// Tables, JSON Lines and arrays: read once, digests and all, and sorted by id.
Result<std::unique_ptr<Items>> open_rows(const std::filesystem::path& path, const Reading& reading,
                                         const std::filesystem::path& scratch, const RunContext& context);

}  // namespace bartizan::lineage
