#pragma once
/// Names of records that nobody chose. Thread rule: may be called from any thread.

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "bartizan/result.h"
#include "crypto/random_stream.h"

namespace bartizan::governance {

/// `prefix` and 16 random hexadecimal digits.
inline Result<std::string> new_identifier(std::string_view prefix) {
    auto random = BARTIZAN_TRY(crypto::RandomStream::from_system());
    return fmt::format("{}{:016x}", prefix, random.bits64());
}

}  // namespace bartizan::governance
