#include "apps/engine/repair.h"

#include <algorithm>

#include <fmt/format.h>

#include "apps/engine/inputs.h"
#include "cli/output.h"
#include "core/random.h"
#include "core/statistics.h"
#include "defences/trojan_scan.h"
#include "training/repair.h"

namespace bartizan::engine {
namespace repairing {
namespace {

constexpr std::int64_t kLearned = 1000;  // clean items that the methods learn from, at most
constexpr std::int64_t kJudged = 500;    // held-out items that they are judged by, at most
constexpr double kShare = 0.3;           // of the data, held out where there is no --test-data

struct Parts {
    data::Batch clean, judged;
};

Result<Parts> parts_of(const cli::Invocation& invocation, RunContext& ctx) {
    const auto whole = BARTIZAN_TRY(open_data(invocation));
    std::vector<std::int64_t> rows = permutation(whole->info().items, ctx.seed(), 2);
    std::vector<std::int64_t> held;
    Parts parts;
    if (invocation.has("test-data")) {
        const auto test = BARTIZAN_TRY(open_data(invocation, "test-data"));
        held = permutation(test->info().items, ctx.seed(), 3);
        held.resize(std::min<std::size_t>(held.size(), kJudged));
        parts.judged = BARTIZAN_TRY(test->read(held));
    } else {
        const auto share = static_cast<std::size_t>(kShare * static_cast<double>(rows.size()));
        held.assign(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(share, kJudged)));
        rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(held.size()));
        parts.judged = BARTIZAN_TRY(whole->read(held));
    }
    rows.resize(std::min<std::size_t>(rows.size(), kLearned));
    parts.clean = BARTIZAN_TRY(whole->read(rows));
    BARTIZAN_TRY(check_unit_range(parts.clean.x, whole->info().path));
    BARTIZAN_TRY(check_unit_range(parts.judged.x, whole->info().path));
    return parts;
}

Json worth_json(const training::RepairWorth& worth, const training::RepairWorth& before) {
    const Interval accuracy = wilson_interval(worth.correct, worth.samples);
    const Interval success = wilson_interval(worth.turned(before), worth.tried);
    return {{"samples", worth.samples},
            {"accuracy", worth.accuracy()},
            {"accuracy_interval", {accuracy.low, accuracy.high}},
            {"trigger_success", worth.success(before)},
            {"trigger_success_interval", {success.low, success.high}},
            {"same_trigger", worth.fooled},
            {"new_trigger", worth.fooled_again},
            {"one_change", worth.moved},
            {"one_warp", worth.warped},
            {"tried", worth.tried}};
}

struct Told {
    std::int64_t target = 0;
    defences::Verdict before = defences::Verdict::clean, after = defences::Verdict::clean;
    std::string out;  ///< empty: nothing was written
};

Json as_json(const cli::Invocation& invocation, const training::RepairOutcome& outcome, const Told& told) {
    Json json = cli::document(invocation);
    json["schema"] = "bartizan.harden-repair/1";  // other fields than those of the methods that train on attacks
    json["method"] = "repair";
    json["out"] = told.out;
    json["repaired"] = outcome.chosen.has_value();
    json["target_class"] = told.target;
    json["before"] = worth_json(outcome.before, outcome.before);
    json["after"] = worth_json(outcome.chosen ? outcome.candidates[*outcome.chosen].worth : outcome.before, outcome.before);
    json["verdict_before"] = to_string(told.before);
    json["verdict_after"] = to_string(told.after);
    json["chosen"] = outcome.chosen ? Json(training::to_string(outcome.candidates[*outcome.chosen].method)) : Json();
    json["candidates"] = Json::array();
    for (const training::RepairCandidate& one : outcome.candidates) {
        Json row = worth_json(one.worth, outcome.before);
        row["method"] = training::to_string(one.method);
        row["allowed"] = one.allowed;
        json["candidates"].push_back(std::move(row));
    }
    return json;
}

std::string as_text(const training::RepairOutcome& outcome, const Told& told) {
    const auto row = [&](std::string_view name, const training::RepairWorth& worth, std::string_view note) {
        return fmt::format("  {:<17} {:>8.1f} % {:>14.1f} %  {}\n", name, 100 * worth.accuracy(), 100 * worth.success(outcome.before),
                           note);
    };
    std::string text = fmt::format("repair of class {}, judged on {} held-out items\n\n  {:<17} {:>10} {:>16}\n",
                                   told.target, outcome.before.samples, "", "accuracy", "trigger works");
    text += row("before", outcome.before, to_string(told.before));
    for (std::size_t i = 0; i < outcome.candidates.size(); ++i) {
        const training::RepairCandidate& one = outcome.candidates[i];
        text += row(training::to_string(one.method), one.worth,
                    outcome.chosen == i ? fmt::format("kept; scanned again: {}, uncalibrated", to_string(told.after))
                    : one.allowed       ? ""
                                        : "costs too much accuracy");
    }
    if (!outcome.chosen)
        return text + "\nno method made the trigger work less at the accuracy allowed: nothing written\n";
    return text + fmt::format("\nwritten: {}\n", cli::printable(told.out));
}

/// The verdict on the model as it is now, without references.
Result<defences::Judgement> judged(const model::Model& model, const model::Classifier& classifier,
                                   const data::Batch& clean, RunContext& ctx) {
    return BARTIZAN_TRY(defences::report_trojan(BARTIZAN_TRY(defences::measure_trojan(classifier, &clean, {}, ctx)), {},
                                                model.graph()))
        .judgement;
}

}  // namespace
}  // namespace repairing

Result<int> repair(const cli::Invocation& invocation, const Params& params, RunContext& ctx) {
    using namespace repairing;
    const data::InputContract contract = BARTIZAN_TRY(read_contract(invocation));
    const std::shared_ptr<model::Model> model = BARTIZAN_TRY(open_model(invocation));
    const Parts parts = BARTIZAN_TRY(parts_of(invocation, ctx));
    const Shape item(parts.clean.x.shape().begin() + 1, parts.clean.x.shape().end());
    const auto classifier = BARTIZAN_TRY(model::make_classifier(model, item, contract));
    BARTIZAN_TRY(classifier->differentiable());
    const defences::Judgement before = BARTIZAN_TRY(judged(*model, *classifier, parts.clean, ctx));
    const std::int64_t asked = params.integer("target");
    if (asked >= classifier->classes()) return invalid_input(fmt::format("target: the model has no class {}", asked));
    Told told{.target = asked >= 0 ? asked : before.target, .before = before.verdict};
    const auto triggers =
        BARTIZAN_TRY(defences::reverse_triggers(*classifier, parts.clean, {told.target}, {}, ctx));
    const training::RepairOptions options{.allowed_loss = params.number("allowed-loss"),
                                          .steps = static_cast<int>(params.integer("steps")),
                                          .contract = contract};
    const training::RepairOutcome outcome =
        BARTIZAN_TRY(training::repair(*model, *classifier, parts.clean, parts.judged, triggers.front(), options, ctx));
    told.after = told.before;
    if (outcome.chosen) {
        told.out = invocation.text("out");
        BARTIZAN_TRY(model->save_onnx(told.out));
        BARTIZAN_TRY(data::write_sidecar(told.out, contract));
        told.after = BARTIZAN_TRY(judged(*model, *classifier, parts.clean, ctx)).verdict;
    }
    BARTIZAN_TRY(cli::print(invocation, as_json(invocation, outcome, told), as_text(outcome, told)));
    return outcome.chosen ? 0 : 1;
}

}  // namespace bartizan::engine
