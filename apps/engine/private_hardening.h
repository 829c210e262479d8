#pragma once
/// Differentially private training, as `harden --method dp-sgd` and `train --dp-epsilon` carry it out and tell of it.

#include <string>

#include "bartizan/params.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "cli/command.h"
#include "core/json.h"
#include "training/private_training.h"

namespace bartizan::engine {

/// `bartizan harden MODEL --method dp-sgd`: prints its result; gives the exit status.
Result<int> harden_privately(const cli::Invocation& invocation, const Params& params, RunContext& ctx);

/// What was promised and spent, and the epochs: the part that both commands print.
Json private_json(const training::PrivateOutcome& outcome, const training::PrivateOptions& options);
std::string private_text(const training::PrivateOutcome& outcome, const training::PrivateOptions& options);

}  // namespace bartizan::engine
