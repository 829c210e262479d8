#pragma once
/// Points in time as documents write them (RFC 3339, UTC). Thread rule: pure functions.

#include <ctime>
#include <string>

namespace bartizan {

/// "2026-05-03T17:04:59Z".
std::string utc_text(std::time_t time);

}  // namespace bartizan
