#pragma once
/// Judges pickle streams by abstract interpretation: a symbolic machine over the opcodes that builds values and so
/// knows what would be called with what. See pickle/README.md.

#include <string>
#include <vector>

#include "scan/judge.h"

namespace bartizan::scan {

/// Protocol 2 to 5 by its first byte; protocol 0 and 1 by a valid run of opcodes.
bool looks_like_pickle(Bytes content);

/// Judges every pickle in `content`, one after another, and the bytes between and after them.
/// `allowed_persistent_ids`: a torch checkpoint resolves them to its own storages; a bare pickle does not.
struct PickleOptions {
    bool torch = false;  ///< persistent ids are storages of the checkpoint around it; raw storages may follow
};
void judge_pickle(Bytes content, Context& context, const PickleOptions& options = {});

}  // namespace bartizan::scan
