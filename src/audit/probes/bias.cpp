/// Probe "bias": are groups of people treated differently, and is one of them easier to attack?
#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "audit/attacking.h"
#include "audit/probes/probes.h"
#include "fairness/group_metrics.h"
#include "model/shards.h"
#include "report/rules.h"

namespace bartizan::audit::bias {
namespace {

/// The four-fifths rule (29 CFR 1607.4 D), and the gap in equalised odds that the field calls large.
constexpr double kFourFifths = 0.8, kLargeGap = 0.1;
constexpr std::int64_t kMostClasses = 32;

std::string percent(double value) { return std::isnan(value) ? "-" : fmt::format("{:.1f} %", 100 * value); }
std::string number(double value) { return std::isnan(value) ? "-" : fmt::format("{:.3f}", value); }

/// What the model answers, with one class as the favourable one.
struct Answered {
    std::vector<std::uint8_t> labels, predictions;
    std::vector<double> scores;
};

Result<Answered> answers_for(const NdArray& logits, const data::Batch& batch, std::int64_t favourable) {
    const auto width = static_cast<std::size_t>(logits.shape().at(1));
    const std::span<const float> all = logits.values<float>();
    Answered out;
    for (std::size_t row = 0; row < batch.y.size(); ++row) {
        const std::span<const float> values = all.subspan(row * width, width);
        const auto best = std::ranges::max_element(values);
        double sum = 0;
        for (const float logit : values) sum += std::exp(static_cast<double>(logit) - *best);
        const auto at = static_cast<std::size_t>(favourable);
        out.labels.push_back(batch.y[row] == favourable ? 1 : 0);
        out.predictions.push_back(best - values.begin() == favourable ? 1 : 0);
        out.scores.push_back(std::exp(static_cast<double>(values[at]) - *best) / sum);
    }
    return out;
}

struct Measured {
    std::int64_t favourable = 0;
    fairness::Fairness fairness;

    const fairness::Disparity& of(std::string_view name) const { return *fairness.find(name); }
    double gap() const {
        const double value = of("equalized_odds_difference").value;
        return std::isnan(value) ? -1 : value;
    }
};

Severity severity_of(const Measured& measured) {
    const auto& impact = measured.of("disparate_impact_ratio");
    const auto& odds = measured.of("equalized_odds_difference");
    if (impact.interval.high < kFourFifths || odds.interval.low > kLargeGap) return Severity::high;
    if (impact.value < kFourFifths || odds.value > kLargeGap) return Severity::medium;
    return Severity::info;
}

/// "80.0 % (71.1 to 86.7)"
std::string percent(double value, const Interval& interval) {
    if (std::isnan(value)) return "-";
    return fmt::format("{:.1f} % ({:.1f} to {:.1f})", 100 * value, 100 * interval.low, 100 * interval.high);
}

Table group_table(const fairness::Fairness& found) {
    Table table{"Groups, with 95 % intervals",
                {"group", "samples", "favourable in truth", "answered favourably", "true positive rate",
                 "false positive rate", "predictive value", "accuracy", "calibration gap", "calibration error"},
                {}};
    for (const fairness::GroupRates& group : found.groups)
        table.rows.push_back({group.name, std::to_string(group.samples), percent(group.base_rate),
                              percent(group.selection_rate, group.selection_interval),
                              percent(group.true_positive_rate, group.true_positive_interval),
                              percent(group.false_positive_rate, group.false_positive_interval),
                              percent(group.positive_predictive_value, group.predictive_interval),
                              percent(group.accuracy, group.accuracy_interval), number(group.calibration_gap),
                              number(group.calibration_error)});
    return table;
}

Table disparity_table(const fairness::Fairness& found) {
    Table table{"Figures over all groups", {"figure", "value", "95 % interval", "least", "most"}, {}};
    for (const fairness::Disparity& one : found.disparities) {
        std::string name(one.name);
        std::ranges::replace(name, '_', ' ');
        table.rows.push_back(
            {std::move(name), number(one.value),
             std::isnan(one.value) ? "not defined" : number(one.interval.low) + " to " + number(one.interval.high),
             one.least, one.most});
    }
    return table;
}

class Bias final : public Probe {
public:
    explicit Bias(const Params& params)
        : favourable_(params.integer("favourable")),
          options_{.least_group = params.integer("least-group"),
                   .resamples = static_cast<int>(params.integer("resamples"))} {}

    std::optional<std::string> obstacle(const Subject& subject) const override {
        if (subject.groups.empty()) return "no groups were named (--group)";
        if (subject.batch.y.empty()) return "the data has no labels";
        if (favourable_ >= subject.classifier->classes()) return fmt::format("there is no class {}", favourable_);
        return std::nullopt;
    }

    Result<std::vector<Finding>> run(const Subject& subject, Notebook& notebook, RunContext& ctx) const override {
        const NdArray logits = BARTIZAN_TRY(model::predict(*subject.classifier, subject.batch.x, ctx));
        std::vector<Finding> findings;
        for (const data::Grouping& grouping : with_intersections(subject.groups)) {
            BARTIZAN_TRY(ctx.checkpoint());
            const auto measured = measure(logits, subject, grouping, ctx);
            if (!measured.ok() && measured.error().code() == Errc::invalid_input) {
                findings.push_back(not_measured(subject, grouping, measured.error()));
                continue;
            }
            findings.push_back(disparity_finding(subject, grouping, BARTIZAN_TRY(measured)));
            if (auto gap = robustness_finding(subject, grouping, notebook)) findings.push_back(*std::move(gap));
        }
        return findings;
    }

private:
    static std::vector<data::Grouping> with_intersections(const std::vector<data::Grouping>& groups) {
        std::vector<data::Grouping> all = groups;
        for (std::size_t i = 0; i < groups.size(); ++i)
            for (std::size_t k = i + 1; k < groups.size(); ++k) all.push_back(intersection(groups[i], groups[k]));
        return all;
    }

    /// The favourable class that was named; of two classes the second; of several the one with the widest gap.
    Result<Measured> measure(const NdArray& logits, const Subject& subject, const data::Grouping& grouping,
                             const RunContext& ctx) const {
        const std::int64_t classes = subject.classifier->classes();
        const bool one = favourable_ >= 0 || classes == 2;
        std::optional<Measured> worst;
        for (std::int64_t c = one ? (favourable_ >= 0 ? favourable_ : 1) : 0; c < std::min(classes, kMostClasses);
             ++c) {
            const Answered answered = BARTIZAN_TRY(answers_for(logits, subject.batch, c));
            fairness::Options options = options_;
            options.seed = ctx.seed();
            Measured measured{c, BARTIZAN_TRY(fairness::measure({answered.labels, answered.predictions, answered.scores,
                                                                 grouping.of_item, grouping.groups},
                                                                options))};
            if (!worst || measured.gap() > worst->gap()) worst = std::move(measured);
            if (one) break;
        }
        return *std::move(worst);
    }

    static Finding not_measured(const Subject& subject, const data::Grouping& grouping, const Error& why) {
        Finding finding = begin_finding(report::rule::kGroupDisparity, subject);
        finding.title = fmt::format("Groups by {} could not be compared: {}", grouping.name, why.message());
        finding.explanation = "Figures over a handful of people say nothing about the group.";
        finding.remediation = "Take more rows of the small groups, or join groups.";
        return finding;
    }

    static Finding disparity_finding(const Subject& subject, const data::Grouping& grouping, const Measured& measured) {
        Finding finding = begin_finding(report::rule::kGroupDisparity, subject);
        finding.severity = severity_of(measured);
        const auto& impact = measured.of("disparate_impact_ratio");
        finding.title =
            fmt::format("By {}, '{}' is answered '{}' {} times as often as '{}'", grouping.name, impact.least,
                        class_name(subject.info.class_names, measured.favourable), number(impact.value), impact.most);
        finding.explanation =
            "Different rates of favourable answers may mirror different rates in the data (the third column); "
            "different error rates among those who are alike in truth do not. Which figure is the right one depends "
            "on what is decided: no classifier evens out all of them at once (Kleinberg et al. 2016).";
        finding.remediation =
            "Look at the table: where true or false positive rates differ, gather data on the group that fares worse, "
            "reweigh, or set thresholds for each group where the law allows it; then audit again.";
        for (const fairness::Disparity& one : measured.fairness.disparities) {
            if (std::isnan(one.value)) continue;
            finding.evidence.push_back(
                {.name = std::string(one.name),
                 .value = one.value,
                 .unit = "fraction",
                 .low = one.interval.low,
                 .high = one.interval.high,
                 .samples = static_cast<std::int64_t>(subject.batch.y.size()),
                 .note = "bootstrap within groups, between '" + one.least + "' and '" + one.most + "'"});
        }
        if (!std::isnan(measured.fairness.theil_index))
            finding.evidence.push_back(
                {.name = "theil_index",
                 .value = measured.fairness.theil_index,
                 .unit = {},
                 .low = measured.fairness.theil_interval.low,
                 .high = measured.fairness.theil_interval.high,
                 .samples = static_cast<std::int64_t>(subject.batch.y.size()),
                 .note = "0: benefits are even"});
        finding.tables = {group_table(measured.fairness), disparity_table(measured.fairness)};
        if (!measured.fairness.too_small.empty())
            finding.explanation +=
                fmt::format(" Too small to be measured: {}.", fmt::join(measured.fairness.too_small, ", "));
        return finding;
    }

    /// The strongest attack that the audit has run, seen group by group: of the rows that were right, how many fell?
    std::optional<Finding> robustness_finding(const Subject& subject, const data::Grouping& grouping,
                                              const Notebook& notebook) const {
        const Attacked* strongest = nullptr;
        for (const Attacked& one : notebook.attacked)
            if (one.eps == subject.eps &&
                (strongest == nullptr || one.robust_accuracy() < strongest->robust_accuracy()))
                strongest = &one;
        if (strongest == nullptr || !notebook.clean) return std::nullopt;
        struct Tally {
            std::int64_t right = 0, fallen = 0;
        };
        std::vector<Tally> tallies(grouping.groups.size());
        for (std::size_t i = 0; i < strongest->rows.size(); ++i) {
            const auto row = static_cast<std::size_t>(strongest->rows[i]);
            if (grouping.of_item[row] < 0 || notebook.clean->correct_rows[row] == 0) continue;
            Tally& tally = tallies[static_cast<std::size_t>(grouping.of_item[row])];
            ++tally.right;
            tally.fallen += strongest->robust[i] == 0 ? 1 : 0;
        }
        Finding finding = begin_finding(report::rule::kRobustnessGap, subject);
        Table table{"Of the inputs that were right, how many an attack turns",
                    {"group", "turned", "95 % interval", "right"},
                    {}};
        double lowest = 2, highest = -1;
        Interval low_interval, high_interval;
        std::string low_name, high_name;
        for (std::size_t i = 0; i < tallies.size(); ++i) {
            if (tallies[i].right < options_.least_group) continue;
            const double rate = static_cast<double>(tallies[i].fallen) / static_cast<double>(tallies[i].right);
            const Interval interval = wilson_interval(tallies[i].fallen, tallies[i].right);
            table.rows.push_back({grouping.groups[i], percent(rate),
                                  percent(interval.low) + " to " + percent(interval.high),
                                  std::to_string(tallies[i].right)});
            finding.evidence.push_back(
                proportion("turned_" + std::to_string(i), tallies[i].fallen, tallies[i].right, grouping.groups[i]));
            if (rate < lowest) lowest = rate, low_interval = interval, low_name = grouping.groups[i];
            if (rate > highest) highest = rate, high_interval = interval, high_name = grouping.groups[i];
        }
        if (table.rows.size() < 2) return std::nullopt;
        const bool apart = high_interval.low > low_interval.high;
        finding.severity = apart && highest - lowest > kLargeGap ? Severity::medium : Severity::info;
        finding.title = fmt::format("By {}, {} turns {} of '{}' and {} of '{}'", grouping.name, strongest->attack,
                                    percent(highest), high_name, percent(lowest), low_name);
        finding.explanation = "A model that is even on clean data can still be easier to fool about one group.";
        finding.remediation = "Harden with the class-wise and group-wise figures in view (bartizan harden).";
        finding.tables.push_back(std::move(table));
        return finding;
    }

    std::int64_t favourable_;
    fairness::Options options_;
};

}  // namespace

std::unique_ptr<Probe> make(const Params& params) { return std::make_unique<Bias>(params); }

}  // namespace bartizan::audit::bias
