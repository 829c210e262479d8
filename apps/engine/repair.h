#pragma once
/// `bartizan harden MODEL --method repair`: a trojaned model goes in, a repaired one comes out, with the proof.

#include "bartizan/params.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "cli/command.h"

namespace bartizan::engine {

/// Prints its result; gives the exit status: 1 where no candidate was better than the model as it was (no file is
/// written then).
Result<int> repair(const cli::Invocation& invocation, const Params& params, RunContext& ctx);

}  // namespace bartizan::engine
