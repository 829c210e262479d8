#pragma once
/// A model file is scanned, in a sandbox, before the engine parses it: what would do harm when loaded goes no further.

#include <optional>

#include "bartizan/result.h"
#include "cli/command.h"

namespace bartizan::program {

/// Nothing where the engine may go on. Else the exit status: `audit` writes its report, with the scan's findings and
/// every other probe skipped. Other commands fail with `invalid_input`, naming what would run.
Result<std::optional<int>> stop_at_unsafe_model(const cli::Invocation& invocation);

}  // namespace bartizan::program
