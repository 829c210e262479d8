#include "apps/engine/explain_methods.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "cli/output.h"
#include "training/references.h"

namespace bartizan::engine {

Result<Training> read_training(const cli::Invocation& invocation, const Inputs& inputs, std::string_view method) {
    if (!invocation.has("train-data"))
        return invalid_input(fmt::format("--method {} needs what the model was trained on", method),
                             "name it with --train-data");
    const std::string spec = invocation.text("train-data");
    const std::string place = "--train-data '" + spec + "'";
    data::OpenOptions options;
    options.label_column = invocation.text("label");
    const auto dataset = BARTIZAN_TRY_WITHIN(data::open(spec, options), place);
    Training out{dataset->info(), BARTIZAN_TRY_WITHIN(data::read_all(*dataset), place)};
    if (out.batch.y.empty()) return invalid_input(place + ": the data has no labels");
    if (out.info.item_shape != inputs.dataset->info().item_shape)
        return invalid_input(fmt::format("{}: items of shape {}, those of --data are {}", place,
                                         to_string(out.info.item_shape), to_string(inputs.dataset->info().item_shape)));
    return out;
}

Result<std::shared_ptr<const model::Model>> fresh_model(const cli::Invocation& invocation, const RunContext& ctx) {
    std::shared_ptr<model::Model> fresh = BARTIZAN_TRY(model::load(invocation.positional(0)));
    const auto begun = training::begin_anew(*fresh, ctx.seed() + 1);
    if (!begun.ok() && begun.error().code() == Errc::unsupported) return std::shared_ptr<const model::Model>();
    BARTIZAN_TRY(begun);
    return std::shared_ptr<const model::Model>(std::move(fresh));
}

Result<std::shared_ptr<const model::Classifier>> fresh_classifier(const cli::Invocation& invocation,
                                                                  const Inputs& inputs, const RunContext& ctx) {
    using Fresh = std::shared_ptr<const model::Classifier>;
    // What is asked over the network cannot be begun anew.
    if (inputs.model->graph() == nullptr) return Fresh();
    const auto fresh = BARTIZAN_TRY(fresh_model(invocation, ctx));
    if (fresh == nullptr) return Fresh();
    return Fresh(BARTIZAN_TRY(model::make_classifier(fresh, inputs.dataset->info().item_shape, inputs.contract)));
}

Result<std::map<std::string, std::string>> explain_parameters(const cli::Invocation& invocation,
                                                              const std::vector<std::string_view>& known) {
    std::map<std::string, std::string> out;
    for (const std::string& pair : invocation.list("param")) {
        const std::size_t equals = pair.find('=');
        if (equals == 0 || equals == std::string::npos)
            return invalid_input(fmt::format("--param: '{}' is not NAME=VALUE", pair), "write --param immutable=age,sex");
        const std::string name = pair.substr(0, equals);
        if (std::ranges::find(known, name) == known.end())
            return invalid_input(fmt::format("--method {} has no parameter '{}'", invocation.text("method"), name),
                                 known.empty() ? "it has none" : fmt::format("there are {}", fmt::join(known, ", ")));
        out.insert_or_assign(name, pair.substr(equals + 1));
    }
    return out;
}

Lift lift_of(const std::vector<double>& values) {
    const double n = static_cast<double>(values.size());
    Lift out;
    for (const double value : values) out.mean += value / n;
    double square = 0;
    for (const double value : values) square += (value - out.mean) * (value - out.mean);
    out.reach = n > 1 ? 1.96 * std::sqrt(square / (n - 1) / n) : std::numeric_limits<double>::infinity();
    return out;
}

Json unmeasured(const cli::Invocation& invocation, std::string_view method) {
    Json json = cli::document(invocation);
    json["method"] = method;
    for (const char* figure : {"completeness_error", "deletion_lift", "insertion_lift", "infidelity", "sensitivity",
                               "randomised_likeness"})
        json[figure] = nullptr;
    return json;
}

}  // namespace bartizan::engine
