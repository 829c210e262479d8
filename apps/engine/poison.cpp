/// `bartizan poison D --attack NAME --rate R --target T --out DIR`: a poisoned copy of a data set with its ground truth
/// and trigger, for tests and drills; of an ONNX file where the attack is one on models. What it writes says of itself
/// that it is poisoned.
#include <map>
#include <optional>

#include <fmt/format.h>

#include "apps/engine/handlers.h"
#include "apps/engine/inputs.h"
#include "apps/engine/poison_model.h"
#include "attacks/poisoning/poison.h"
#include "cli/output.h"
#include "core/file.h"
#include "crypto/hash.h"
#include "formats/npz.h"

namespace bartizan::engine {
namespace poisoning {
namespace {

using Arrays = std::vector<std::pair<std::string, NdArray>>;

Result<std::map<std::string, std::string>> given_parameters(const cli::Invocation& invocation) {
    std::map<std::string, std::string> given;
    for (const std::string& pair : invocation.list("param")) {
        const std::size_t equals = pair.find('=');
        if (equals == 0 || equals == std::string::npos)
            return invalid_input(fmt::format("--param: '{}' is not NAME=VALUE", pair), "write --param covers=2");
        const auto [place, fresh] = given.emplace(pair.substr(0, equals), pair.substr(equals + 1));
        if (!fresh) return invalid_input(fmt::format("parameter '{}' is given twice", place->first));
    }
    return given;
}

Result<data::Batch> read_set(const cli::Invocation& invocation, const std::string& spec, bool all) {
    data::OpenOptions options;
    options.label_column = invocation.text("label");
    options.seed = static_cast<std::uint64_t>(invocation.integer("seed", 0));
    if (!all && invocation.has("limit")) options.limit = invocation.integer("limit", 0);
    if (!all && invocation.has("sample")) options.sample = invocation.integer("sample", 0);
    const auto dataset = BARTIZAN_TRY_WITHIN(data::open(spec, options), "data '" + spec + "'");
    data::Batch batch = BARTIZAN_TRY_WITHIN(data::read_all(*dataset), "data '" + spec + "'");
    if (batch.y.empty()) return invalid_input("data '" + spec + "' has no labels", "name the column with --label");
    return batch;
}

Result<attacks::PoisonJob> job_of(const cli::Invocation& invocation) {
    attacks::PoisonJob job;
    job.spec = BARTIZAN_TRY(catalog::find_poison(invocation.text("attack")));
    const auto given = BARTIZAN_TRY(given_parameters(invocation));
    job.params =
        BARTIZAN_TRY_WITHIN(Params::make(job.spec->params, given), "attack '" + std::string(job.spec->name) + "'");
    job.rate = invocation.number("rate", 0.05);
    job.target = invocation.integer("target", 0);
    job.seed = static_cast<std::uint64_t>(invocation.integer("seed", 0));
    return job;
}

/// The model of --model, for items like those of `batch`.
Result<attacks::Surrogate> surrogate_of(const cli::Invocation& invocation, const data::Batch& batch) {
    const std::string path = invocation.text("model");
    attacks::Surrogate out;
    out.contract = BARTIZAN_TRY(read_contract(invocation, path));
    out.model = BARTIZAN_TRY_WITHIN(model::load(path), "model '" + path + "'");
    const Shape item(batch.x.shape().begin() + 1, batch.x.shape().end());
    out.classifier = BARTIZAN_TRY_WITHIN(model::make_classifier(out.model, item, out.contract), "model '" + path + "'");
    for (std::size_t row = 0; row < batch.y.size(); ++row)
        if (batch.y[row] >= out.classifier->classes())
            return invalid_input(fmt::format("row {} has label {}, model '{}' has classes 0 to {}", row, batch.y[row],
                                             path, out.classifier->classes() - 1));
    return out;
}

Result<NdArray> column(const std::vector<std::int64_t>& values) {
    return NdArray::from<std::int64_t>({std::ssize(values)}, std::span<const std::int64_t>(values));
}

/// Writes the archive and notes its digest.
Result<void> write_set(const std::filesystem::path& folder, const std::string& name, const Arrays& arrays,
                       Json& files) {
    BARTIZAN_TRY(formats::write_npz(folder / name, arrays));
    files.push_back({{"name", name}, {"sha256", crypto::to_hex(BARTIZAN_TRY(crypto::sha256_file(folder / name)))}});
    return {};
}

Result<void> write_truth(const std::filesystem::path& folder, const data::Batch& clean,
                         const attacks::PoisonedImages& set, Json& files) {
    std::vector<std::uint8_t> poisoned(clean.y.size(), 0);
    for (const std::int64_t row : set.rows) poisoned[static_cast<std::size_t>(row)] = 1;
    const NdArray flags =
        BARTIZAN_TRY(NdArray::from<std::uint8_t>({std::ssize(poisoned)}, std::span<const std::uint8_t>(poisoned)));
    return write_set(folder, "truth.npz",
                     {{"poisoned", flags},
                      {"rows", BARTIZAN_TRY(column(set.rows))},
                      {"covers", BARTIZAN_TRY(column(set.covers))},
                      {"y_clean", BARTIZAN_TRY(column(clean.y))}},
                     files);
}

Json manifest_of(const cli::Invocation& invocation, const attacks::PoisonJob& job, const attacks::Poisoning& made,
                 std::int64_t triggered) {
    const catalog::PoisonSpec& spec = *job.spec;
    Json json = cli::document(invocation);
    json["poisoned"] = true;
    json["warning"] = "deliberately poisoned data for tests and drills: train no model for use on it";
    json["attack"] = spec.name;
    json["reference"] = spec.reference;
    json["atlas"] = catalog::kPoisonAtlas;
    json["source"] = invocation.positional(0);
    if (invocation.has("model")) json["model"] = invocation.text("model");
    json["seed"] = job.seed;
    json["rate"] = job.rate;
    json["target"] = job.target;
    json["keeps_labels"] = spec.keeps_labels;
    json["items"] = made.set.y.size();
    json["poisoned_items"] = made.set.rows.size();
    json["cover_items"] = made.set.covers.size();
    json["triggered_items"] = triggered;
    json["trigger"] = made.trigger;
    json["files"] = Json::array();
    return json;
}

std::string as_text(const Json& json, const std::string& folder) {
    std::string text = fmt::format("{} of {} items poisoned, {} covers, {} triggered test items; in {}:\n",
                                   json["poisoned_items"].get<std::int64_t>(), json["items"].get<std::int64_t>(),
                                   json["cover_items"].get<std::int64_t>(), json["triggered_items"].get<std::int64_t>(),
                                   cli::printable(folder));
    for (const Json& file : json["files"]) text += "  " + file["name"].get<std::string>() + "\n";
    return text + "  manifest.json (says that this data is poisoned: keep it with the data)\n";
}

}  // namespace
}  // namespace poisoning

Result<int> poison_command(const cli::Invocation& invocation, RunContext& ctx) {
    using namespace poisoning;
    const std::filesystem::path folder = invocation.text("out");
    attacks::PoisonJob job = BARTIZAN_TRY(job_of(invocation));
    if (job.spec->data_kind == "model") return poison_model(invocation, job, ctx);
    BARTIZAN_TRY(cli::check_writable_folder(folder));
    const data::Batch clean = BARTIZAN_TRY(read_set(invocation, invocation.positional(0), false));
    std::optional<attacks::Surrogate> surrogate;
    std::optional<data::Batch> test;
    if (invocation.has("model")) surrogate = BARTIZAN_TRY(surrogate_of(invocation, clean));
    if (invocation.has("test-data")) test = BARTIZAN_TRY(read_set(invocation, invocation.text("test-data"), true));
    job.surrogate = surrogate ? &*surrogate : nullptr;
    job.victims = test ? &*test : nullptr;
    job.context = &ctx;
    const attacks::Poisoning made = BARTIZAN_TRY(attacks::poison(clean, job));
    std::optional<attacks::TriggeredSet> triggered = made.victim;
    if (made.stamp) {
        const std::span<const std::int64_t> used(made.set.rows);
        triggered = BARTIZAN_TRY(attacks::triggered_set(test ? *test : clean, made, job.target,
                                                        test ? std::span<const std::int64_t>() : used));
    }
    BARTIZAN_TRY(ctx.checkpoint());
    Json json = manifest_of(invocation, job, made, triggered ? std::ssize(triggered->y) : 0);
    BARTIZAN_TRY(
        write_set(folder, "poisoned.npz", {{"x", made.set.x}, {"y", BARTIZAN_TRY(column(made.set.y))}}, json["files"]));
    BARTIZAN_TRY(write_truth(folder, clean, made.set, json["files"]));
    if (triggered)
        BARTIZAN_TRY(write_set(folder, "triggered.npz",
                               {{"x", triggered->x},
                                {"y", BARTIZAN_TRY(column(triggered->y))},
                                {"y_true", BARTIZAN_TRY(column(triggered->y_true))}},
                               json["files"]));
    BARTIZAN_TRY(write_file_atomically(folder / "manifest.json", to_text(json)));
    BARTIZAN_TRY(cli::print(invocation, json, as_text(json, folder.string())));
    return 0;
}

}  // namespace bartizan::engine
