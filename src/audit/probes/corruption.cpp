/// Probe "corruption": what noise, blur and light do to the model. No attacker needed.
#include <algorithm>

#include <fmt/format.h>

#include "audit/attacking.h"
#include "audit/corruptions.h"
#include "audit/probes/probes.h"
#include "data/pictures.h"
#include "report/rules.h"

namespace bartizan::audit::corruption {
namespace {

constexpr double kBad = 0.5;
constexpr double kPoor = 0.75;
constexpr double kFair = 0.9;

struct Measured {
    Corruption corruption;
    std::vector<std::int64_t> correct;  ///< by severity
};

class CorruptionProbe final : public Probe {
public:
    explicit CorruptionProbe(const Params& params) : samples_(params.integer("samples")) {}

    std::optional<std::string> obstacle(const Subject& subject) const override {
        if (subject.batch.y.empty()) return "the data has no labels";
        if (!is_picture(subject.info)) return "the data is not made of images";
        return std::nullopt;
    }

    Result<std::vector<Finding>> run(const Subject& subject, Notebook&, RunContext& ctx) const override {
        const data::Batch part = BARTIZAN_TRY(select(subject.batch, first_rows(subject.batch, samples_)));
        const Evaluation clean = BARTIZAN_TRY(evaluate(*subject.classifier, part, subject.info.class_names, ctx));
        std::vector<Measured> measured;
        std::uint64_t done = 0;
        for (const Corruption kind : kCorruptions) {
            Measured one{kind, {}};
            for (int severity = 1; severity <= kSeverities; ++severity) {
                data::Batch worse = part;
                worse.x = BARTIZAN_TRY(corrupt(subject.info, part, kind, severity, ctx.seed()));
                one.correct.push_back(
                    BARTIZAN_TRY(evaluate(*subject.classifier, worse, subject.info.class_names, ctx)).correct);
                ctx.progress({"corruption", ++done, std::size(kCorruptions) * kSeverities, "steps"});
            }
            measured.push_back(std::move(one));
        }
        return std::vector<Finding>{finding(subject, clean, measured)};
    }

private:
    static Finding finding(const Subject& subject, const Evaluation& clean, const std::vector<Measured>& measured) {
        std::int64_t correct = 0;
        for (const Measured& one : measured)
            for (const std::int64_t count : one.correct) correct += count;
        const auto trials =
            clean.samples * static_cast<std::int64_t>(measured.size()) * static_cast<std::int64_t>(kSeverities);
        const double mean = static_cast<double>(correct) / static_cast<double>(trials);
        const double kept = clean.accuracy > 0 ? mean / clean.accuracy : 0;

        Finding finding = begin_finding(report::rule::kCorruption, subject);
        finding.severity = kept < kBad    ? Severity::high
                           : kept < kPoor ? Severity::medium
                           : kept < kFair ? Severity::low
                                          : Severity::info;
        finding.title =
            fmt::format("Noise, blur and light leave the model right on {:.1f} % of inputs on average", 100 * mean);
        finding.explanation = fmt::format(
            "Cameras shake, light changes, sensors are noisy. Clean accuracy on the same "
            "inputs is {:.1f} %.",
            100 * clean.accuracy);
        finding.remediation = "Train with such corruptions as augmentation, and reject inputs that are out of range.";
        finding.evidence.push_back(
            {.name = "mean_corruption_accuracy",
             .value = mean,
             .unit = "fraction",
             .samples = clean.samples,
             .note = fmt::format("{} corruptions at {} severities", measured.size(), kSeverities)});
        finding.evidence.push_back(proportion("clean_accuracy", clean.correct, clean.samples, "same inputs"));
        Curve curve{"Accuracy under corruption", "severity (0: none)", "accuracy", {}, true};
        for (const Measured& one : measured) {
            Series series{std::string(to_string(one.corruption)), {{0, clean.accuracy, {}, {}}}};
            for (int i = 0; i < kSeverities; ++i) {
                const std::int64_t count = one.correct[static_cast<std::size_t>(i)];
                const Interval interval = wilson_interval(count, clean.samples);
                series.points.push_back({static_cast<double>(i + 1),
                                         static_cast<double>(count) / static_cast<double>(clean.samples), interval.low,
                                         interval.high});
            }
            finding.evidence.push_back(proportion(fmt::format("accuracy_{}_5", to_string(one.corruption)),
                                                  one.correct.back(), clean.samples, "strongest"));
            curve.series.push_back(std::move(series));
        }
        finding.curves.push_back(std::move(curve));
        return finding;
    }

    std::int64_t samples_;
};

}  // namespace

std::unique_ptr<Probe> make(const Params& params) { return std::make_unique<CorruptionProbe>(params); }

}  // namespace bartizan::audit::corruption
