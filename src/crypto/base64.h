#pragma once
/// Base64 (RFC 4648): the standard alphabet, padded (section 4), and that of addresses, unpadded (section 5). Pure.

#include <string>
#include <string_view>

#include "bartizan/result.h"

namespace bartizan::crypto {

std::string to_base64(std::string_view bytes);
/// Strict: fails with `invalid_input` on any other alphabet (base64url, line breaks), wrong padding or left-over bits,
/// so that each byte string has one spelling.
Result<std::string> from_base64(std::string_view text);

/// Without padding, as JSON Web Tokens have it; as strict.
std::string to_base64url(std::string_view bytes);
Result<std::string> from_base64url(std::string_view text);

}  // namespace bartizan::crypto
