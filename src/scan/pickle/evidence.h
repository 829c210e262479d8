#pragma once
/// Strings that tell what a call is for when the callee is not known.
/// Thread rule: pure functions.

#include <string_view>

namespace bartizan::scan::pickle {

/// A shell command, Python code or a path that gives access: what of it says so; empty: nothing.
std::string_view command_evidence(std::string_view text);
/// A name that harmless code seldom has: "system", "popen", "exec" ...
bool is_dangerous_word(std::string_view name);

}  // namespace bartizan::scan::pickle
