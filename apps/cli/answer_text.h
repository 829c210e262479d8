#pragma once
/// Members of a server's answer as text that cannot move the cursor. Pure functions.

#include <ctime>
#include <initializer_list>
#include <string>

#include "cli/command.h"
#include "core/json.h"

namespace bartizan::program {

/// "-" when it is not there.
std::string shown(const Json& object, const char* name);
/// "2026-05-03", or "-".
std::string day_shown(const Json& object, const char* name);
/// A number with one decimal.
std::string decimal(const Json& object, const char* name);
/// "a, b"
std::string joined(const Json& list);
/// "?a=x&b=y" of those options that were given.
std::string query_of(const cli::Invocation& invocation, std::initializer_list<const char*> names);
/// Seconds since 1970.
std::int64_t seconds_now();
inline constexpr std::int64_t kSecondsOfDay = 86'400;

}  // namespace bartizan::program
