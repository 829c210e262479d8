#pragma once
/// What holds for the whole engine process: LibTorch's own threads, the device, and the memory that a hostile
/// model may take.

#include "bartizan/result.h"
#include "bartizan/run_context.h"

namespace bartizan::engine {

/// Gives LibTorch as many threads as the context has, bounds its memory, and makes sure that the device is there.
/// Call it once.
/// Fails with `invalid_input` on a device that is none, `unsupported` on one that this build or machine lacks.
Result<void> apply_settings(const RunContext& ctx);

}  // namespace bartizan::engine
