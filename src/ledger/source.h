#pragma once
/// Entries in order, out of a folder: lines in segments (a ledger in use) or C2SP entry bundles (an exported copy).
/// One thread at a time. Files that grow meanwhile do no harm.

#include <filesystem>
#include <memory>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::ledger {

/// Entries in one segment file, entries/NNNNNN.jsonl.
inline constexpr std::uint64_t kSegment = 65536;
inline constexpr std::uint64_t kBundle = 256;

std::filesystem::path segment_path(const std::filesystem::path& folder, std::uint64_t segment);

class EntrySource {
public:
    virtual ~EntrySource() = default;
    /// The next entry, valid until the next call; nothing at the end. A last line without its line break is none.
    /// Fails with `invalid_input` where there is what cannot be an entry.
    virtual Result<std::optional<std::string_view>> next() = 0;
};

/// From the first entry of `segment` on.
std::unique_ptr<EntrySource> segment_source(std::filesystem::path folder, std::uint64_t segment = 0);
/// From the first entry of `bundle` on, up to `size` entries in all.
std::unique_ptr<EntrySource> bundle_source(std::filesystem::path folder, std::uint64_t size, std::uint64_t bundle = 0);

/// The entries of one bundle: 16-bit big-endian lengths and bytes (c2sp.org/tlog-tiles), at most 256.
Result<std::vector<std::string>> parse_bundle(std::string_view bytes);

}  // namespace bartizan::ledger
