#pragma once
/// `bartizan harden` with methods that change the file, not the weights: preprocessing, a detector, calibration.

#include <string_view>

#include "bartizan/params.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "cli/command.h"

namespace bartizan::engine {

/// True for the methods below.
bool wraps(std::string_view method);

/// Writes the file, measures it and prints; gives the exit status.
Result<int> harden_by_wrapping(const cli::Invocation& invocation, std::string_view method, const Params& params,
                               RunContext& ctx);

}  // namespace bartizan::engine
