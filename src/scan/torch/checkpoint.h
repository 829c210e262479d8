#pragma once
/// What torch makes of pickles: storages by key, in a zip or behind the pickles of a legacy file.
/// Thread rule: as Context.

#include <string>
#include <vector>

#include "scan/judge.h"

namespace bartizan::scan {

/// More keys than this are not looked for.
inline constexpr std::size_t kMaxTorchKeys = 200'000;

/// The short strings of a pickle: storage keys ("0", "1" ...) are among them. A member of the archive that is named by
/// none of them is judged like any other.
std::vector<std::string> torch_keys(Bytes pickle);
/// Judges a pickle of a checkpoint, persistent ids allowed. False if it does not look like a pickle at all.
bool judge_torch_pickle(Bytes pickle, Context& context);
/// Judges the code of a TorchScript module: operators of other libraries, operators that touch files.
void judge_torchscript(Bytes code, Context& context);

}  // namespace bartizan::scan
