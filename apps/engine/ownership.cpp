/// `bartizan ownership embed|fingerprint|verify|dataset`: marks by which a copy of a model can be told, and the tests.
#include <algorithm>

#include <fmt/format.h>

#include "apps/engine/handlers.h"
#include "apps/engine/held_out.h"
#include "apps/engine/inputs.h"
#include "audit/plan.h"
#include "cli/output.h"
#include "core/random.h"
#include "core/statistics.h"
#include "crypto/hash.h"
#include "ownership/dataset_inference.h"
#include "ownership/evidence.h"
#include "ownership/fingerprint.h"
#include "ownership/proof.h"
#include "ownership/watermark.h"

namespace bartizan::engine {
namespace owning {
namespace {

constexpr std::int64_t kMostItems = 10'000;  // of each side of dataset inference

Result<std::vector<std::uint8_t>> digest_of(const std::string& path) {
    const crypto::Sha256Digest digest = BARTIZAN_TRY(crypto::sha256_file(path));
    return std::vector<std::uint8_t>(digest.begin(), digest.end());
}

/// The file named by the first positional, with its classifier for items of this shape.
struct Opened {
    std::shared_ptr<model::Model> model;
    data::InputContract contract;
    std::shared_ptr<const model::Classifier> classifier;
};
Result<Opened> open(const cli::Invocation& invocation, const Shape& item_shape) {
    Opened out;
    out.contract = BARTIZAN_TRY(read_contract(invocation));
    out.model = BARTIZAN_TRY(open_model(invocation));
    out.classifier = BARTIZAN_TRY(model::make_classifier(out.model, item_shape, out.contract)
                                      .within("model '" + invocation.positional(0) + "'"));
    return out;
}

Result<std::shared_ptr<const model::Classifier>> open_other(const cli::Invocation& invocation, const std::string& path,
                                                            const Shape& item_shape) {
    const data::InputContract contract = BARTIZAN_TRY(read_contract(invocation, path));
    std::shared_ptr<const model::Model> other = BARTIZAN_TRY(model::load(path));
    auto classifier =
        BARTIZAN_TRY(model::make_classifier(std::move(other), item_shape, contract).within("model '" + path + "'"));
    return std::shared_ptr<const model::Classifier>(std::move(classifier));
}

Result<double> accuracy_of(const model::Classifier& classifier, const data::Batch& items, const RunContext& ctx) {
    const auto margins = BARTIZAN_TRY(ownership::margins(classifier, items, ctx));
    const auto right = std::ranges::count_if(margins, [](double margin) { return margin > 0; });
    return margins.empty() ? 0 : static_cast<double>(right) / static_cast<double>(margins.size());
}

Result<data::Batch> labelled(const data::Dataset& dataset, std::int64_t classes, const std::string& name) {
    std::vector<std::int64_t> rows = permutation(dataset.info().items, 0, 620);
    rows.resize(std::min<std::size_t>(rows.size(), kMostItems));
    std::ranges::sort(rows);
    data::Batch batch = BARTIZAN_TRY_WITHIN(dataset.read(rows), name);
    if (batch.y.empty()) return invalid_input(name + " has no labels", "add an array y, or name the column with --label");
    for (const std::int64_t label : batch.y)
        if (label < 0 || label >= classes)
            return invalid_input(fmt::format("{} has label {}, the model has {} classes", name, label, classes));
    return batch;
}

/// Match rates, or effects, of models that have nothing to do with the suspect: those given, and those trained here.
template <class Measure>
Result<std::vector<double>> of_independent(const cli::Invocation& invocation, const Opened& opened,
                                           const data::Batch& pool, const data::Info& info, RunContext& ctx,
                                           Measure measure) {
    std::vector<double> out;
    for (const std::string& path : invocation.list("reference"))
        out.push_back(BARTIZAN_TRY(measure(*BARTIZAN_TRY(open_other(invocation, path, info.item_shape)))));
    const std::int64_t wanted = opened.model->graph() == nullptr ? 0 : invocation.integer("references", 5);
    for (std::int64_t number = 0; number < wanted; ++number) {
        BARTIZAN_TRY(ctx.checkpoint());
        const auto other = BARTIZAN_TRY(ownership::train_independent(
            invocation.positional(0), opened.contract, pool, info, static_cast<int>(invocation.integer("epochs", 5)),
            static_cast<std::uint64_t>(number), ctx));
        out.push_back(BARTIZAN_TRY(measure(*other.classifier)));
    }
    return out;
}

std::string percent(double value) { return fmt::format("{:.1f} %", 100 * value); }

}  // namespace
}  // namespace owning

Result<int> ownership_embed(const cli::Invocation& invocation, RunContext& ctx) {
    using namespace owning;
    const std::string out = invocation.text("out"), proof_path = invocation.text("proof");
    BARTIZAN_TRY(cli::check_writable_file(out));
    BARTIZAN_TRY(cli::check_writable_file(proof_path));
    const HeldOut parts = BARTIZAN_TRY(hold_out(invocation));
    const data::Info& info = parts.train->info();
    const Opened opened = BARTIZAN_TRY(open(invocation, info.item_shape));
    BARTIZAN_TRY(opened.classifier->differentiable().within("'" + invocation.positional(0) + "' cannot be trained"));
    const data::Batch items = BARTIZAN_TRY_WITHIN(data::read_all(*parts.train), "--data");
    if (items.y.empty() || parts.judged.y.empty()) return invalid_input("the data has no labels");
    ownership::WatermarkOptions options{.triggers = invocation.integer("triggers", 100),
                                        .epochs = static_cast<int>(invocation.integer("epochs", 5)),
                                        .learning_rate = invocation.number("lr", 0.01)};
    if (invocation.has("trigger-seed")) options.seed = static_cast<std::uint64_t>(invocation.integer("trigger-seed", 0));
    ownership::Proof proof =
        BARTIZAN_TRY(ownership::make_triggers(items, info, opened.classifier->classes(), options));
    const double before = BARTIZAN_TRY(accuracy_of(*opened.classifier, parts.judged, ctx));
    const ownership::Match unmarked = BARTIZAN_TRY(ownership::match_of(*opened.classifier, proof, ctx));
    BARTIZAN_TRY(ownership::embed(*opened.model, *opened.classifier, items, info, proof, options, ctx));
    const double after = BARTIZAN_TRY(accuracy_of(*opened.classifier, parts.judged, ctx));
    const ownership::Match marked = BARTIZAN_TRY(ownership::match_of(*opened.classifier, proof, ctx));
    BARTIZAN_TRY(opened.model->save_onnx(out));
    BARTIZAN_TRY(data::write_sidecar(out, opened.contract));
    proof.digest = BARTIZAN_TRY(digest_of(out));
    BARTIZAN_TRY(ownership::write_proof(proof_path, proof));

    Json json = cli::document(invocation);
    json["out"] = out;
    json["proof"] = proof_path;
    json["triggers"] = marked.trials;
    json["matches_before"] = unmarked.matches;
    json["matches"] = marked.matches;
    json["p_value"] = ownership::p_value_of(proof, marked);
    json["accuracy_before"] = before;
    json["accuracy"] = after;
    json["samples"] = parts.judged.y.size();
    json["repeatable"] = options.seed.has_value();
    BARTIZAN_TRY(cli::print(
        invocation, json,
        fmt::format("{} of {} triggers answered as taught (before: {}), p {:.2g}\naccuracy {} before, {} after, on {} held-out "
                    "items\nwritten: {}, and the proof {}: keep it secret, and sign it\n",
                    marked.matches, marked.trials, unmarked.matches, ownership::p_value_of(proof, marked), percent(before),
                    percent(after), parts.judged.y.size(), cli::printable(out), cli::printable(proof_path))));
    return 0;
}

Result<int> ownership_fingerprint(const cli::Invocation& invocation, RunContext& ctx) {
    using namespace owning;
    const std::string out = invocation.text("out");
    BARTIZAN_TRY(cli::check_writable_file(out));
    const auto dataset = BARTIZAN_TRY(open_data(invocation));
    const data::Info& info = dataset->info();
    const Opened opened = BARTIZAN_TRY(open(invocation, info.item_shape));
    const data::Batch items = BARTIZAN_TRY(labelled(*dataset, opened.classifier->classes(), "--data"));
    BARTIZAN_TRY(check_unit_range(items.x, info.path));
    const ownership::FingerprintOptions options{
        .points = invocation.integer("points", 100),
        .eps = invocation.has("eps") ? invocation.number("eps", 0) : 2 * audit::reference_eps(info, catalog::Norm::linf)};
    data::Batch searched{.x = BARTIZAN_TRY(items.x.rows(0, std::min(items.x.shape()[0], 4 * options.points)))};
    ownership::Proof proof = BARTIZAN_TRY(ownership::make_fingerprint(*opened.classifier, searched, options, ctx));
    proof.independent =
        BARTIZAN_TRY(of_independent(invocation, opened, items, info, ctx, [&](const model::Classifier& other) -> Result<double> {
            return BARTIZAN_TRY(ownership::match_of(other, proof, ctx)).rate();
        }));
    proof.digest = BARTIZAN_TRY(digest_of(invocation.positional(0)));
    BARTIZAN_TRY(ownership::write_proof(out, proof));
    const ownership::NullDistribution null = ownership::null_of(proof.independent);

    Json json = cli::document(invocation);
    json["out"] = out;
    json["points"] = proof.answers.size();
    json["independent"] = proof.independent;
    json["independent_mean"] = null.models > 0 ? Json(null.mean) : Json();
    json["p_value_of_itself"] = ownership::p_value_of(proof, {std::ssize(proof.answers), std::ssize(proof.answers)});
    std::string text = fmt::format("{} points across the boundary\n", proof.answers.size());
    if (null.models > 1)
        text += fmt::format("{} independent models give {} of its answers there (deviation {:.3f})\n", null.models,
                            percent(null.mean), null.deviation);
    else
        text += "note: without independent models no suspect can be judged: --references, --reference\n";
    BARTIZAN_TRY(cli::print(invocation, json, text + fmt::format("written: {}: keep it secret, and sign it\n", cli::printable(out))));
    return 0;
}

Result<int> ownership_verify(const cli::Invocation& invocation, RunContext& ctx) {
    using namespace owning;
    const ownership::Proof proof = BARTIZAN_TRY(ownership::read_proof(invocation.text("proof")));
    const Shape item(proof.inputs.shape().begin() + 1, proof.inputs.shape().end());
    const Opened opened = BARTIZAN_TRY(open(invocation, item));
    const ownership::Match match = BARTIZAN_TRY(ownership::match_of(*opened.classifier, proof, ctx));
    const double p = ownership::p_value_of(proof, match), alpha = invocation.number("alpha", 0.001);
    const bool judged = proof.kind == ownership::ProofKind::watermark || proof.independent.size() > 1;
    const char* const verdict = !judged ? "not judged" : p < alpha ? "match" : "no match";
    const Interval interval = wilson_interval(match.matches, match.trials);
    const ownership::NullDistribution null = ownership::null_of(proof.independent);

    Json json = cli::document(invocation);
    json["verdict"] = verdict;
    json["kind"] = ownership::kind_name(proof.kind);
    json["matches"] = match.matches;
    json["inputs"] = match.trials;
    json["match_rate"] = match.rate();
    json["match_interval"] = {interval.low, interval.high};
    json["chance"] = proof.kind == ownership::ProofKind::watermark ? Json(1.0 / static_cast<double>(proof.classes)) : Json();
    json["independent_models"] = null.models;
    json["independent_mean"] = null.models > 0 ? Json(null.mean) : Json();
    json["p_value"] = judged ? Json(p) : Json();
    json["alpha"] = alpha;
    std::string text = fmt::format("{}: {} of {} answers of the {} ({}, {} to {})\n", verdict, match.matches, match.trials,
                                   ownership::kind_name(proof.kind), percent(match.rate()), percent(interval.low), percent(interval.high));
    if (judged) text += fmt::format("p {:.2g}: the chance that a model that has nothing to do with it gives as many\n", p);
    if (!judged) text += "the proof holds no independent models: make it with --references or --reference\n";
    BARTIZAN_TRY(cli::print(invocation, json, text));
    return judged && p < alpha ? 0 : 1;
}

Result<int> ownership_dataset(const cli::Invocation& invocation, RunContext& ctx) {
    using namespace owning;
    const auto members = BARTIZAN_TRY(open_data(invocation, "members"));
    const auto others = BARTIZAN_TRY(open_data(invocation, "nonmembers"));
    const data::Info& info = members->info();
    if (others->info().item_shape != info.item_shape)
        return invalid_input(fmt::format("members have items of shape {}, non-members of {}", to_string(info.item_shape),
                                         to_string(others->info().item_shape)));
    const Opened opened = BARTIZAN_TRY(open(invocation, info.item_shape));
    const std::int64_t classes = opened.classifier->classes();
    const data::Batch private_items = BARTIZAN_TRY(labelled(*members, classes, "--members"));
    const data::Batch public_items = BARTIZAN_TRY(labelled(*others, classes, "--nonmembers"));
    if (public_items.y.size() < 40 || private_items.y.size() < 20)
        return invalid_input("too few items: 20 members and 40 non-members are needed");
    // Independent models learn from one half of the public items; the other half is what all models are asked about.
    const std::int64_t half = std::ssize(public_items.y) / 2, rest = std::ssize(public_items.y) - half;
    const data::Batch pool{.x = BARTIZAN_TRY(public_items.x.rows(0, half)),
                           .y = {public_items.y.begin(), public_items.y.begin() + half}};
    const data::Batch asked{.x = BARTIZAN_TRY(public_items.x.rows(half, rest)),
                            .y = {public_items.y.begin() + half, public_items.y.end()}};
    const auto measure = [&](const model::Classifier& classifier) -> Result<ownership::DatasetInference> {
        return ownership::infer(BARTIZAN_TRY(ownership::margins(classifier, private_items, ctx)),
                                BARTIZAN_TRY(ownership::margins(classifier, asked, ctx)));
    };
    const ownership::DatasetInference found = BARTIZAN_TRY(measure(*opened.classifier));
    const auto independent = BARTIZAN_TRY(
        of_independent(invocation, opened, pool, info, ctx, [&](const model::Classifier& other) -> Result<double> {
            return BARTIZAN_TRY(measure(other)).effect;
        }));
    const ownership::NullDistribution null = ownership::null_of(independent);
    const double p = ownership::prediction_p_value(found.effect, null), alpha = invocation.number("alpha", 0.01);
    const bool judged = null.models > 1;
    const bool supports = judged && p < alpha && found.p_value < alpha;
    const char* const verdict = !judged ? "not judged" : supports ? "supports" : "does not support";

    Json json = cli::document(invocation);
    json["verdict"] = verdict;
    json["effect"] = found.effect;
    json["p_value_of_a_difference"] = found.p_value;
    json["independent"] = independent;
    json["p_value"] = judged ? Json(p) : Json();
    json["alpha"] = alpha;
    json["members"] = private_items.y.size();
    json["nonmembers"] = asked.y.size();
    json["limits"] = "supporting evidence only: models trained on other data of the same distribution may show the same";
    BARTIZAN_TRY(cli::print(
        invocation, json,
        fmt::format("{} that the model learnt from these members: margins are larger on them by {:.3f} deviations (p {:.2g})\n"
                    "{} independent models: {:.3f} on average, deviation {:.3f}; p of one so far out: {}\n"
                    "supporting evidence only: models trained on other data of the same distribution may show the same\n",
                    verdict, found.effect, found.p_value, null.models, null.mean, null.deviation,
                    judged ? fmt::format("{:.2g}", p) : "-")));
    return supports ? 0 : 1;
}

}  // namespace bartizan::engine
