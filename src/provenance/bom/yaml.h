#pragma once
/// YAML from outside as JSON: every scalar a text, aliases expanded within a bound. Fails with `invalid_input` or
/// `exhausted`; never throws.

#include <string_view>

#include "bartizan/result.h"
#include "core/json.h"

namespace bartizan::provenance {

inline constexpr std::size_t kLargestYaml = 256 * 1024;
inline constexpr std::size_t kMostYamlNodes = 50'000;
inline constexpr int kDeepestYaml = 32;

Result<Json> parse_yaml(std::string_view text);

}  // namespace bartizan::provenance
