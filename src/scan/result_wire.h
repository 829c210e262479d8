#pragma once
/// A file's result as bytes, on its way out of the sandbox. What comes out of there is read like anything from outside:
/// a parser that was taken over may have written it.
/// Thread rule: pure functions.

#include <optional>
#include <string>
#include <string_view>

#include "scan/verdict.h"

namespace bartizan::scan {

/// No result is longer.
inline constexpr std::size_t kMaxResultBytes = std::size_t{16} << 20;

std::string result_to_bytes(const FileResult& result);
/// Nothing on bytes that are no result.
std::optional<FileResult> result_from_bytes(std::string_view bytes);

}  // namespace bartizan::scan
