#include "apps/engine/wrapping.h"

#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "apps/engine/inputs.h"
#include "apps/engine/wrapping_setting.h"
#include "attacks/attack.h"
#include "attacks/runner.h"
#include "audit/evaluation.h"
#include "cli/output.h"
#include "core/random.h"
#include "defences/preprocessing.h"
#include "defences/squeezing.h"
#include "defences/temperature.h"
#include "model/shards.h"

namespace bartizan::engine {
namespace wrapping {
namespace {

constexpr const char* kAttack = "apgd-ce";
constexpr std::int64_t kMostCalibrating = 5000;

Result<attacks::RunResult> attacked(const model::Classifier& classifier, const Setting& setting, RunContext& ctx) {
    const attacks::ThreatModel threat{.norm = catalog::Norm::linf, .eps = setting.eps};
    const auto attack = BARTIZAN_TRY(attacks::make_attack(kAttack, threat, {{"steps", "50"}}));
    attacks::RunResult result = BARTIZAN_TRY(attacks::run(classifier, *attack, threat, setting.parts.judged, ctx));
    if (!result.complete) return Error(Errc::cancelled, "stopped");
    return result;
}

/// Is each row of `x` called what it is?
Result<std::vector<bool>> right_rows(const model::Classifier& classifier, const NdArray& x,
                                     std::span<const std::int64_t> labels, const RunContext& ctx) {
    const NdArray logits = BARTIZAN_TRY(model::predict(classifier, x, ctx));
    const auto width = static_cast<std::size_t>(classifier.classes());
    std::vector<bool> right;
    for (std::size_t row = 0; row < labels.size(); ++row) {
        const auto scores = logits.values<float>().subspan(row * width, width);
        right.push_back(std::ranges::max_element(scores) - scores.begin() == labels[row]);
    }
    return right;
}

defences::Preprocessing preprocessing_of(std::string_view method, const Params& params) {
    using enum defences::Squeeze;
    if (method == "bit-depth") return {.kind = bit_depth, .bits = static_cast<int>(params.integer("bits"))};
    if (method == "jpeg") return {.kind = jpeg, .quality = static_cast<int>(params.integer("quality"))};
    return {.kind = params.flag("mean") ? mean : median, .window = static_cast<int>(params.integer("window"))};
}

Result<int> preprocess(const cli::Invocation& invocation, std::string_view method, const Params& params,
                       RunContext& ctx) {
    const Setting setting = BARTIZAN_TRY(setting_of(invocation));
    const data::Batch& judged = setting.parts.judged;
    const defences::Preprocessing wanted = preprocessing_of(method, params);
    const graph::Graph graph = BARTIZAN_TRY(
        defences::with_preprocessing(*setting.model->graph(), wanted, setting.contract, setting.item_shape()));
    data::InputContract contract = setting.contract;
    contract.preprocessing = defences::name_of(wanted) + ": no defence against attackers who know of it";
    const auto defended = BARTIZAN_TRY(written(setting, graph, contract));
    // Rounding hides the gradient; who knows of it goes on as if it were not there. Smoothing has one of its own.
    std::shared_ptr<const model::Classifier> known = defended;
    if (wanted.kind == defences::Squeeze::bit_depth || wanted.kind == defences::Squeeze::jpeg)
        known = BARTIZAN_TRY(defences::straight_through(setting.classifier, wanted));
    const attacks::RunResult before = BARTIZAN_TRY(attacked(*setting.classifier, setting, ctx));
    const attacks::RunResult adaptive = BARTIZAN_TRY(attacked(*known, setting, ctx));
    const auto clean = BARTIZAN_TRY(right_rows(*defended, judged.x, before.labels, ctx));
    const auto unaware = BARTIZAN_TRY(right_rows(*defended, before.adversarial, before.labels, ctx));
    const auto aware = BARTIZAN_TRY(right_rows(*defended, adaptive.adversarial, before.labels, ctx));
    std::int64_t right = 0, withstands_unaware = 0, withstands = 0;
    for (std::size_t row = 0; row < clean.size(); ++row) {
        right += clean[row] ? 1 : 0;
        withstands_unaware += clean[row] && unaware[row] ? 1 : 0;
        withstands += clean[row] && unaware[row] && aware[row] ? 1 : 0;
    }
    Json json = document(invocation, "bartizan.harden-preprocessing/1", method, setting);
    json["preprocessing"] = defences::name_of(wanted);
    json["defence"] = false;
    json["eps"] = setting.eps;
    json["attack"] = kAttack;
    json["before"] = {{"accuracy", share_json(before.clean_correct, before.samples)},
                      {"robust_accuracy", share_json(before.robust_correct, before.samples)}};
    json["after"] = {{"accuracy", share_json(right, before.samples)},
                     {"robust_accuracy_unaware", share_json(withstands_unaware, before.samples)},
                     {"robust_accuracy_adaptive", share_json(withstands, before.samples)}};
    const std::string text =
        fmt::format("{} in front of the model; radius {:.4g}\n\n", defences::name_of(wanted), setting.eps) +
        share_line("accuracy before", json["before"]["accuracy"]) +
        share_line("accuracy after", json["after"]["accuracy"]) +
        share_line("under attack before", json["before"]["robust_accuracy"]) +
        share_line("after, the attacker does not know of it", json["after"]["robust_accuracy_unaware"]) +
        share_line("after, the attacker knows of it", json["after"]["robust_accuracy_adaptive"]) +
        fmt::format(
            "\nThis is not a defence: the last line counts. Attackers find out what stands in front of a model.\n"
            "written: {}\n",
            cli::printable(setting.out));
    BARTIZAN_TRY(cli::print(invocation, json, text));
    return 0;
}

Result<int> detect(const cli::Invocation& invocation, std::string_view method, const Params& params, RunContext& ctx) {
    const Setting setting = BARTIZAN_TRY(setting_of(invocation));
    const std::vector<defences::Preprocessing> squeezes = {
        {.kind = defences::Squeeze::bit_depth, .bits = static_cast<int>(params.integer("bits"))},
        {.kind = defences::Squeeze::median, .window = static_cast<int>(params.integer("window"))}};
    const auto squeezing = BARTIZAN_TRY(defences::make_squeezing(setting.classifier, squeezes, setting.contract));
    std::vector<std::int64_t> rows = permutation(setting.parts.train->info().items, ctx.seed(), 5);
    rows.resize(std::min<std::size_t>(rows.size(), kMostCalibrating));
    const data::Batch quiet = BARTIZAN_TRY(setting.parts.train->read(rows));
    BARTIZAN_TRY(check_unit_range(quiet.x, invocation.text("data")));
    const double threshold = defences::squeezing_threshold(
        BARTIZAN_TRY(defences::squeezing_distances(squeezing, quiet.x, ctx)), params.number("alarms"));
    const graph::Graph graph = BARTIZAN_TRY(
        defences::with_squeezing(*setting.model->graph(), squeezes, setting.contract, setting.item_shape(), threshold));
    BARTIZAN_TRY(written(setting, graph, setting.contract));

    const attacks::RunResult plain = BARTIZAN_TRY(attacked(*setting.classifier, setting, ctx));
    const attacks::RunResult adaptive = BARTIZAN_TRY(attacked(*squeezing.joint, setting, ctx));
    const auto alarms_of = [&](const NdArray& x) { return defences::squeezing_distances(squeezing, x, ctx); };
    const auto clean = BARTIZAN_TRY(alarms_of(setting.parts.judged.x));
    const auto noticed = BARTIZAN_TRY(alarms_of(plain.adversarial)),
               slipped = BARTIZAN_TRY(alarms_of(adaptive.adversarial));
    const auto fooled = BARTIZAN_TRY(right_rows(*setting.classifier, adaptive.adversarial, plain.labels, ctx));
    std::int64_t false_alarms = 0, caught = 0, fooled_plainly = 0, through = 0, through_knowing = 0;
    for (std::size_t row = 0; row < clean.size(); ++row) {
        false_alarms += clean[row] > threshold ? 1 : 0;
        fooled_plainly += plain.success[row];
        caught += plain.success[row] != 0 && noticed[row] > threshold ? 1 : 0;
        const bool unaware = plain.success[row] != 0 && noticed[row] <= threshold;
        through += unaware ? 1 : 0;
        const bool knowing = plain.clean_ok[row] != 0 && !fooled[row] && slipped[row] <= threshold;
        through_knowing += unaware || knowing ? 1 : 0;
    }
    Json json = document(invocation, "bartizan.harden-squeezing/1", method, setting);
    json["eps"] = setting.eps;
    json["attack"] = kAttack;
    json["threshold"] = threshold;
    json["alarms_allowed"] = params.number("alarms");
    json["false_alarms"] = share_json(false_alarms, plain.samples);
    json["success_without_detector"] = share_json(fooled_plainly, plain.clean_correct);
    json["caught"] = share_json(caught, fooled_plainly);
    json["success_unaware"] = share_json(through, plain.clean_correct);
    json["success_adaptive"] = share_json(through_knowing, plain.clean_correct);
    const std::string text =
        fmt::format(
            "alarm where the answer moves by more than {:.4g} (L1) when the input is squeezed; radius {:.4g}\n\n",
            threshold, setting.eps) +
        share_line("false alarms on held-out clean items", json["false_alarms"]) +
        share_line("attacks that succeed without the detector", json["success_without_detector"]) +
        share_line("of these it notices", json["caught"]) +
        share_line("unnoticed success, the attacker does not know of it", json["success_unaware"]) +
        share_line("unnoticed success, the attacker knows of it", json["success_adaptive"]) +
        fmt::format("\nThe last line counts.\nwritten: {}, with the outputs squeezing_distance and squeezing_alarm\n",
                    cli::printable(setting.out));
    BARTIZAN_TRY(cli::print(invocation, json, text));
    return 0;
}

Json calibration_json(const audit::Evaluation& evaluation) {
    return {{"accuracy", evaluation.accuracy},
            {"expected_calibration_error", evaluation.expected_calibration_error},
            {"negative_log_likelihood", evaluation.negative_log_likelihood},
            {"mean_confidence", evaluation.mean_confidence}};
}

Result<int> calibrate(const cli::Invocation& invocation, std::string_view method, RunContext& ctx) {
    const Setting setting = BARTIZAN_TRY(setting_of(invocation));
    std::vector<std::int64_t> rows = permutation(setting.parts.train->info().items, ctx.seed(), 5);
    rows.resize(std::min<std::size_t>(rows.size(), kMostCalibrating));
    const data::Batch fitted = BARTIZAN_TRY(setting.parts.train->read(rows));
    const NdArray logits = BARTIZAN_TRY(model::predict(*setting.classifier, fitted.x, ctx));
    const double temperature = BARTIZAN_TRY(defences::fit_temperature(logits, fitted.y).within("--data"));
    const graph::Graph graph = BARTIZAN_TRY(defences::with_temperature(*setting.model->graph(), temperature));
    const auto after = BARTIZAN_TRY(written(setting, graph, setting.contract));
    const data::Batch& judged = setting.parts.judged;
    const auto was = BARTIZAN_TRY(audit::evaluate(*setting.classifier, judged, {}, ctx));
    const auto is = BARTIZAN_TRY(audit::evaluate(*after, judged, {}, ctx));
    Json json = document(invocation, "bartizan.harden-temperature/1", method, setting);
    json["temperature"] = temperature;
    json["fitted_on"] = fitted.y.size();
    json["samples"] = judged.y.size();
    json["before"] = calibration_json(was);
    json["after"] = calibration_json(is);
    const auto line = [](std::string_view what, double a, double b) {
        return fmt::format("  {:<32} {:>10.4f} {:>10.4f}\n", what, a, b);
    };
    const std::string text =
        fmt::format("temperature {:.4f}, fitted on {} items, judged on {} others\n\n  {:<32} {:>10} {:>10}\n",
                    temperature, fitted.y.size(), judged.y.size(), "", "before", "after") +
        line("expected calibration error", was.expected_calibration_error, is.expected_calibration_error) +
        line("negative log-likelihood", was.negative_log_likelihood, is.negative_log_likelihood) +
        line("mean confidence", was.mean_confidence, is.mean_confidence) + line("accuracy", was.accuracy, is.accuracy) +
        fmt::format("\nwritten: {}\n", cli::printable(setting.out));
    BARTIZAN_TRY(cli::print(invocation, json, text));
    return 0;
}

constexpr std::string_view kMethods[] = {"bit-depth", "jpeg", "spatial-smoothing", "feature-squeezing", "temperature",
                                         "smoothing"};

}  // namespace
}  // namespace wrapping

bool wraps(std::string_view method) {
    return std::ranges::find(wrapping::kMethods, method) != std::end(wrapping::kMethods);
}

Result<int> harden_by_wrapping(const cli::Invocation& invocation, std::string_view method, const Params& params,
                               RunContext& ctx) {
    if (method == "temperature") return wrapping::calibrate(invocation, method, ctx);
    if (method == "smoothing") return harden_by_smoothing(invocation, params, ctx);
    if (method == "feature-squeezing") return wrapping::detect(invocation, method, params, ctx);
    return wrapping::preprocess(invocation, method, params, ctx);
}

}  // namespace bartizan::engine
