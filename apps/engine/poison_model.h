#pragma once
/// `bartizan poison MODEL.onnx --attack onnx-trojan --test-data CLEAN --target T --out DIR`: a trojan built into a
/// finished model, with its ground truth.

#include "attacks/poisoning/poison.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "cli/command.h"

namespace bartizan::engine {

/// Prints its result; gives the exit status.
Result<int> poison_model(const cli::Invocation& invocation, const attacks::PoisonJob& job, RunContext& ctx);

}  // namespace bartizan::engine
