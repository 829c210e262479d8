#pragma once
/// What holds for the whole engine process: LibTorch's own threads and the device.

#include "bartizan/result.h"
#include "bartizan/run_context.h"

namespace bartizan::engine {

/// Gives LibTorch as many threads as the context has, and makes sure that its device is there.
/// Fails with `invalid_input` on a device that is none, `unsupported` on one that this build or machine lacks.
Result<void> apply_settings(const RunContext& ctx);

}  // namespace bartizan::engine
