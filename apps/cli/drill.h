#pragma once
/// `bartizan drill`, done by `bartizan` itself.

#include "bartizan/result.h"
#include "cli/command.h"

namespace bartizan::program {

Result<int> drill_command(const cli::Invocation& invocation);

}  // namespace bartizan::program
