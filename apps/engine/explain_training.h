#pragma once
/// `bartizan explain --method tracin --train-data T`: which training items made the model say what it says.

#include <string_view>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "cli/command.h"

namespace bartizan::engine {

inline constexpr std::string_view kTracin = "tracin";

/// Writes explanations.json and, for pictures, a sheet for each input: itself with the most helpful training items, the
/// most harmful ones, the most alike ones. Fails with `unsupported` where the model has no last linear layer.
Result<int> explain_by_training(const cli::Invocation& invocation, RunContext& ctx);

}  // namespace bartizan::engine
