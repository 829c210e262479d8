#pragma once
/// JSON with bounds. `Json` keeps the order of its keys, so documents read the way they were written.

#include <cstddef>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "bartizan/result.h"

namespace bartizan {

using Json = nlohmann::ordered_json;

struct JsonLimits {
    std::size_t bytes = std::size_t{64} << 20;
    std::size_t depth = 64;
    std::size_t keys = 20'000;  ///< of one object: keeping their order makes each cost as many comparisons
};

/// Parses text from outside. Fails with `invalid_input` naming the byte position.
Result<Json> parse_json(std::string_view text, JsonLimits limits = {});

/// Indented text with a final newline. Non-UTF-8 bytes become U+FFFD; numbers that JSON lacks become null.
std::string to_text(const Json& document);

}  // namespace bartizan
