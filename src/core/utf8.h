#pragma once
/// UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. Thread rule: pure functions.

#include <cstddef>
#include <string_view>

namespace bartizan {

/// Bytes of the character that `text` begins with; 0: it begins with none.
std::size_t utf8_length(std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace bartizan
