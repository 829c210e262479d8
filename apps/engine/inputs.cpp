#include "apps/engine/inputs.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <span>

#include <fmt/format.h>

#include "serving/remote_model.h"

namespace bartizan::engine {
namespace {

Result<std::vector<double>> numbers(const cli::Invocation& invocation, std::string_view option) {
    return data::parse_numbers(invocation.text(option)).within("--" + std::string(option));
}

Result<void> check_labels(const Inputs& inputs) {
    if (!inputs.dataset->has_labels() || inputs.batch.y.empty())
        return invalid_input("the data has no labels", "add an array y, or name the column with --label");
    const std::int64_t classes = inputs.classifier->classes();
    for (std::size_t row = 0; row < inputs.batch.y.size(); ++row) {
        const std::int64_t label = inputs.batch.y[row];
        if (label < 0 || label >= classes)
            return invalid_input(
                fmt::format("row {} has label {}, but the model has {} classes",
                            inputs.batch.ids.empty() ? static_cast<std::int64_t>(row) : inputs.batch.ids[row], label,
                            classes),
                "is this the data that the model was made for?");
    }
    return {};
}

}  // namespace

Result<std::shared_ptr<model::Model>> open_model(const cli::Invocation& invocation) {
    const std::string path = invocation.positional(0);
    if (serving::is_remote(path)) {
        serving::RemoteOptions options;
        if (const char* const key = std::getenv("BARTIZAN_KEY")) options.key = key;
        options.retries = static_cast<int>(invocation.integer("retries", options.retries));
        options.patience = std::chrono::milliseconds(std::llround(1000 * invocation.number("timeout", 30)));
        return std::shared_ptr<model::Model>(BARTIZAN_TRY(serving::open_remote(path, options)));
    }
    auto model = BARTIZAN_TRY(model::load(path));
    return std::shared_ptr<model::Model>(std::move(model));
}

Result<std::unique_ptr<data::Dataset>> open_data(const cli::Invocation& invocation, std::string_view option) {
    data::OpenOptions options;
    options.label_column = invocation.text("label");
    options.seed = static_cast<std::uint64_t>(invocation.integer("seed", 0));
    if (invocation.has("limit")) options.limit = invocation.integer("limit", 0);
    if (invocation.has("sample")) options.sample = invocation.integer("sample", 0);
    const std::string spec = invocation.text(option);
    return data::open(spec, options).within("data '" + spec + "'");
}

Result<data::InputContract> read_contract(const cli::Invocation& invocation) {
    return read_contract(invocation, invocation.positional(0));
}

Result<data::InputContract> read_contract(const cli::Invocation& invocation, const std::filesystem::path& model) {
    data::InputContract contract = BARTIZAN_TRY(data::read_sidecar(model));
    if (invocation.has("mean")) contract.mean = BARTIZAN_TRY(numbers(invocation, "mean"));
    if (invocation.has("std")) contract.std = BARTIZAN_TRY(numbers(invocation, "std"));
    for (const double value : contract.std)
        if (!(value > 0)) return invalid_input("--std must be above 0");
    if (invocation.has("range")) {
        const auto range = BARTIZAN_TRY(numbers(invocation, "range"));
        if (range.size() != 2 || !(range[0] < range[1]))
            return invalid_input("--range needs two numbers, the lower one first", "write --range 0,255");
        contract.low = range[0];
        contract.high = range[1];
    }
    return contract;
}

Result<Inputs> open_inputs(const cli::Invocation& invocation) {
    Inputs inputs;
    inputs.model_path = invocation.positional(0);
    inputs.contract = BARTIZAN_TRY(read_contract(invocation));
    inputs.model = BARTIZAN_TRY(open_model(invocation));
    inputs.dataset = BARTIZAN_TRY(open_data(invocation));
    inputs.batch = BARTIZAN_TRY_WITHIN(data::read_all(*inputs.dataset), "data '" + invocation.text("data") + "'");
    if (inputs.batch.x.rank() == 0 || inputs.batch.x.shape()[0] == 0)
        return invalid_input("data '" + invocation.text("data") + "' holds no items");
    auto classifier =
        model::make_classifier(inputs.model, inputs.dataset->info().item_shape, inputs.contract)
            .within(fmt::format("model '{}' on data '{}'", inputs.model_path.string(), invocation.text("data")));
    inputs.classifier = BARTIZAN_TRY(std::move(classifier));
    inputs.class_names =
        inputs.contract.class_names.empty() ? inputs.dataset->info().class_names : inputs.contract.class_names;
    BARTIZAN_TRY_WITHIN(check_labels(inputs), "data '" + invocation.text("data") + "'");
    return inputs;
}

Result<void> to_unit_range(Inputs& inputs) {
    if (inputs.dataset->info().kind == data::Kind::table && inputs.batch.x.rank() == 2) {
        inputs.columns = BARTIZAN_TRY(model::column_ranges(inputs.batch.x));
        inputs.batch.x = BARTIZAN_TRY(model::to_unit_columns(inputs.batch.x, *inputs.columns));
        inputs.classifier = model::with_unit_columns(inputs.classifier, *inputs.columns);
        return {};
    }
    return check_unit_range(inputs.batch.x, inputs.dataset->info().path);
}

Result<void> check_unit_range(const NdArray& x, const std::string& path) {
    constexpr float kSlack = 1e-5F;
    const std::span<const float> values = x.values<float>();
    const auto outside = std::ranges::find_if(values, [](float v) { return v < -kSlack || v > 1 + kSlack; });
    if (outside == values.end()) return {};
    const auto row = (outside - values.begin()) / (x.size() / x.shape()[0]);
    return invalid_input(
        fmt::format("data '{}': row {} holds {}, attacks need values from 0 to 1", path, row, *outside),
        "store the data in [0, 1] and tell what the model expects with --mean, --std, --range");
}

}  // namespace bartizan::engine
