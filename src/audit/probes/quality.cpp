/// Probe "quality": what the model is worth before anyone attacks it.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "audit/attacking.h"
#include "audit/probes/probes.h"
#include "report/rules.h"

namespace bartizan::audit::quality {
namespace {

constexpr double kPoorCalibration = 0.1;
constexpr std::size_t kMaxConfusionClasses = 12;
constexpr std::size_t kMaxClassRows = 20;

std::string percent(double value) { return fmt::format("{:.1f} %", 100 * value); }

/// The largest class's share: what a model gets that has learnt nothing.
double guess_rate(const Evaluation& evaluation) {
    std::int64_t largest = 0;
    for (const ClassScore& one : evaluation.classes) largest = std::max(largest, one.samples);
    return static_cast<double>(largest) / static_cast<double>(evaluation.samples);
}

Table class_table(const Evaluation& evaluation) {
    Table table{"Accuracy per class, weakest first", {"class", "accuracy", "95 % interval", "samples"}, {}};
    std::vector<const ClassScore*> order;
    for (const ClassScore& one : evaluation.classes)
        if (one.samples > 0) order.push_back(&one);
    const auto accuracy = [](const ClassScore* one) {
        return static_cast<double>(one->correct) / static_cast<double>(one->samples);
    };
    std::ranges::stable_sort(order, {}, accuracy);
    for (const ClassScore* one : order) {
        if (table.rows.size() == kMaxClassRows) break;
        table.rows.push_back({one->name, percent(accuracy(one)),
                              percent(one->interval.low) + " to " + percent(one->interval.high),
                              std::to_string(one->samples)});
    }
    return table;
}

Table confusion_table(const Evaluation& evaluation) {
    Table table{"Confusion: rows are true classes, columns what the model says", {"true class"}, {}};
    for (const ClassScore& one : evaluation.classes) table.header.push_back(one.name);
    for (std::size_t i = 0; i < evaluation.classes.size(); ++i) {
        std::vector<std::string> row{evaluation.classes[i].name};
        for (const std::int64_t count : evaluation.confusion[i]) row.push_back(std::to_string(count));
        table.rows.push_back(std::move(row));
    }
    return table;
}

Curve reliability_diagram(const Evaluation& evaluation) {
    Curve curve{"Confidence against accuracy", "confidence", "accuracy", {{"model", {}}, {"perfect", {}}}, true};
    for (const ConfidenceBin& bin : evaluation.bins) {
        if (bin.samples == 0) continue;
        const Interval interval =
            wilson_interval(std::llround(bin.accuracy * static_cast<double>(bin.samples)), bin.samples);
        curve.series[0].points.push_back({bin.confidence, bin.accuracy, interval.low, interval.high});
    }
    curve.series[1].points = {{0, 0, {}, {}}, {1, 1, {}, {}}};
    return curve;
}

Finding accuracy_finding(const Subject& subject, const Evaluation& evaluation) {
    Finding finding = begin_finding(report::rule::kCleanAccuracy, subject);
    const double guess = guess_rate(evaluation);
    finding.evidence.push_back(proportion("accuracy", evaluation.correct, evaluation.samples, "on clean data"));
    finding.evidence.push_back(
        {.name = "guess_rate", .value = guess, .unit = "fraction", .note = "always answering the most frequent class"});
    if (evaluation.interval.low <= guess) {
        finding.severity = Severity::high;
        finding.title = fmt::format("The model is right on {} of clean data: no better than guessing",
                                    percent(evaluation.accuracy));
        finding.explanation =
            "A model at the level of guessing has either not learnt its task or is fed inputs in "
            "another range or layout than it was trained on. No other number here means much.";
        finding.remediation =
            "Check --mean, --std and --range, the order of the classes and the layout of the "
            "images; then look at the model.";
    } else {
        finding.title = fmt::format("The model is right on {} of clean data", percent(evaluation.accuracy));
        finding.explanation = "This is the model without any attacker. Every other number is read against it.";
        finding.remediation = "Nothing, if this is the accuracy you expect.";
    }
    finding.tables.push_back(class_table(evaluation));
    if (evaluation.classes.size() <= kMaxConfusionClasses) finding.tables.push_back(confusion_table(evaluation));
    return finding;
}

Finding calibration_finding(const Subject& subject, const Evaluation& evaluation) {
    Finding finding = begin_finding(report::rule::kCalibration, subject);
    const double error = evaluation.expected_calibration_error;
    finding.evidence.push_back({.name = "expected_calibration_error",
                                .value = error,
                                .unit = "fraction",
                                .samples = evaluation.samples,
                                .note = "15 equal bins"});
    finding.evidence.push_back({.name = "mean_confidence", .value = evaluation.mean_confidence, .unit = "fraction"});
    finding.evidence.push_back(
        {.name = "negative_log_likelihood", .value = evaluation.negative_log_likelihood, .unit = "nats"});
    const bool over = evaluation.mean_confidence > evaluation.accuracy;
    if (error > kPoorCalibration) {
        finding.severity = Severity::medium;
        finding.title = fmt::format("Confidence is off by {} on average: the model is {}confident", percent(error),
                                    over ? "over" : "under");
        finding.explanation =
            "Whoever acts on the model's confidence (a threshold, a hand-over to a person) acts on "
            "a wrong number.";
        finding.remediation = "Calibrate on held-out data (temperature scaling), or do not use the confidence.";
    } else {
        finding.title = fmt::format("Confidence is off by {} on average", percent(error));
        finding.explanation = "When the model says it is 90 % sure, it is right about 90 % of the time.";
        finding.remediation = "Measure again when the data changes.";
    }
    finding.curves.push_back(reliability_diagram(evaluation));
    return finding;
}

class Quality final : public Probe {
public:
    std::optional<std::string> obstacle(const Subject& subject) const override {
        if (subject.batch.y.empty()) return "the data has no labels";
        return std::nullopt;
    }

    Result<std::vector<Finding>> run(const Subject& subject, Notebook& notebook, RunContext& ctx) const override {
        notebook.clean = BARTIZAN_TRY(evaluate(*subject.classifier, subject.batch, subject.info.class_names, ctx));
        return std::vector<Finding>{accuracy_finding(subject, *notebook.clean),
                                    calibration_finding(subject, *notebook.clean)};
    }
};

}  // namespace

std::unique_ptr<Probe> make(const Params&) { return std::make_unique<Quality>(); }

}  // namespace bartizan::audit::quality
