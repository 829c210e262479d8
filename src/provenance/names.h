#pragma once
/// The names that a signature gives to files: relative paths with '/' between the parts, and their order. Pure.

#include <string>
#include <string_view>

#include "bartizan/result.h"

namespace bartizan::provenance {

/// What a model that is one file is called by the reference signer.
inline constexpr std::string_view kSingleFile = ".";
inline constexpr std::size_t kLongestName = 4096;

/// Succeeds for a name that stays inside the model's folder: relative, no empty part, no "." or "..", no NUL, UTF-8.
Result<void> check_name(std::string_view name);

/// The order in which the reference signer writes: part by part, so "a/c" goes before "a-b".
bool before_by_parts(std::string_view a, std::string_view b);

}  // namespace bartizan::provenance
