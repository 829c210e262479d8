#pragma once
/// What most commands of the engine begin with: the model, the data and how they fit together, as the command line
/// says. Every mistake in them is found here, before the work starts.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "cli/command.h"
#include "data/input_contract.h"
#include "model/model.h"

namespace bartizan::engine {

/// The model named by the first positional. Fails as `model::load` does, `unsupported` on a URL.
Result<std::shared_ptr<model::Model>> open_model(const cli::Invocation& invocation);

/// The sidecar of the model, overridden by --mean, --std and --range.
Result<data::InputContract> read_contract(const cli::Invocation& invocation);

}  // namespace bartizan::engine
