#include "apps/engine/inputs.h"

#include <fmt/format.h>

namespace bartizan::engine {
namespace {

Result<std::vector<double>> numbers(const cli::Invocation& invocation, std::string_view option) {
    return data::parse_numbers(invocation.text(option)).within("--" + std::string(option));
}

}  // namespace

Result<std::shared_ptr<model::Model>> open_model(const cli::Invocation& invocation) {
    const std::string path = invocation.positional(0);
    if (path.starts_with("http://") || path.starts_with("https://"))
        return unsupported("'" + path + "' is a remote model; this build opens files alone");
    auto model = BARTIZAN_TRY(model::load(path));
    return std::shared_ptr<model::Model>(std::move(model));
}

Result<data::InputContract> read_contract(const cli::Invocation& invocation) {
    data::InputContract contract = BARTIZAN_TRY(data::read_sidecar(invocation.positional(0)));
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

}  // namespace bartizan::engine
