#pragma once
/// JSON in its one canonical spelling (RFC 8785): keys in the order of their UTF-16 code units, no blanks, numbers as
/// ECMAScript prints them. What is hashed must have one spelling only. Pure.

#include <string>

#include "bartizan/result.h"
#include "core/json.h"

namespace bartizan::ledger {

/// Fails with `invalid_input` for what has no canonical spelling: NaN and infinities, integers beyond 2^53, text that
/// is not UTF-8.
Result<std::string> canonical(const Json& value);

}  // namespace bartizan::ledger
