#pragma once
/// What most commands of the engine begin with: the model, the data and how they fit together, as the command line
/// says. Every mistake in them is found here, before the work starts.

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "cli/command.h"
#include "data/dataset.h"
#include "data/input_contract.h"
#include "model/classifier.h"
#include "model/column_scaling.h"
#include "model/model.h"

namespace bartizan::engine {

/// The model named by the first positional. An address is opened as
/// `serving::open_remote` does, with the key in BARTIZAN_KEY, --timeout and --retries. Fails as these two do.
Result<std::shared_ptr<model::Model>> open_model(const cli::Invocation& invocation);

/// The data set named by --data (or another option), with --label, --limit, --sample and --seed.
Result<std::unique_ptr<data::Dataset>> open_data(const cli::Invocation& invocation, std::string_view option = "data");

/// The sidecar of the model, overridden by --mean, --std and --range.
Result<data::InputContract> read_contract(const cli::Invocation& invocation);
/// The same for another model of the command line.
Result<data::InputContract> read_contract(const cli::Invocation& invocation, const std::filesystem::path& model);

struct Inputs {
    std::filesystem::path model_path;
    std::shared_ptr<const model::Model> model;
    std::shared_ptr<const model::Classifier> classifier;
    data::InputContract contract;
    std::unique_ptr<data::Dataset> dataset;
    data::Batch batch;                           ///< all its rows
    std::vector<std::string> class_names;        ///< of the model, else of the data; may be empty
    std::optional<model::ColumnRanges> columns;  ///< set by `to_unit_range` for tables
};

/// All of the above. Fails with `invalid_input` when the data has no labels or one that the model has no class for.
Result<Inputs> open_inputs(const cli::Invocation& invocation);

/// Makes every feature run from 0 to 1, as attacks and radii take for granted: columns of tables are scaled, and the
/// classifier undoes it. Fails with `invalid_input` naming the row of any other data that leaves [0, 1].
Result<void> to_unit_range(Inputs& inputs);
/// Fails with `invalid_input` naming the row of the data at `path` that leaves [0, 1].
Result<void> check_unit_range(const NdArray& x, const std::string& path);

}  // namespace bartizan::engine
