#pragma once
/// The clean and the suspect part of a data set, written apart. Every item is in exactly one of them, byte for byte
/// where the format allows: lines of tables and text, files of picture folders, rows of arrays in their own type.
/// Thread rule: pure functions.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "bartizan/result.h"
#include "quality/check.h"

namespace bartizan::quality {

struct Parted {
    std::string clean, suspect;  ///< files or folders
    std::int64_t clean_items = 0, suspect_items = 0;
};

/// Writes FOLDER/clean... and FOLDER/suspect..., and FOLDER/reasons.json: which issues name each suspect item.
/// Fails with `invalid_input` when only a part of the set was checked, `conflict` when the folder holds such parts
/// already or the data changed meanwhile, and as writing does.
Result<Parted> quarantine(const std::string& spec, const data::OpenOptions& options, const CheckReport& report,
                          const std::filesystem::path& folder);

}  // namespace bartizan::quality
