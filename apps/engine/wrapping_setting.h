#pragma once
/// What the methods have in common that change the file and not the weights.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "apps/engine/held_out.h"
#include "bartizan/params.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "cli/command.h"
#include "core/json.h"
#include "data/input_contract.h"
#include "graph/graph.h"
#include "model/classifier.h"

namespace bartizan::engine {
namespace wrapping {

/// What is wrapped, and what judges it.
struct Setting {
    std::shared_ptr<model::Model> model;
    std::shared_ptr<const model::Classifier> classifier;
    HeldOut parts;
    data::InputContract contract;
    std::string out;
    double eps = 0;

    const Shape& item_shape() const { return parts.train->info().item_shape; }
};

/// Everything the command line names, opened and checked. Fails with `unsupported` on what is no ONNX file.
Result<Setting> setting_of(const cli::Invocation& invocation);
/// Writes the file and its sidecar; then opens the model that is in the file.
Result<std::shared_ptr<const model::Classifier>> written(const Setting& setting, const graph::Graph& graph,
                                                         const data::InputContract& contract);
/// A result document of `schema`, with method and file.
Json document(const cli::Invocation& invocation, const char* schema, std::string_view method, const Setting& setting);
/// A share with its counts and its Wilson interval; and as a line of text.
Json share_json(std::int64_t part, std::int64_t whole);
std::string share_line(std::string_view what, const Json& share);

}  // namespace wrapping

/// `harden --method smoothing`: certificates by randomized smoothing, and the smoothed model as one file.
Result<int> harden_by_smoothing(const cli::Invocation& invocation, const Params& params, RunContext& ctx);

}  // namespace bartizan::engine
