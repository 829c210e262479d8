#pragma once
/// Names against contents: a pickle called .safetensors is loaded as what it is by a loader that does not look.
/// Thread rule: as Context.

#include <string_view>

#include "scan/judge.h"

namespace bartizan::scan {

/// Reports a file whose name promises another format than its content has. The result's format must be set.
void check_extension(const Context& context);
/// Raw arrays, indices and the like, by their name: bytes without a format that no loader runs.
bool names_raw_data(std::string_view name);

}  // namespace bartizan::scan
