#pragma once
/// `bartizan harden MODEL --method partition`: the network of MODEL learnt anew on parts of the data, as one ONNX file
/// that votes, with the share of answers that no poison of a given size turns.

#include "bartizan/params.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "cli/command.h"

namespace bartizan::engine {

/// Prints its result; gives the exit status.
Result<int> harden_by_partitions(const cli::Invocation& invocation, const Params& params, RunContext& ctx);

}  // namespace bartizan::engine
