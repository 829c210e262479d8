#pragma once
/// A budget on the bytes that tensors hold at one time. A model from outside may ask for any amount of memory; without
/// a budget the system would kill the program, or others on the machine, instead of telling what was too large. Thread
/// rule: call `install_memory_limit` once, before the first tensor; the rest may be called from any thread.

#include <cstdint>

#include "bartizan/result.h"

namespace bartizan::model {

/// From now on an allocation that would take live tensors beyond `bytes` fails; a model's run returns `exhausted`.
/// Tensors made earlier are not counted. Scratch memory inside BLAS and oneDNN is not counted either: leave room.
/// Fails with `conflict` when a limit is in place already, `invalid_input` when `bytes` is 0.
Result<void> install_memory_limit(std::uint64_t bytes);

/// Bytes that tensors hold now, and the most they have held; 0 while no limit is in place.
std::uint64_t live_tensor_bytes();
std::uint64_t peak_tensor_bytes();

/// Three quarters of the machine's memory, or of the control group's limit if that is less.
std::uint64_t default_memory_limit();

}  // namespace bartizan::model
