#pragma once
/// `bartizan serve`: the service, until it is told to end.

#include "bartizan/result.h"
#include "cli/command.h"

namespace bartizan::program {

Result<int> serve(const cli::Invocation& invocation);

}  // namespace bartizan::program
