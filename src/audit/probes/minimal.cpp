/// Probe "minimal-perturbation": how far the decision boundary is, by FAB.
#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "audit/attacking.h"
#include "audit/probes/probes.h"
#include "report/rules.h"

namespace bartizan::audit::minimal {
namespace {

/// Interval of a quantile from order statistics (normal approximation of the binomial rank).
Interval quantile_interval(const std::vector<double>& sorted, double q) {
    const auto n = static_cast<double>(sorted.size());
    const double half = 1.96 * std::sqrt(q * (1 - q) / n);
    return {quantile(sorted, q - half), quantile(sorted, q + half)};
}

Severity judge(double median, double eps) {
    if (median < eps / 8) return Severity::critical;
    if (median < eps / 2) return Severity::high;
    if (median < eps) return Severity::medium;
    return median < 2 * eps ? Severity::low : Severity::info;
}

/// The attacker may go as far as the norm's ball can reach in the data range.
double whole_range(const Subject& subject) {
    const double numbers = static_cast<double>(subject.batch.x.size()) /
                           static_cast<double>(std::max<std::int64_t>(1, subject.batch.x.shape().at(0)));
    switch (subject.norm) {
        case catalog::Norm::linf:
            return 1;
        case catalog::Norm::l2:
            return std::sqrt(numbers);
        default:
            return numbers;
    }
}

class Minimal final : public Probe {
public:
    explicit Minimal(const Params& params) : steps_(params.integer("steps")), samples_(params.integer("samples")) {}

    std::optional<std::string> obstacle(const Subject& subject) const override {
        if (subject.norm == catalog::Norm::l0) return "FAB has no l0 form";
        return attack_obstacle(subject, true);
    }

    Result<std::vector<Finding>> run(const Subject& subject, Notebook&, RunContext& ctx) const override {
        const char* attack = subject.classifier->classes() > 10 ? "fab-t" : "fab";
        const std::vector<std::int64_t> rows = first_rows(subject.batch, std::min(samples_, subject.samples));
        const attacks::RunResult result = BARTIZAN_TRY(
            carry_out(subject, {attack, whole_range(subject), rows, {{"steps", std::to_string(steps_)}}}, ctx));
        std::vector<double> distances;
        for (std::size_t i = 0; i < result.success.size(); ++i) {
            if (result.clean_ok[i] == 0) continue;
            distances.push_back(result.success[i] != 0 ? result.perturbation[i]
                                                       : std::numeric_limits<double>::infinity());
        }
        if (distances.empty())
            return invalid_input("no input is classified correctly: there is no distance to measure");
        std::ranges::sort(distances);
        return std::vector<Finding>{finding(subject, distances, attack)};
    }

private:
    Finding finding(const Subject& subject, const std::vector<double>& distances, std::string_view attack) const {
        const double median = quantile(distances, 0.5);
        Finding finding = begin_finding(report::rule::kSmallPerturbation, subject);
        finding.severity = judge(median, subject.eps);
        finding.title = fmt::format("For half of the inputs a change of {} {:.4f} is enough",
                                    catalog::to_string(subject.norm), median);
        finding.explanation = fmt::format(
            "For each input the attack looks for the smallest change that turns the answer. The reference radius of "
            "this audit is {}: a median far below it means that a much weaker attacker succeeds.",
            eps_text(subject.eps));
        finding.remediation = "Adversarial training moves the boundary away; compare this median before and after.";
        for (const auto& [name, q] : {std::pair{"distance_p50", 0.5}, {"distance_p10", 0.1}, {"distance_p90", 0.9}}) {
            const Interval interval = quantile_interval(distances, q);
            finding.evidence.push_back({.name = name,
                                        .value = quantile(distances, q),
                                        .unit = "input units",
                                        .low = interval.low,
                                        .high = interval.high,
                                        .samples = static_cast<std::int64_t>(distances.size()),
                                        .note = fmt::format("{}, {} iterations", attack, steps_)});
        }
        finding.curves.push_back(curve(distances));
        return finding;
    }

    static Curve curve(const std::vector<double>& distances) {
        Curve curve{"How many inputs survive a change of this size",
                    "perturbation size",
                    "inputs still right",
                    {{"FAB", {}}},
                    true};
        const auto n = static_cast<double>(distances.size());
        curve.series[0].points.push_back({0, 1, {}, {}});
        for (std::size_t i = 0; i < distances.size(); ++i)
            if (std::isfinite(distances[i]))
                curve.series[0].points.push_back({distances[i], 1 - static_cast<double>(i + 1) / n, {}, {}});
        return curve;
    }

    std::int64_t steps_;
    std::int64_t samples_;
};

}  // namespace

std::unique_ptr<Probe> make(const Params& params) { return std::make_unique<Minimal>(params); }

}  // namespace bartizan::audit::minimal
