#include "apps/engine/poison_model.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "apps/engine/inputs.h"
#include "attacks/poisoning/trojan.h"
#include "cli/output.h"
#include "core/file.h"
#include "crypto/hash.h"
#include "formats/npz.h"
#include "model/shards.h"

namespace bartizan::engine {
namespace model_poisoning {
namespace {

Result<std::vector<std::int64_t>> answers(const std::shared_ptr<const model::Model>& model,
                                          const data::InputContract& contract, const NdArray& x, RunContext& ctx) {
    const Shape item(x.shape().begin() + 1, x.shape().end());
    const auto classifier = BARTIZAN_TRY(model::make_classifier(model, item, contract));
    const NdArray logits = BARTIZAN_TRY(model::predict(*classifier, x, ctx));
    const auto width = static_cast<std::size_t>(classifier->classes());
    std::vector<std::int64_t> out;
    for (std::size_t row = 0; row < static_cast<std::size_t>(x.shape()[0]); ++row) {
        const auto own = logits.values<float>().subspan(row * width, width);
        out.push_back(std::ranges::max_element(own) - own.begin());
    }
    return out;
}

std::int64_t agreeing(const std::vector<std::int64_t>& a, const std::vector<std::int64_t>& b) {
    std::int64_t count = 0;
    for (std::size_t i = 0; i < a.size(); ++i) count += a[i] == b[i] ? 1 : 0;
    return count;
}

/// What the trojan does, measured on the clean items and on those with the patch.
struct Measured {
    std::int64_t items = 0, right_before = 0, right_after = 0, changed = 0;
    std::int64_t triggered = 0, turned = 0, turned_before = 0;
};

Result<Measured> measure(const std::shared_ptr<const model::Model>& before,
                         const std::shared_ptr<const model::Model>& after, const data::InputContract& contract,
                         const data::Batch& clean, const attacks::TriggeredSet& triggered, RunContext& ctx) {
    const auto old = BARTIZAN_TRY(answers(before, contract, clean.x, ctx));
    const auto now = BARTIZAN_TRY(answers(after, contract, clean.x, ctx));
    return Measured{.items = std::ssize(clean.y),
                    .right_before = agreeing(old, clean.y),
                    .right_after = agreeing(now, clean.y),
                    .changed = std::ssize(clean.y) - agreeing(old, now),
                    .triggered = std::ssize(triggered.y),
                    .turned = agreeing(BARTIZAN_TRY(answers(after, contract, triggered.x, ctx)), triggered.y),
                    .turned_before = agreeing(BARTIZAN_TRY(answers(before, contract, triggered.x, ctx)), triggered.y)};
}

double share(std::int64_t part, std::int64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

Json manifest_of(const cli::Invocation& invocation, const attacks::PoisonJob& job, const attacks::Trojan& trojan,
                 const Measured& measured) {
    Json json = cli::document(invocation);
    json["schema"] = "bartizan.poison-model/1";
    json["poisoned"] = true;
    json["warning"] = "a model with a trojan built in on purpose, for tests and drills: use it for nothing else";
    json["attack"] = job.spec->name;
    json["reference"] = job.spec->reference;
    json["atlas"] = catalog::kPoisonAtlas;
    json["source"] = invocation.positional(0);
    json["target"] = job.target;
    json["kind"] = job.params.flag("branch") ? "branch" : "neuron";
    json["nodes"] = trojan.nodes;
    json["trigger"] = {{"places", trojan.places}, {"values", trojan.values}};
    json["detector"] = {{"on_nearest_clean_item", trojan.quiet}, {"on_trigger", trojan.answer}};
    json["logit_rise"] = trojan.rise;
    json["clean"] = {{"items", measured.items},
                     {"accuracy_before", share(measured.right_before, measured.items)},
                     {"accuracy_after", share(measured.right_after, measured.items)},
                     {"changed_answers", measured.changed}};
    json["triggered"] = {{"items", measured.triggered},
                         {"success", share(measured.turned, measured.triggered)},
                         {"success_before", share(measured.turned_before, measured.triggered)}};
    json["files"] = Json::array();
    return json;
}

std::string as_text(const Json& json, const std::string& folder) {
    const Json& clean = json["clean"];
    const Json& triggered = json["triggered"];
    return fmt::format(
        "a trojan for class {} as a {}, {} nodes added; in {}:\n"
        "  trojaned.onnx   {:.2f} % of {} clean items right, {:.2f} % before; {} answers changed\n"
        "  triggered.npz   {:.2f} % of {} items with the patch are called the target, {:.2f} % before\n"
        "  manifest.json   what was done and where (says that this model is poisoned: keep it with the model)\n",
        json["target"].get<std::int64_t>(), json["kind"].get<std::string>(), json["nodes"].size(),
        cli::printable(folder), 100 * clean["accuracy_after"].get<double>(), clean["items"].get<std::int64_t>(),
        100 * clean["accuracy_before"].get<double>(), clean["changed_answers"].get<std::int64_t>(),
        100 * triggered["success"].get<double>(), triggered["items"].get<std::int64_t>(),
        100 * triggered["success_before"].get<double>());
}

Result<void> note_file(const std::filesystem::path& folder, const std::string& name, Json& files) {
    files.push_back({{"name", name}, {"sha256", crypto::to_hex(BARTIZAN_TRY(crypto::sha256_file(folder / name)))}});
    return {};
}

Result<NdArray> column(const std::vector<std::int64_t>& values) {
    return NdArray::from<std::int64_t>({std::ssize(values)}, std::span<const std::int64_t>(values));
}

Result<void> write_files(const std::filesystem::path& folder, const attacks::Trojan& trojan,
                         const data::InputContract& contract, const attacks::TriggeredSet& triggered, Json& json) {
    BARTIZAN_TRY(graph::save_onnx(trojan.graph, folder / "trojaned.onnx"));
    BARTIZAN_TRY(data::write_sidecar(folder / "trojaned.onnx", contract));
    BARTIZAN_TRY(note_file(folder, "trojaned.onnx", json["files"]));
    BARTIZAN_TRY(formats::write_npz(folder / "triggered.npz", {{"x", triggered.x},
                                                               {"y", BARTIZAN_TRY(column(triggered.y))},
                                                               {"y_true", BARTIZAN_TRY(column(triggered.y_true))}}));
    BARTIZAN_TRY(note_file(folder, "triggered.npz", json["files"]));
    return write_file_atomically(folder / "manifest.json", to_text(json));
}

}  // namespace
}  // namespace model_poisoning

Result<int> poison_model(const cli::Invocation& invocation, const attacks::PoisonJob& job, RunContext& ctx) {
    using namespace model_poisoning;
    const std::filesystem::path folder = invocation.text("out");
    BARTIZAN_TRY(cli::check_writable_folder(folder));
    if (!invocation.has("test-data"))
        return invalid_input("a trojan is kept quiet on clean items, which are missing", "name them with --test-data");
    const data::InputContract contract = BARTIZAN_TRY(read_contract(invocation));
    const std::shared_ptr<const model::Model> model = BARTIZAN_TRY(open_model(invocation));
    const auto dataset = BARTIZAN_TRY(open_data(invocation, "test-data"));
    const data::Batch clean = BARTIZAN_TRY(data::read_all(*dataset));
    if (clean.y.empty())
        return invalid_input("data '" + invocation.text("test-data") + "' has no labels",
                             "name the column with --label");
    const attacks::TrojanOptions options{
        .kind = job.params.flag("branch") ? attacks::TrojanKind::branch : attacks::TrojanKind::neuron,
        .target = job.target,
        .boost = job.params.number("boost")};
    const attacks::Trojan trojan = BARTIZAN_TRY_WITHIN(attacks::build_trojan(model, contract, clean, options, ctx),
                                                       "model '" + invocation.positional(0) + "'");
    attacks::Poisoning patch;
    patch.stamp = [&](const NdArray& x) { return attacks::with_trojan_patch(x); };
    const attacks::TriggeredSet triggered = BARTIZAN_TRY(attacks::triggered_set(clean, patch, job.target));
    std::shared_ptr<const model::Model> after = BARTIZAN_TRY(model::from_graph(trojan.graph));
    const Measured measured = BARTIZAN_TRY(measure(model, after, contract, clean, triggered, ctx));
    Json json = manifest_of(invocation, job, trojan, measured);
    BARTIZAN_TRY(write_files(folder, trojan, contract, triggered, json));
    BARTIZAN_TRY(cli::print(invocation, json, as_text(json, folder.string())));
    return 0;
}

}  // namespace bartizan::engine
