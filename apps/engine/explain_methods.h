#pragma once
/// `bartizan explain` with methods that give no attributions: which training items, which other row, which examples. And
/// what the methods share.

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apps/engine/inputs.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "cli/command.h"
#include "core/json.h"
#include "explain/fidelity.h"

namespace bartizan::engine {

inline constexpr std::string_view kTracin = "tracin";
inline constexpr std::string_view kCounterfactual = "counterfactual";
inline constexpr std::string_view kPrototypes = "prototypes";

/// `--method tracin --train-data T`. Writes explanations.json and, for pictures, a sheet for each input: itself with the
/// most helpful training items, the most harmful ones, the most alike ones. Fails with `unsupported` where the model has
/// no last linear layer.
Result<int> explain_by_training(const cli::Invocation& invocation, RunContext& ctx);

/// `--method counterfactual`, of tables: the nearest rows with another answer. Fails with `unsupported` on other data.
Result<int> explain_by_counterfactuals(const cli::Invocation& invocation, RunContext& ctx);

/// `--method prototypes --train-data T`: for each class the items that stand for it and those that it has beside. Writes
/// explanations.json and, for pictures, a sheet for each class.
Result<int> explain_by_prototypes(const cli::Invocation& invocation, RunContext& ctx);

/// The labelled data of --train-data.
struct Training {
    data::Info info;
    data::Batch batch;
};
/// Fails with `invalid_input` where it is not given, has no labels, or has items of another shape than --data.
Result<Training> read_training(const cli::Invocation& invocation, const Inputs& inputs, std::string_view method);

/// The file's model with fresh weights; null where it cannot be begun anew (trees, quantised models).
Result<std::shared_ptr<const model::Model>> fresh_model(const cli::Invocation& invocation, const RunContext& ctx);
/// The same as a classifier; null for models without a graph too.
Result<std::shared_ptr<const model::Classifier>> fresh_classifier(const cli::Invocation& invocation,
                                                                  const Inputs& inputs, const RunContext& ctx);

/// Every --param NAME=VALUE, each of which must be in `known`. The last of a name stands.
Result<std::map<std::string, std::string>> explain_parameters(const cli::Invocation& invocation,
                                                              const std::vector<std::string_view>& known);

/// A mean with half the width of its 95 % interval; infinite for one value.
struct Lift {
    double mean = 0, reach = 0;
};
Lift lift_of(const std::vector<double>& values);

/// The figures that every explanation has, none of them measured yet.
Json unmeasured(const cli::Invocation& invocation, std::string_view method);

}  // namespace bartizan::engine
