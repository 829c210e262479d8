/// `bartizan harden MODEL --data D --method NAME --out F.onnx`: a model goes in, a better one comes out, with the
/// price.
#include <fmt/format.h>

#include "apps/engine/handlers.h"
#include "apps/engine/held_out.h"
#include "apps/engine/inputs.h"
#include "apps/engine/partition_hardening.h"
#include "apps/engine/private_hardening.h"
#include "apps/engine/repair.h"
#include "apps/engine/text_inputs.h"
#include "attacks/attack.h"
#include "attacks/runner.h"
#include "audit/plan.h"
#include "catalog/hardening.h"
#include "cli/output.h"
#include "core/statistics.h"
#include "training/trainer.h"

namespace bartizan::engine {
namespace hardening {
namespace {

constexpr const char* kAttack = "apgd-ce";
constexpr const char* kAttackSteps = "50";

Result<std::map<std::string, std::string>> given_parameters(const cli::Invocation& invocation) {
    std::map<std::string, std::string> given;
    if (invocation.has("steps")) given.emplace("steps", invocation.text("steps"));
    for (const std::string& pair : invocation.list("param")) {
        const std::size_t equals = pair.find('=');
        if (equals == 0 || equals == std::string::npos)
            return invalid_input(fmt::format("--param: '{}' is not NAME=VALUE", pair), "write --param beta=6");
        given.insert_or_assign(pair.substr(0, equals), pair.substr(equals + 1));
    }
    return given;
}

training::Method method_of(std::string_view name) {
    using enum training::Method;
    if (name == "pgd") return pgd;
    if (name == "trades") return trades;
    if (name == "mart") return mart;
    if (name == "fast") return fast;
    return name == "gaussian" ? gaussian : plain;
}

training::Options options_of(const cli::Invocation& invocation, const catalog::HardeningSpec& spec,
                             const Params& params, double eps) {
    const auto number = [&](std::string_view name, double otherwise) {
        const auto found = params.all().find(name);
        return found == params.all().end() ? otherwise : found->second;
    };
    training::Options options;
    options.epochs = static_cast<int>(invocation.integer("epochs", options.epochs));
    options.batch_size = invocation.integer("batch-size", options.batch_size);
    options.learning_rate = invocation.number("lr", options.learning_rate);
    options.objective.method = method_of(spec.name);
    options.objective.adversary = {
        .eps = eps, .steps = static_cast<int>(number("steps", 10)), .step = number("step-size", 0)};
    options.objective.weight = number("beta", number("lambda", options.objective.weight));
    options.objective.sigma = number("sigma", options.objective.sigma);
    options.weight_perturbation = number("weight-perturbation", 0);
    options.averaging = number("averaging", 0);
    options.last_layer_only = number("last-layer", 0) != 0;
    return options;
}

/// What the model is worth at one time.
struct Worth {
    std::int64_t samples = 0, clean = 0, robust = 0;
    std::vector<std::int64_t> of_class, clean_of_class, robust_of_class;

    double share(std::int64_t part) const {
        return samples == 0 ? 0 : static_cast<double>(part) / static_cast<double>(samples);
    }
};

Result<Worth> worth_of(const model::Classifier& classifier, const data::Batch& batch, double eps, RunContext& ctx) {
    const attacks::ThreatModel threat{.norm = catalog::Norm::linf, .eps = eps};
    const auto attack = BARTIZAN_TRY(attacks::make_attack(kAttack, threat, {{"steps", kAttackSteps}}));
    const attacks::RunResult result = BARTIZAN_TRY(attacks::run(classifier, *attack, threat, batch, ctx));
    if (!result.complete) return Error(Errc::cancelled, "stopped");
    Worth worth{.samples = result.samples, .clean = result.clean_correct, .robust = result.robust_correct};
    const auto classes = static_cast<std::size_t>(classifier.classes());
    worth.of_class = worth.clean_of_class = worth.robust_of_class = std::vector<std::int64_t>(classes, 0);
    for (std::size_t i = 0; i < result.labels.size(); ++i) {
        const auto label = static_cast<std::size_t>(result.labels[i]);
        ++worth.of_class[label];
        worth.clean_of_class[label] += result.clean_ok[i];
        worth.robust_of_class[label] += result.clean_ok[i] != 0 && result.success[i] == 0 ? 1 : 0;
    }
    return worth;
}

Json worth_json(const Worth& worth) {
    const Interval clean = wilson_interval(worth.clean, worth.samples);
    const Interval robust = wilson_interval(worth.robust, worth.samples);
    return {{"samples", worth.samples},
            {"accuracy", worth.share(worth.clean)},
            {"accuracy_interval", {clean.low, clean.high}},
            {"robust_accuracy", worth.share(worth.robust)},
            {"robust_accuracy_interval", {robust.low, robust.high}}};
}

std::string class_name(const std::vector<std::string>& names, std::size_t label) {
    return label < names.size() ? names[label] : std::to_string(label);
}

Json classes_json(const Worth& before, const Worth& after, const std::vector<std::string>& names) {
    Json rows = Json::array();
    for (std::size_t label = 0; label < before.of_class.size(); ++label)
        rows.push_back({{"class", class_name(names, label)},
                        {"samples", before.of_class[label]},
                        {"right_before", before.clean_of_class[label]},
                        {"right_after", after.clean_of_class[label]},
                        {"robust_before", before.robust_of_class[label]},
                        {"robust_after", after.robust_of_class[label]}});
    return rows;
}

std::string as_text(const catalog::HardeningSpec& spec, const Worth& before, const Worth& after, double eps,
                    const training::Outcome& outcome, const std::vector<std::string>& names, const std::string& out) {
    const auto row = [](std::string_view what, double a, double b) {
        return fmt::format("  {:<22} {:>8.1f} % {:>8.1f} %   {:+.1f} points\n", what, 100 * a, 100 * b, 100 * (b - a));
    };
    std::string text = fmt::format("{} with radius {:.4g}, judged on {} held-out items\n\n  {:<22} {:>10} {:>10}\n",
                                   spec.name, eps, before.samples, "", "before", "after");
    text += row("accuracy", before.share(before.clean), after.share(after.clean));
    text += row("under attack", before.share(before.robust), after.share(after.robust));
    text += fmt::format("\n  {:<22} {:>10} {:>10}  (right under attack)\n", "class", "before", "after");
    for (std::size_t label = 0; label < before.of_class.size(); ++label)
        text += fmt::format("  {:<22} {:>6}/{:<4} {:>5}/{}\n", cli::printable(class_name(names, label)),
                            before.robust_of_class[label], before.of_class[label], after.robust_of_class[label],
                            before.of_class[label]);
    if (outcome.collapsed_at > 0)
        text += fmt::format("\n  note: one-step training collapsed in epoch {}; pgd went on from the best weights\n",
                            outcome.collapsed_at);
    return text + fmt::format("\nbest epoch {} of {}; written: {}\n", outcome.best_epoch, outcome.epochs.size(),
                              cli::printable(out));
}

}  // namespace
}  // namespace hardening

Result<int> harden(const cli::Invocation& invocation, RunContext& ctx) {
    using namespace hardening;
    const std::string out = invocation.text("out");
    BARTIZAN_TRY(cli::check_writable_file(out));
    const catalog::HardeningSpec& spec = *BARTIZAN_TRY(catalog::find_hardening(invocation.text("method")));
    const auto given = BARTIZAN_TRY(given_parameters(invocation));
    const Params params =
        BARTIZAN_TRY_WITHIN(Params::make(spec.params, given), "method '" + std::string(spec.name) + "'");
    if (spec.name == "text-normalise") return harden_text(invocation, params, ctx);
    if (spec.name == "repair") return repair(invocation, params, ctx);
    if (spec.name == "dp-sgd") return harden_privately(invocation, params, ctx);
    if (spec.name == "partition") return harden_by_partitions(invocation, params, ctx);
    const data::InputContract contract = BARTIZAN_TRY(read_contract(invocation));
    const std::shared_ptr<model::Model> model = BARTIZAN_TRY(open_model(invocation));
    if (model->graph() == nullptr)
        return unsupported("'" + invocation.positional(0) + "' is not an ONNX file", "export the model to ONNX first");
    const HeldOut parts = BARTIZAN_TRY(hold_out(invocation));
    const data::Info& info = parts.train->info();
    const auto classifier = BARTIZAN_TRY(model::make_classifier(model, info.item_shape, contract));
    BARTIZAN_TRY(classifier->differentiable().within("'" + invocation.positional(0) + "' cannot be trained"));
    const double eps =
        invocation.has("eps") ? invocation.number("eps", 0) : audit::reference_eps(info, catalog::Norm::linf);
    const Worth before = BARTIZAN_TRY(worth_of(*classifier, parts.judged, eps, ctx));
    const training::Options options = options_of(invocation, spec, params, eps);
    const training::Outcome outcome = BARTIZAN_TRY(training::train(*model, *classifier, *parts.train, options, ctx));
    BARTIZAN_TRY(model->save_onnx(out));
    BARTIZAN_TRY(data::write_sidecar(out, contract));
    const Worth after = BARTIZAN_TRY(worth_of(*classifier, parts.judged, eps, ctx));
    const std::vector<std::string>& names = contract.class_names.empty() ? info.class_names : contract.class_names;
    Json json = cli::document(invocation);
    json["method"] = spec.name;
    json["eps"] = eps;
    json["out"] = out;
    json["attack"] = kAttack;
    json["before"] = worth_json(before);
    json["after"] = worth_json(after);
    json["classes"] = classes_json(before, after, names);
    json["best_epoch"] = outcome.best_epoch;
    json["collapsed_at"] = outcome.collapsed_at;
    BARTIZAN_TRY(cli::print(invocation, json, as_text(spec, before, after, eps, outcome, names, out)));
    return static_cast<int>(outcome.epochs.size()) < options.epochs ? kIncomplete : 0;
}

}  // namespace bartizan::engine
