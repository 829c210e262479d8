#pragma once
/// Words in text and configurations that give something away: keys, commands, code, modules that reach the system.
/// Thread rule: pure functions, but for those that take a Context.

#include <cstdint>
#include <string_view>

#include "scan/judge.h"

namespace bartizan::scan {

/// "os", "subprocess", "builtins" and their like: a name that configuration imports from there is a way to run code.
bool is_dangerous_module(std::string_view module);
/// Reports keys of known services and private keys. Examples ("sk-xxxx") are told from real ones by their entropy.
void report_secrets(std::string_view text, const Context& context, std::uint64_t offset);
/// Code or shell commands where a value is expected: "import os; os.system(", "curl ... | sh". Empty: none.
std::string_view command_in(std::string_view text);
/// Of marshalled Python code: what it names that reaches the system; empty: nothing that is known.
std::string_view danger_in_code(std::string_view bytes);
/// A value that is a pickle in base64: judged, and reported when it would do harm.
void report_encoded_pickle(std::string_view text, const Context& context, std::uint64_t offset);
/// RFC 4648, blanks skipped, up to the first other character.
std::string decode_base64(std::string_view text);

}  // namespace bartizan::scan
