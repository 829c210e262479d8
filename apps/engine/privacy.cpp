/// `bartizan privacy MODEL --members D --nonmembers D`: what the model gives away about the items it was trained on.
#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "apps/engine/handlers.h"
#include "apps/engine/inputs.h"
#include "apps/engine/privacy_parts.h"
#include "attacks/label_only.h"
#include "bartizan/finding.h"
#include "cli/output.h"
#include "core/file.h"
#include "model/shards.h"
#include "privacy/attacks.h"
#include "privacy/membership.h"
#include "privacy/one_run.h"
#include "privacy/roc.h"
#include "privacy/signals.h"
#include "training/references.h"

namespace bartizan::engine {
namespace membership {
namespace {

using Attack = privacy::MembershipAttack;

constexpr std::int64_t kLeastItems = 50;
constexpr std::size_t kShownExposed = 100;

using Pool = PrivacyPool;

Result<data::Batch> read_side(const cli::Invocation& invocation, std::string_view option, data::Info& info) {
    const auto dataset = BARTIZAN_TRY(open_data(invocation, option));
    info = dataset->info();
    data::Batch batch = BARTIZAN_TRY_WITHIN(data::read_all(*dataset), "--" + std::string(option));
    if (batch.y.empty()) return invalid_input("--" + std::string(option) + " has no labels");
    if (std::ssize(batch.y) < kLeastItems)
        return invalid_input(
            fmt::format("--{} has {} items, at least {} are needed", option, batch.y.size(), kLeastItems));
    return batch;
}

Result<Pool> read_pool(const cli::Invocation& invocation) {
    Pool pool;
    const data::Batch members = BARTIZAN_TRY(read_side(invocation, "members", pool.info));
    data::Info other;
    const data::Batch nonmembers = BARTIZAN_TRY(read_side(invocation, "nonmembers", other));
    static_cast<data::MemberPool&>(pool) = BARTIZAN_TRY(data::member_pool(members, nonmembers));
    pool.info.classes = std::max(pool.info.classes, other.classes);
    return pool;
}

/// What every feature is measured by: pictures have one unit, columns of tables their deviation.
std::vector<float> scale_of(const Pool& pool) {
    const std::size_t items = pool.member.size(), width = static_cast<std::size_t>(pool.batch.x.size()) / items;
    if (pool.info.kind == data::Kind::image) return std::vector<float>(width, 1);
    std::vector<double> mean(width, 0), square(width, 0);
    const std::span<const float> x = pool.batch.x.values<float>();
    for (std::size_t i = 0; i < x.size(); ++i) mean[i % width] += x[i] / static_cast<double>(items);
    for (std::size_t i = 0; i < x.size(); ++i)
        square[i % width] += std::pow(x[i] - mean[i % width], 2) / static_cast<double>(items);
    std::vector<float> out;
    for (const double value : square) out.push_back(value > 0 ? static_cast<float>(std::sqrt(value)) : 1);
    return out;
}

/// Attacks that see answers alone, each with so many for an item.
Result<std::vector<Attack>> by_labels(const cli::Invocation& invocation, const Pool& pool, const privacy::Asked& asked,
                                      const model::Classifier& classifier, RunContext& ctx) {
    std::vector<Attack> out;
    const attacks::LabelOnlyOptions options{.queries = invocation.integer("label-only", 0), .scale = scale_of(pool)};
    if (options.queries == 0) return out;
    ctx.progress({.stage = "noise", .unit = "items"});
    out.push_back(privacy::attack_of(
        "noise-robustness", "labels",
        BARTIZAN_TRY(attacks::noise_robustness(classifier, pool.batch.x, pool.batch.y, options, ctx)), asked));
    ctx.progress({.stage = "boundary distances", .unit = "items"});
    out.push_back(privacy::attack_of(
        "boundary-distance", "labels",
        BARTIZAN_TRY(attacks::boundary_distances(classifier, pool.batch.x, pool.batch.y, options, ctx)), asked));
    ctx.progress_finish();
    return out;
}

double accuracy(const privacy::Signals& signals, std::size_t from, std::size_t to) {
    const auto right = std::count(signals.correct.begin() + static_cast<std::ptrdiff_t>(from),
                                  signals.correct.begin() + static_cast<std::ptrdiff_t>(to), 1);
    return static_cast<double>(right) / static_cast<double>(to - from);
}

/// A rate that so few non-members cannot show is not shown.
Json rate_json(const privacy::Roc& roc, double fpr, std::int64_t least) {
    if (roc.nonmembers < least) return Json();
    return Json(roc.tpr_at(fpr));
}
Json rates_json(const privacy::Roc& roc) {
    return {{"0.001", rate_json(roc, 0.001, privacy::kLeastForPerMille)},
            {"0.01", rate_json(roc, 0.01, privacy::kLeastForPerCent)}};
}

Json attack_json(const Attack& attack) {
    Json out = {{"name", attack.name},
                {"needs", attack.needs},
                {"auc", attack.roc.auc},
                {"auc_interval", {attack.roc.auc_interval.low, attack.roc.auc_interval.high}},
                {"balanced_accuracy", attack.roc.balanced_accuracy},
                {"tpr_at_fpr", rates_json(attack.roc)}};
    for (const auto& [name, fpr, least] :
         {std::tuple("0.001", 0.001, privacy::kLeastForPerMille), std::tuple("0.01", 0.01, privacy::kLeastForPerCent)})
        if (attack.roc.nonmembers >= least) {
            const Interval interval = attack.roc.tpr_interval(fpr);
            out["tpr_intervals"][name] = {interval.low, interval.high};
        }
    Json curve = Json::array();
    // Enough points for a plot with logarithmic axes.
    for (double fpr = 1e-4; fpr <= 1.0001; fpr *= std::pow(10, 0.1))
        curve.push_back({std::min(1.0, fpr), attack.roc.tpr_at(std::min(1.0, fpr))});
    out["curve"] = std::move(curve);
    return out;
}

Json exposed_json(const Pool& pool, const Attack& attack) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < pool.members; ++i) order.push_back(i);
    std::ranges::sort(order, std::ranges::greater(), [&](std::size_t i) { return attack.scores[i]; });
    Json out = Json::array();
    for (std::size_t i = 0; i < std::min(kShownExposed, order.size()); ++i)
        out.push_back({{"item", order[i]}, {"label", pool.batch.y[order[i]]}, {"score", attack.scores[order[i]]}});
    return out;
}

Json classes_json(const Pool& pool, const Attack& attack, const std::vector<std::string>& names) {
    const std::set<std::int64_t> classes(pool.batch.y.begin(), pool.batch.y.end());
    Json out = Json::array();
    for (const std::int64_t c : classes) {
        std::vector<double> scores;
        std::vector<std::uint8_t> member;
        for (std::size_t i = 0; i < pool.member.size(); ++i)
            if (pool.batch.y[i] == c) scores.push_back(attack.scores[i]), member.push_back(pool.member[i]);
        const privacy::Roc roc = privacy::roc_of(scores, member);
        if (roc.members == 0 || roc.nonmembers == 0) continue;
        const auto at = static_cast<std::size_t>(c);
        out.push_back(
            {{"class", at < names.size() ? names[at] : std::to_string(c)}, {"members", roc.members}, {"auc", roc.auc}});
    }
    return out;
}

training::ReferenceOptions reference_options(const cli::Invocation& invocation, const Pool& pool) {
    training::ReferenceOptions options;
    options.models = static_cast<int>(invocation.integer("references", 16));
    options.share = static_cast<double>(pool.members) / static_cast<double>(pool.member.size());
    options.training.epochs = static_cast<int>(invocation.integer("epochs", 20));
    options.training.batch_size = invocation.integer("batch-size", 64);
    options.training.learning_rate = invocation.number("lr", 0.05);
    options.training.validation_share = 0;
    return options;
}

struct Trained {
    double in = 0, out = 0, seconds = 0;
};

Json references_json(const training::ReferenceOptions& options, const Trained& trained, double target_in,
                     std::string& warning) {
    if (std::abs(trained.in - target_in) > 0.05)
        warning = fmt::format(
            "references are right on {:.1f} % of their own items, the model on {:.1f} % of its members: train them {} "
            "(--epochs, --lr), or the figures are too low",
            100 * trained.in, 100 * target_in, trained.in < target_in ? "longer" : "shorter");
    Json out = {{"models", options.models},
                {"epochs", options.training.epochs},
                {"accuracy_in", trained.in},
                {"accuracy_out", trained.out},
                {"seconds", trained.seconds}};
    if (!warning.empty()) out["warning"] = warning;
    return out;
}

/// Trains the references and adds what they tell; says how like the model they are.
Result<Json> add_by_references(const cli::Invocation& invocation, const data::InputContract& contract, const Pool& pool,
                               const privacy::Asked& asked, const privacy::Signals& target, double target_in,
                               std::vector<Attack>& attacks, std::string& warning, RunContext& ctx) {
    const training::ReferenceOptions options = reference_options(invocation, pool);
    const auto begin = ctx.now();
    const auto trained = BARTIZAN_TRY(
        training::train_references(invocation.positional(0), contract, pool.batch, pool.info, options, ctx));
    Trained summary{.seconds = std::chrono::duration<double>(ctx.now() - begin).count()};
    privacy::ReferenceTables tables;
    for (const training::Reference& one : trained) {
        summary.in += one.accuracy_in / static_cast<double>(trained.size());
        summary.out += one.accuracy_out / static_cast<double>(trained.size());
        tables.add(BARTIZAN_TRY(privacy::signals_of(one.logits, pool.batch.y)), one.in);
    }
    for (Attack& attack : privacy::attacks_with_references(asked, target, tables.scaled, tables.confidence))
        attacks.push_back(std::move(attack));
    return references_json(options, summary, target_in, warning);
}

std::string percent(double value) { return fmt::format("{:.1f} %", 100 * value); }

std::string as_text(const std::vector<Attack>& attacks, const Attack& best, const privacy::OneRun& one_run,
                    double delta, const std::string& warning) {
    std::string text = fmt::format("{:<21}{:>8}{:>22}{:>22}{:>12}\n", "attack", "AUC", "found at 0.1 % alarms",
                                   "found at 1 % alarms", "balanced");
    for (const Attack& attack : attacks) {
        const auto rate = [&](double fpr, std::int64_t least) {
            return attack.roc.nonmembers < least ? std::string("too few items") : percent(attack.roc.tpr_at(fpr));
        };
        text += fmt::format("{:<21}{:>8.3f}{:>22}{:>22}{:>12}\n", attack.name, attack.roc.auc,
                            rate(0.001, privacy::kLeastForPerMille), rate(0.01, privacy::kLeastForPerCent),
                            percent(attack.roc.balanced_accuracy));
    }
    text += fmt::format("strongest: {}; epsilon is at least {:.2f} at delta {:g} ({} of {} guesses right)\n", best.name,
                        one_run.epsilon, delta, one_run.right, one_run.guesses);
    if (!warning.empty()) text += "warning: " + warning + "\n";
    return text;
}

}  // namespace
}  // namespace membership

Result<int> privacy_command(const cli::Invocation& invocation, RunContext& ctx) {
    using namespace membership;
    if (invocation.has("out")) BARTIZAN_TRY(cli::check_writable_file(invocation.text("out")));
    const data::InputContract contract = BARTIZAN_TRY(read_contract(invocation));
    const std::shared_ptr<model::Model> model = BARTIZAN_TRY(open_model(invocation));
    const Pool pool = BARTIZAN_TRY(read_pool(invocation));
    const std::shared_ptr<const model::Classifier> classifier =
        BARTIZAN_TRY(model::make_classifier(model, pool.info.item_shape, contract));
    if (invocation.has("invert")) BARTIZAN_TRY(cli::check_writable_folder(invocation.text("invert")));
    const NdArray logits = BARTIZAN_TRY(model::predict(*classifier, pool.batch.x, ctx));
    const privacy::Signals target = BARTIZAN_TRY(privacy::signals_of(logits, pool.batch.y));

    const privacy::Asked asked{pool.batch.y, pool.member, pool.batch.x.values<float>(), classifier->classes()};
    std::vector<Attack> attacks = privacy::attacks_without_references(asked, target);
    for (Attack& attack : BARTIZAN_TRY(by_labels(invocation, pool, asked, *classifier, ctx)))
        attacks.push_back(std::move(attack));
    const double in = accuracy(target, 0, pool.members), out = accuracy(target, pool.members, pool.member.size());
    std::string warning;
    Json references;
    if (invocation.integer("references", 16) > 0)
        references = BARTIZAN_TRY(
            add_by_references(invocation, contract, pool, asked, target, in, attacks, warning, ctx));
    const Attack& best = privacy::strongest(attacks);
    const double delta = invocation.number("delta", 1e-5);
    // The strongest kind of attack that was asked for, fixed before its result is seen.
    const Attack& auditor =
        *std::ranges::find(attacks, references.is_null() ? "loss" : "lira-online", &Attack::name);
    const privacy::OneRun one_run =
        privacy::audit_one_run(auditor.scores, pool.member, invocation.integer("guesses", 100), delta);

    Severity severity = privacy::severity_of_membership(best);
    Json parts = Json::object();
    std::string more;
    const auto add = [&](const char* name, const PrivacyPart& part) {
        parts[name] = part.json;
        more += part.text;
        severity = std::max(severity, part.severity);
    };
    if (invocation.has("attribute")) add("attribute", BARTIZAN_TRY(attribute_part(invocation, pool, *classifier, ctx)));
    if (invocation.has("invert")) add("inversion", BARTIZAN_TRY(inversion_part(invocation, pool, classifier, ctx)));

    Json json = cli::document(invocation);
    json["auc"] = best.roc.auc;
    json["tpr_at_fpr"] = rates_json(best.roc);
    json["balanced_accuracy"] = best.roc.balanced_accuracy;
    json["strongest"] = best.name;
    json["severity"] = to_string(severity);
    json["members"] = pool.members;
    json["nonmembers"] = pool.member.size() - pool.members;
    json["accuracy_members"] = in;
    json["accuracy_nonmembers"] = out;
    json["references"] = std::move(references);
    json["one_run"] = {{"attack", auditor.name}, {"canaries", one_run.canaries}, {"guesses", one_run.guesses},
                       {"right", one_run.right}, {"epsilon", one_run.epsilon},   {"delta", delta}};
    json["attacks"] = Json::array();
    for (const Attack& attack : attacks) json["attacks"].push_back(attack_json(attack));
    json["classes"] =
        classes_json(pool, best, contract.class_names.empty() ? pool.info.class_names : contract.class_names);
    json["most_exposed"] = exposed_json(pool, best);
    json.update(parts);
    if (invocation.has("out")) BARTIZAN_TRY(write_file_atomically(invocation.text("out"), to_text(json)));
    BARTIZAN_TRY(cli::print(invocation, json, as_text(attacks, best, one_run, delta, warning) + more));
    const auto gate = severity_from(invocation.text("fail-on", "high"));
    return gate && severity >= *gate ? 1 : 0;
}

}  // namespace bartizan::engine
