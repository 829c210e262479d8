#pragma once
/// Where pickle opcodes end: enough to find the ends of pickles without running them. (pickletools.py of CPython 3.12
/// has the table.)
/// Thread rule: pure functions.

#include <cstdint>

#include "scan/judge.h"

namespace bartizan::scan {

/// How many bytes the opcode at `at` takes with its argument; 0: it is none, or it ends behind the bytes.
std::uint64_t opcode_size(Bytes content, std::size_t at);
/// Where the pickle that begins at `at` ends, behind its STOP; 0: nowhere within `most` opcodes.
std::size_t pickle_end(Bytes content, std::size_t at, std::uint64_t most);

/// A row of valid opcodes: random bytes seldom begin so.
bool starts_as_pickle(Bytes content);

}  // namespace bartizan::scan
