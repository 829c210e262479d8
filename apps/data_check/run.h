#pragma once
/// `data check`, as both programs do it: `bartizan` by itself, `bartizan-engine` with what only a model can tell. One
/// report, one quarantine, one exit status.

#include <functional>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "cli/command.h"
#include "core/json.h"
#include "quality/check.h"

namespace bartizan::data_checking {

/// The options of the checks that need no model.
quality::CheckOptions options_of(const cli::Invocation& invocation);

/// Adds issues to the report, and what else it found to the document.
using MoreChecks = std::function<Result<void>(const quality::CheckOptions&, quality::CheckReport&, Json& document)>;

/// `more` may be empty. Gives the exit status.
Result<int> run(const cli::Invocation& invocation, const RunContext& ctx, const MoreChecks& more);

}  // namespace bartizan::data_checking
