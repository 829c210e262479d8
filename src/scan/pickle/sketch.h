#pragma once
/// Tells pickles from other bytes, cheaply: by the heights of the stack alone. And where in other bytes a pickle may
/// begin.
/// Thread rule: pure functions.

#include <cstddef>
#include <string_view>
#include <vector>

#include "scan/judge.h"

namespace bartizan::scan::pickle {

/// Does `content` begin with opcodes that a loader would run to some effect?
bool runs_as_pickle(Bytes content);

/// Places in [from, end) of `text` where a pickle may begin, in order.
std::vector<std::size_t> candidates(std::string_view text, std::size_t from, std::size_t end);

}  // namespace bartizan::scan::pickle
