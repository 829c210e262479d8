#pragma once
/// The rows that a model is trained on and those that it is judged by, as `harden` parts them.

#include <memory>

#include "bartizan/result.h"
#include "cli/command.h"
#include "data/dataset.h"

namespace bartizan::engine {

struct HeldOut {
    std::unique_ptr<const data::Dataset> train;
    data::Batch judged;  ///< at most 1,000 rows, never trained on
    data::Info judged_info;  ///< of the data that they are from
};

/// --test-data judges; without it a seeded tenth of --data is held out. Fails as `open_data` does, or with
/// `invalid_input` when nothing is left to hold out.
Result<HeldOut> hold_out(const cli::Invocation& invocation);

}  // namespace bartizan::engine
