/// `bartizan harden MODEL --data D --method NAME --out F.onnx`: a model goes in, a better one comes out, with the
/// price.
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "apps/engine/epochs.h"
#include "apps/engine/handlers.h"
#include "apps/engine/hardening_report.h"
#include "apps/engine/hardening_worth.h"
#include "apps/engine/held_out.h"
#include "apps/engine/inputs.h"
#include "apps/engine/partition_hardening.h"
#include "apps/engine/private_hardening.h"
#include "apps/engine/repair.h"
#include "apps/engine/text_inputs.h"
#include "apps/engine/unit_columns.h"
#include "apps/engine/wrapping.h"
#include "audit/plan.h"
#include "catalog/hardening.h"
#include "cli/output.h"
#include "data/groups.h"
#include "training/trainer.h"

namespace bartizan::engine {
namespace hardening {
namespace {

/// Names that papers use for what has a name of its own here.
constexpr std::pair<std::string_view, std::string_view> kSynonyms[] = {{"awp", "weight-perturbation"},
                                                                       {"ema", "averaging"},
                                                                       {"early-stopping", "patience"},
                                                                       {"gamma", "weight-perturbation"}};

std::string known_as(std::string name) {
    for (const auto& [synonym, own] : kSynonyms)
        if (name == synonym) return std::string(own);
    return name;
}

Result<std::map<std::string, std::string>> given_parameters(const cli::Invocation& invocation) {
    std::map<std::string, std::string> given;
    if (invocation.has("steps")) given.emplace("steps", invocation.text("steps"));
    for (const std::string& pair : invocation.list("param")) {
        const std::size_t equals = pair.find('=');
        if (equals == 0 || equals == std::string::npos)
            return invalid_input(fmt::format("--param: '{}' is not NAME=VALUE", pair), "write --param beta=6");
        given.insert_or_assign(known_as(pair.substr(0, equals)), pair.substr(equals + 1));
    }
    return given;
}

training::Method method_of(std::string_view name) {
    using enum training::Method;
    if (name == "pgd") return pgd;
    if (name == "trades") return trades;
    if (name == "mart") return mart;
    if (name == "fast") return fast;
    if (name == "free") return training::Method::free;
    return name == "gaussian" ? gaussian : plain;
}

std::filesystem::path checkpoint_of(const cli::Invocation& invocation) {
    return invocation.text("out") + ".checkpoint";
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
    options.objective.clean_weight = number("clean-weight", 0);
    options.objective.replays = static_cast<int>(number("replays", options.objective.replays));
    options.schedule = static_cast<training::Schedule>(static_cast<int>(number("schedule", 0)));
    options.augmentation = {.crop = static_cast<int>(number("crop", 0)), .flip = number("flip", 0) != 0};
    options.patience = static_cast<int>(number("patience", 0));
    options.resumption = {.file = checkpoint_of(invocation), .resume = invocation.flag("resume")};
    options.weight_perturbation = number("weight-perturbation", 0);
    options.averaging = number("averaging", 0);
    options.last_layer_only = number("last-layer", 0) != 0;
    return options;
}

/// Both sides of the work, for what is printed.
struct Told {
    const catalog::HardeningSpec& spec;
    const HardeningWorth &before, &after;
    const std::vector<JudgedPart>& parts;
    const std::vector<HardeningHarm>& harmed;
    const training::Outcome& outcome;
    double eps;
    std::string out;
};

Json parts_json(const Told& told, bool classes) {
    Json rows = Json::array();
    for (const JudgedPart& part : told.parts) {
        if ((part.what == "class") != classes) continue;
        const JudgedCounts before = judged_counts_of(told.before, part), after = judged_counts_of(told.after, part);
        Json row = classes ? Json{{"class", part.name}} : Json{{"grouping", part.what}, {"group", part.name}};
        row.update({{"samples", part.rows.size()},
                    {"right_before", before.clean},
                    {"right_after", after.clean},
                    {"robust_before", before.robust},
                    {"robust_after", after.robust}});
        rows.push_back(std::move(row));
    }
    return rows;
}

Json as_json(const cli::Invocation& invocation, const Told& told) {
    Json json = cli::document(invocation);
    json["method"] = told.spec.name;
    json["complete"] = true;
    json["eps"] = told.eps;
    json["out"] = told.out;
    json["attack"] = kJudgingAttack;
    json["before"] = hardening_worth_json(told.before);
    json["after"] = hardening_worth_json(told.after);
    json["classes"] = parts_json(told, true);
    json["groups"] = parts_json(told, false);
    json["harmed"] = Json::array();
    for (const HardeningHarm& harm : told.harmed)
        json["harmed"].push_back({{"part", harm.part->what},
                                  {"name", harm.part->name},
                                  {"under_attack", harm.attacked},
                                  {"lost", harm.lost},
                                  {"won", harm.won},
                                  {"p", harm.p}});
    json["epochs"] = epochs_json(told.outcome);
    json["best_epoch"] = told.outcome.best_epoch;
    json["collapsed_at"] = told.outcome.collapsed_at;
    json["stopped_early"] = told.outcome.stopped_early;
    json["resumed_after"] = told.outcome.resumed_after;
    if (invocation.has("report")) json["report"] = invocation.text("report");
    return json;
}

std::string parts_text(const Told& told) {
    std::string text;
    std::string_view what;
    for (const JudgedPart& part : told.parts) {
        if (part.what != what) {
            text += fmt::format("\n  {:<22} {:>7} {:>18} {:>22}\n", cli::printable(part.what), "items",
                                "right before/after", "under attack before/after");
            what = part.what;
        }
        const JudgedCounts before = judged_counts_of(told.before, part), after = judged_counts_of(told.after, part);
        text += fmt::format("  {:<22} {:>7} {:>11}/{:<6} {:>18}/{}\n", cli::printable(part.name), part.rows.size(),
                            before.clean, after.clean, before.robust, after.robust);
    }
    for (const HardeningHarm& harm : told.harmed)
        text += fmt::format("\n  note: {} '{}' pays: {} items lost, {} won {} (p = {:.2g})",
                            cli::printable(harm.part->what), cli::printable(harm.part->name), harm.lost, harm.won,
                            harm.attacked ? "under attack" : "without attack", harm.p);
    return text + (told.harmed.empty() ? "" : "\n");
}

std::string as_text(const Told& told) {
    const HardeningWorth &before = told.before, &after = told.after;
    const training::Outcome& outcome = told.outcome;
    const auto row = [](std::string_view what, double a, double b) {
        return fmt::format("  {:<22} {:>8.1f} % {:>8.1f} %   {:+.1f} points\n", what, 100 * a, 100 * b, 100 * (b - a));
    };
    std::string text = fmt::format("{} with radius {:.4g}, judged on {} held-out items\n\n  {:<22} {:>10} {:>10}\n",
                                   told.spec.name, told.eps, before.samples, "", "before", "after");
    text += row("accuracy", before.share(before.clean), after.share(after.clean));
    text += row("under attack", before.share(before.robust), after.share(after.robust));
    text += parts_text(told);
    if (outcome.collapsed_at > 0)
        text += fmt::format("\n  note: one-step training collapsed in epoch {}; pgd went on from the best weights\n",
                            outcome.collapsed_at);
    if (outcome.resumed_after > 0) text += fmt::format("\nresumed after epoch {}", outcome.resumed_after);
    if (outcome.stopped_early) text += "\nended early: no better epoch for as long as --param patience allows";
    return text + fmt::format("\nbest epoch {} of {}; written: {}\n", outcome.best_epoch, outcome.epochs.size(),
                              cli::printable(told.out));
}

/// What was finished when the user asked to stop: the best model so far, not judged.
Result<int> tell_stopped(const cli::Invocation& invocation, const catalog::HardeningSpec& spec,
                         const HardeningWorth& before, const training::Outcome& outcome, double eps) {
    const std::string out = invocation.text("out");
    Json json = cli::document(invocation);
    json["method"] = spec.name;
    json["complete"] = false;
    json["eps"] = eps;
    json["out"] = out;
    json["attack"] = kJudgingAttack;
    json["before"] = hardening_worth_json(before);
    json["epochs"] = epochs_json(outcome);
    json["best_epoch"] = outcome.best_epoch;
    json["collapsed_at"] = outcome.collapsed_at;
    json["stopped_early"] = false;
    json["resumed_after"] = outcome.resumed_after;
    const std::string text = fmt::format(
        "incomplete: stopped after epoch {}; written, not judged: {} (epoch {})\ngo on with the same words and "
        "--resume\n",
        outcome.epochs.size(), cli::printable(out), outcome.best_epoch);
    BARTIZAN_TRY(cli::print(invocation, json, text));
    return kIncomplete;
}

Result<std::vector<data::Grouping>> groupings_of(const cli::Invocation& invocation, const data::Info& info,
                                                 const data::Batch& judged) {
    std::vector<data::Grouping> groupings;
    for (const std::string& spec : invocation.list("group"))
        groupings.push_back(BARTIZAN_TRY_WITHIN(data::read_grouping(info, judged, spec, invocation.text("group-file")),
                                                "--group " + spec));
    return groupings;
}

/// The parts of the work that the data and the model decide.
struct Setting {
    std::shared_ptr<model::Model> model;
    std::shared_ptr<const model::Classifier> classifier;
    HeldOut parts;
    data::InputContract contract;
    std::vector<data::Grouping> groupings;
};

/// Tables are shown to the trainer and the attack with every column from 0 to 1, as training rows have them.
Result<void> to_unit_range(Setting& setting, const std::string& path) {
    HeldOut& parts = setting.parts;
    const data::Info& info = parts.train->info();
    if (info.kind != data::Kind::table || info.item_shape.size() != 1) return check_unit_range(parts.judged.x, path);
    const data::Batch all = BARTIZAN_TRY(data::read_all(*parts.train));
    const model::ColumnRanges ranges = BARTIZAN_TRY(model::column_ranges(all.x));
    parts.judged.x = BARTIZAN_TRY(model::to_unit_columns(parts.judged.x, ranges));
    parts.train = with_unit_columns(std::move(parts.train), ranges);
    setting.classifier = model::with_unit_columns(setting.classifier, ranges);
    return {};
}

Result<Setting> setting_of(const cli::Invocation& invocation) {
    Setting setting;
    setting.contract = BARTIZAN_TRY(read_contract(invocation));
    setting.model = BARTIZAN_TRY(open_model(invocation));
    if (setting.model->graph() == nullptr)
        return unsupported("'" + invocation.positional(0) + "' is not an ONNX file", "export the model to ONNX first");
    setting.parts = BARTIZAN_TRY(hold_out(invocation));
    const data::Info& info = setting.parts.train->info();
    setting.groupings = BARTIZAN_TRY(groupings_of(invocation, setting.parts.judged_info, setting.parts.judged));
    setting.classifier = BARTIZAN_TRY(model::make_classifier(setting.model, info.item_shape, setting.contract));
    BARTIZAN_TRY(setting.classifier->differentiable().within("'" + invocation.positional(0) + "' cannot be trained"));
    BARTIZAN_TRY(to_unit_range(setting, invocation.text("test-data", invocation.text("data"))));
    return setting;
}

/// Audits the file as it was, opened anew, and the file that was written.
Result<void> report(const cli::Invocation& invocation, const Setting& setting, double eps, RunContext& ctx) {
    AuditedModel after{.path = invocation.text("out"),
                       .classifier = setting.classifier,
                       .info = setting.parts.train->info(),
                       .batch = &setting.parts.judged,
                       .eps = eps,
                       .command = invocation.command_line};
    if (!setting.contract.class_names.empty()) after.info.class_names = setting.contract.class_names;
    after.info.items = std::ssize(setting.parts.judged.y);
    AuditedModel before = after;
    before.path = invocation.positional(0);
    const Setting was = BARTIZAN_TRY(setting_of(invocation));
    before.classifier = was.classifier;
    return write_hardening_report(invocation.text("report"), before, after, ctx);
}

Result<int> harden_by_training(const cli::Invocation& invocation, const catalog::HardeningSpec& spec,
                               const Params& params, RunContext& ctx) {
    if (invocation.has("report")) BARTIZAN_TRY(cli::check_writable_folder(invocation.text("report")));
    const Setting setting = BARTIZAN_TRY(setting_of(invocation));
    const auto& [model, classifier, parts, contract, groupings] = setting;
    const data::Info& info = parts.train->info();
    const double eps =
        invocation.has("eps") ? invocation.number("eps", 0) : audit::reference_eps(info, catalog::Norm::linf);
    const std::string out = invocation.text("out");
    const HardeningWorth before = BARTIZAN_TRY(hardening_worth_of(*classifier, parts.judged, eps, ctx));
    const training::Options options = options_of(invocation, spec, params, eps);
    const training::Outcome outcome = BARTIZAN_TRY(training::train(*model, *classifier, *parts.train, options, ctx));
    BARTIZAN_TRY(model->save_onnx(out));
    BARTIZAN_TRY(data::write_sidecar(out, contract));
    if (outcome.cancelled) return tell_stopped(invocation, spec, before, outcome, eps);
    const HardeningWorth after = BARTIZAN_TRY(hardening_worth_of(*classifier, parts.judged, eps, ctx));
    std::error_code ignored;
    std::filesystem::remove(checkpoint_of(invocation), ignored);
    const std::vector<std::string>& names = contract.class_names.empty() ? info.class_names : contract.class_names;
    const std::vector<JudgedPart> judged_parts = judged_parts_of(parts.judged, classifier->classes(), names, groupings);
    const std::vector<HardeningHarm> harmed = hardening_harms(judged_parts, before, after);
    const Told told{spec, before, after, judged_parts, harmed, outcome, eps, out};
    if (invocation.has("report")) BARTIZAN_TRY(report(invocation, setting, eps, ctx));
    BARTIZAN_TRY(cli::print(invocation, as_json(invocation, told), as_text(told)));
    return 0;
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
    if (wraps(spec.name)) return harden_by_wrapping(invocation, spec.name, params, ctx);
    return harden_by_training(invocation, spec, params, ctx);
}

}  // namespace bartizan::engine
