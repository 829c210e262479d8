#pragma once
/// Strings that a stream computes while it is loaded, computed here instead, so that names made at run time are known:
/// join, format, replace, +, decode, base64, hexadecimal, zlib, codecs.
/// Thread rule: pure functions but for the heap and the budget.

#include <span>
#include <string_view>

#include "scan/judge.h"
#include "scan/pickle/value.h"

namespace bartizan::scan::pickle {

/// A computed string may be so long.
inline constexpr std::size_t kMaxFolded = std::size_t{1} << 20;

/// What "builtins.str.join" or its like gives for constant arguments (for methods, the string comes first);
/// unknown if it cannot be told.
Value fold(std::string_view function, std::span<const Value> args, Heap& heap, Budget& budget);

/// Decompressed by zlib or gzip, empty when it is neither or longer than kMaxFolded.
std::string inflated(std::string_view packed, Budget& budget);
/// Of hexadecimal digits, empty when it is something else.
std::string from_hexadecimal(std::string_view text);

/// The value of a Python literal's escapes (STRING) and of raw-unicode-escape (UNICODE).
std::string unescape(std::string_view text);
std::string unescape_unicode(std::string_view text);

}  // namespace bartizan::scan::pickle
