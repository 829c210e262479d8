#pragma once
/// What kind of program bytes are.
/// Thread rule: pure functions.

#include <string_view>

#include "scan/judge.h"

namespace bartizan::scan {

/// "ELF program or shared object"; empty: none that is known.
std::string_view program_kind(Bytes content);

}  // namespace bartizan::scan
