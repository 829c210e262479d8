/// Probe "evasion-blackbox": the attacker only sees scores. Square attack at the reference radius, with the queries
/// that each success took.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "audit/attacking.h"
#include "audit/probes/probes.h"
#include "report/rules.h"

namespace bartizan::audit::blackbox {
namespace {

constexpr double kMostFooled = 0.5;
constexpr double kManyFooled = 0.2;
constexpr std::int64_t kFewQueries = 100;

/// Queries of the fooled rows, ascending.
std::vector<double> queries_of_successes(const attacks::RunResult& result) {
    std::vector<double> queries;
    for (std::size_t i = 0; i < result.success.size(); ++i)
        if (result.success[i] != 0) queries.push_back(static_cast<double>(result.queries[i]));
    std::ranges::sort(queries);
    return queries;
}

Severity judge(double fooled, double median_queries) {
    if (fooled >= kMostFooled) return median_queries <= kFewQueries ? Severity::critical : Severity::high;
    if (fooled >= kManyFooled) return Severity::medium;
    return fooled > 0 ? Severity::low : Severity::info;
}

/// Share of inputs still right after so many queries.
Curve curve(const attacks::RunResult& result, const std::vector<double>& queries, std::int64_t budget) {
    Curve curve{"Accuracy against queries spent", "queries per input", "accuracy", {{"Square attack", {}}}, true};
    const double step = std::pow(static_cast<double>(budget), 1.0 / 12);
    double spent = 1;
    for (int i = 0; i <= 12; ++i, spent *= step) {
        const double limit = i == 12 ? static_cast<double>(budget) : spent;
        const auto fooled = std::ranges::upper_bound(queries, limit) - queries.begin();
        const std::int64_t left = result.clean_correct - fooled;
        const Interval interval = wilson_interval(left, result.samples);
        curve.series[0].points.push_back(
            {limit, static_cast<double>(left) / static_cast<double>(result.samples), interval.low, interval.high});
    }
    return curve;
}

class Blackbox final : public Probe {
public:
    explicit Blackbox(const Params& params)
        : queries_(params.integer("queries")), samples_(params.integer("samples")) {}

    std::optional<std::string> obstacle(const Subject& subject) const override {
        if (subject.norm == catalog::Norm::l0) return "Square has no l0 form";
        return attack_obstacle(subject, false);
    }

    Result<std::vector<Finding>> run(const Subject& subject, Notebook& notebook, RunContext& ctx) const override {
        const std::vector<std::int64_t> rows = first_rows(subject.batch, std::min(samples_, subject.samples));
        const attacks::RunResult result = BARTIZAN_TRY(
            carry_out(subject, {"square", subject.eps, rows, {{"queries", std::to_string(queries_)}}}, ctx));
        notebook.attacked.push_back({"square", catalog::Access::scores, subject.eps, rows, robust_rows(result)});
        const std::vector<double> queries = queries_of_successes(result);
        const double fooled = result.success_rate();
        const double median = quantile(queries, 0.5);

        Finding finding = begin_finding(report::rule::kBlackBoxEvasion, subject);
        finding.severity = judge(fooled, median);
        finding.title = fmt::format(
            "With {} queries an input and no copy of the model, an attacker turns {:.1f} % of right answers wrong",
            queries_, 100 * fooled);
        finding.explanation =
            "The attacker sends altered copies of an input and watches the scores. No knowledge of "
            "the model is needed: whoever may call it can do this.";
        finding.remediation =
            "Return labels or rounded scores, limit queries per caller, and watch for series of "
            "nearly equal inputs. Adversarial training helps against this attack too.";
        finding.evidence.push_back(proportion("success_rate", static_cast<std::int64_t>(queries.size()),
                                              result.clean_correct, "of inputs that were right"));
        finding.evidence.push_back(
            proportion("robust_accuracy", result.robust_correct, result.samples, "Square attack"));
        if (!queries.empty())
            finding.evidence.push_back({.name = "median_queries",
                                        .value = median,
                                        .unit = "queries",
                                        .samples = static_cast<std::int64_t>(queries.size()),
                                        .note = "of the inputs that were fooled"});
        finding.evidence.push_back({.name = "query_budget", .value = static_cast<double>(queries_), .unit = "queries"});
        finding.curves.push_back(curve(result, queries, queries_));
        finding.pictures = BARTIZAN_TRY(picture_rows(subject, result, 3));
        return std::vector<Finding>{finding};
    }

private:
    std::int64_t queries_;
    std::int64_t samples_;
};

}  // namespace

std::unique_ptr<Probe> make(const Params& params) { return std::make_unique<Blackbox>(params); }

}  // namespace bartizan::audit::blackbox
