/// `bartizan privacy MODEL --members D --nonmembers D`: what the model gives away about the items it was trained on.
#include <algorithm>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "apps/engine/handlers.h"
#include "apps/engine/inputs.h"
#include "bartizan/finding.h"
#include "cli/output.h"
#include "core/file.h"
#include "core/random.h"
#include "model/shards.h"
#include "privacy/attacks.h"
#include "privacy/one_run.h"
#include "privacy/roc.h"
#include "privacy/signals.h"
#include "training/references.h"

namespace bartizan::engine {
namespace membership {
namespace {

constexpr std::int64_t kLeastItems = 50;
constexpr std::size_t kShownExposed = 100;
constexpr std::size_t kFeatures = 32;

/// Members first, then the others.
struct Pool {
    data::Batch batch;
    data::Info info;
    std::vector<std::uint8_t> member;
    std::size_t members = 0;
};

Result<data::Batch> joined(const data::Batch& a, const data::Batch& b) {
    if (a.x.rank() != b.x.rank() || !std::equal(a.x.shape().begin() + 1, a.x.shape().end(), b.x.shape().begin() + 1))
        return invalid_input(fmt::format("members have items of shape {}, non-members of {}", to_string(a.x.shape()),
                                         to_string(b.x.shape())));
    Shape shape = a.x.shape();
    shape[0] += b.x.shape()[0];
    data::Batch out;
    out.x = BARTIZAN_TRY(NdArray::zeros(DType::f32, shape));
    const auto first = a.x.values<float>(), second = b.x.values<float>();
    std::ranges::copy(second, std::ranges::copy(first, out.x.mutable_values<float>().begin()).out);
    out.y = a.y;
    out.y.insert(out.y.end(), b.y.begin(), b.y.end());
    for (std::int64_t i = 0; i < shape[0]; ++i) out.ids.push_back(i);
    return out;
}

/// The same item on both sides would be an answer without a question.
Result<void> check_apart(const data::Batch& a, const data::Batch& b) {
    const auto row_of = [](const data::Batch& batch, std::size_t i) {
        const auto bytes = batch.x.bytes();
        const std::size_t size = bytes.size() / batch.y.size();
        return std::string_view(reinterpret_cast<const char*>(bytes.data()) + i * size, size);
    };
    std::set<std::string_view> members;
    for (std::size_t i = 0; i < a.y.size(); ++i) members.insert(row_of(a, i));
    std::size_t both = 0, first = 0;
    for (std::size_t i = 0; i < b.y.size(); ++i)
        if (members.contains(row_of(b, i)) && both++ == 0) first = i;
    if (both > 0)
        return invalid_input(
            fmt::format("{} items are members and non-members, the first is row {} of --nonmembers", both, first),
            "remove them from one of the two");
    return {};
}

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
    pool.batch = BARTIZAN_TRY(joined(members, nonmembers));
    BARTIZAN_TRY(check_apart(members, nonmembers));
    pool.members = members.y.size();
    pool.member.assign(pool.batch.y.size(), 0);
    std::fill_n(pool.member.begin(), pool.members, std::uint8_t{1});
    pool.info.classes = std::max(pool.info.classes, other.classes);
    return pool;
}

/// Random projections of the input, and its class: what the quantile regression may know of an item.
std::vector<float> features_of(const data::Batch& batch, std::int64_t classes) {
    const std::size_t items = batch.y.size(), width = batch.x.values<float>().size() / items;
    const std::size_t all = kFeatures + static_cast<std::size_t>(classes);
    std::vector<float> signs(width * kFeatures), out(items * all, 0);
    Random random(0, 0, 900);
    for (float& sign : signs) sign = random.sign() / std::sqrt(static_cast<float>(width));
    const std::span<const float> x = batch.x.values<float>();
    for (std::size_t i = 0; i < items; ++i) {
        for (std::size_t d = 0; d < width; ++d)
            for (std::size_t k = 0; x[i * width + d] != 0 && k < kFeatures; ++k)
                out[i * all + k] += x[i * width + d] * signs[d * kFeatures + k];
        out[i * all + kFeatures + static_cast<std::size_t>(batch.y[i])] = 1;
    }
    return out;
}

struct Attack {
    std::string name;
    std::string needs;  ///< "scores", "references"
    std::vector<double> scores;
    privacy::Roc roc;
};

/// Attacks that compare with a population take one half of the non-members for it while judging the other.
template <class Score>
std::vector<double> cross_fitted(const Pool& pool, Score score) {
    std::vector<std::uint8_t> half[2] = {std::vector<std::uint8_t>(pool.member.size(), 0),
                                         std::vector<std::uint8_t>(pool.member.size(), 0)};
    for (std::size_t i = pool.members; i < pool.member.size(); ++i) half[i % 2][i] = 1;
    const std::vector<double> by[2] = {score(half[0]), score(half[1])};
    std::vector<double> out;
    for (std::size_t i = 0; i < pool.member.size(); ++i)
        out.push_back(half[0][i] != 0 ? by[1][i] : half[1][i] != 0 ? by[0][i] : (by[0][i] + by[1][i]) / 2);
    return out;
}

std::vector<Attack> without_references(const Pool& pool, const privacy::Signals& target, std::int64_t classes) {
    std::vector<double> right(target.correct.begin(), target.correct.end());
    const std::vector<float> features = features_of(pool.batch, classes);
    std::vector<Attack> out;
    out.push_back({"gap", "labels", right, {}});
    out.push_back({"loss", "scores", target.negative_loss, {}});
    out.push_back({"modified-entropy", "scores", target.negative_entropy, {}});
    out.push_back(
        {"attack-p",
         "scores",
         cross_fitted(
             pool, [&](const auto& population) { return privacy::attack_p(target.scaled, pool.batch.y, population); }),
         {}});
    out.push_back({"quantile-regression",
                   "scores",
                   cross_fitted(pool,
                                [&](const auto& population) {
                                    return privacy::quantile_regression(
                                        target.scaled, features, features.size() / pool.member.size(), population);
                                }),
                   {}});
    return out;
}

struct Tables {
    privacy::ReferenceTable scaled, confidence;
};

Result<Tables> tables_of(const std::vector<training::Reference>& references, const Pool& pool) {
    Tables out;
    out.scaled.items = out.confidence.items = pool.member.size();
    for (const training::Reference& reference : references) {
        const privacy::Signals signals = BARTIZAN_TRY(privacy::signals_of(reference.logits, pool.batch.y));
        out.scaled.values.insert(out.scaled.values.end(), signals.scaled.begin(), signals.scaled.end());
        out.confidence.values.insert(out.confidence.values.end(), signals.confidence.begin(), signals.confidence.end());
        out.scaled.in.insert(out.scaled.in.end(), reference.in.begin(), reference.in.end());
    }
    out.confidence.in = out.scaled.in;
    return out;
}

std::vector<Attack> with_references(const Pool& pool, const privacy::Signals& target, const Tables& tables) {
    std::vector<Attack> out;
    out.push_back({"lira-online", "references", privacy::lira_online(target.scaled, tables.scaled), {}});
    out.push_back({"lira-offline", "references", privacy::lira_offline(target.scaled, tables.scaled), {}});
    out.push_back({"rmia-online",
                   "references",
                   cross_fitted(pool,
                                [&](const auto& population) {
                                    return privacy::rmia_online(target.confidence, tables.confidence, population);
                                }),
                   {}});
    out.push_back({"rmia-offline",
                   "references",
                   cross_fitted(pool,
                                [&](const auto& population) {
                                    return privacy::rmia_offline(target.confidence, tables.confidence, population);
                                }),
                   {}});
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

/// The strongest where it counts: at a false-positive rate of 1 %, then by its area.
const Attack& strongest(const std::vector<Attack>& attacks) {
    return *std::ranges::max_element(
        attacks, {}, [](const Attack& attack) { return std::pair(attack.roc.tpr_at(0.01), attack.roc.auc); });
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

/// High where an accusation would stand five times as often as by chance; medium where the area says that members show.
Severity severity_of(const Attack& best) {
    const bool enough = best.roc.nonmembers >= privacy::kLeastForPerMille;
    if (enough && best.roc.tpr_interval(0.001).low > 0.005) return Severity::high;
    if (best.roc.tpr_interval(0.01).low > 0.02 || best.roc.auc_interval.low > 0.6) return Severity::medium;
    return Severity::info;
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
    const auto classifier = BARTIZAN_TRY(model::make_classifier(model, pool.info.item_shape, contract));
    const NdArray logits = BARTIZAN_TRY(model::predict(*classifier, pool.batch.x, ctx));
    const privacy::Signals target = BARTIZAN_TRY(privacy::signals_of(logits, pool.batch.y));

    std::vector<Attack> attacks = without_references(pool, target, classifier->classes());
    const double in = accuracy(target, 0, pool.members), out = accuracy(target, pool.members, pool.member.size());
    const training::ReferenceOptions options = reference_options(invocation, pool);
    Json references;
    std::string warning;
    if (options.models > 0) {
        const auto begin = ctx.now();
        const auto trained = BARTIZAN_TRY(
            training::train_references(invocation.positional(0), contract, pool.batch, pool.info, options, ctx));
        Trained summary{.seconds = std::chrono::duration<double>(ctx.now() - begin).count()};
        for (const training::Reference& one : trained) {
            summary.in += one.accuracy_in / static_cast<double>(trained.size());
            summary.out += one.accuracy_out / static_cast<double>(trained.size());
        }
        references = references_json(options, summary, in, warning);
        for (Attack& attack : with_references(pool, target, BARTIZAN_TRY(tables_of(trained, pool))))
            attacks.push_back(std::move(attack));
    }
    for (Attack& attack : attacks) attack.roc = privacy::roc_of(attack.scores, pool.member);
    const Attack& best = strongest(attacks);
    const double delta = invocation.number("delta", 1e-5);
    // The strongest kind of attack that was asked for, fixed before its result is seen.
    const Attack& auditor = options.models > 0 ? attacks[attacks.size() - 4] : attacks[1];
    const privacy::OneRun one_run =
        privacy::audit_one_run(auditor.scores, pool.member, invocation.integer("guesses", 100), delta);

    Json json = cli::document(invocation);
    json["auc"] = best.roc.auc;
    json["tpr_at_fpr"] = rates_json(best.roc);
    json["balanced_accuracy"] = best.roc.balanced_accuracy;
    json["strongest"] = best.name;
    json["severity"] = to_string(severity_of(best));
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
    if (invocation.has("out")) BARTIZAN_TRY(write_file_atomically(invocation.text("out"), to_text(json)));
    BARTIZAN_TRY(cli::print(invocation, json, as_text(attacks, best, one_run, delta, warning)));
    const auto gate = severity_from(invocation.text("fail-on", "high"));
    return gate && severity_of(best) >= *gate ? 1 : 0;
}

}  // namespace bartizan::engine
