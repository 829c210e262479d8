#pragma once
/// Fields of JSON objects from outside: each one there or named in the error, each of the type that it must have.

#include <string>
#include <string_view>

#include "bartizan/result.h"
#include "core/json.h"

namespace bartizan::provenance {

/// Text from outside for a message: cut to what fits a line.
std::string shortened(std::string_view text);
/// "expected X, found Y"
Error unexpected(std::string_view what, std::string_view expected, std::string_view found);

Result<const Json*> object_field(const Json& parent, const char* name);
Result<const Json*> list_field(const Json& parent, const char* name);
Result<std::string> text_field(const Json& parent, const char* name);
/// Fails unless the field is the text `expected`.
Result<void> expect_text(const Json& parent, const char* name, std::string_view expected);

}  // namespace bartizan::provenance
