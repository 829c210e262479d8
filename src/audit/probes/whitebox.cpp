/// Probe "evasion-whitebox": the attacker has the model. A curve over radii with APGD-CE, then the targeted
/// attack on what is left at the reference radius.
#include <algorithm>

#include <fmt/format.h>

#include "audit/attacking.h"
#include "audit/probes/probes.h"
#include "report/rules.h"

namespace bartizan::audit::whitebox {
namespace {

// Shares of clean accuracy that are left, at the reference radius and at a quarter of it.
constexpr double kLittleLeft = 0.1;
constexpr double kHalfLeft = 0.5;
constexpr double kMostLeft = 0.8;

struct PointOnCurve {
    double eps;
    std::int64_t robust;
};

/// What the probe has measured.
struct Measured {
    std::vector<PointOnCurve> curve;
    std::int64_t samples = 0;
    std::int64_t clean = 0;
    std::int64_t robust_reference = 0;  ///< after the strongest attack at the reference radius
    std::string strongest;
    std::vector<PictureRow> pictures;
};

double share(std::int64_t part, std::int64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// A small radius that already breaks the model is worse than a large one that does.
Severity judge(const Measured& measured) {
    const double at_quarter = share(measured.curve.at(1).robust, measured.clean);
    const double at_reference = share(measured.robust_reference, measured.clean);
    if (at_quarter < kHalfLeft) return Severity::critical;
    if (at_reference < kLittleLeft) return Severity::high;
    if (at_reference < kHalfLeft) return Severity::medium;
    if (at_reference < kMostLeft) return Severity::low;
    return Severity::info;
}

class Whitebox final : public Probe {
public:
    explicit Whitebox(const Params& params)
        : steps_(params.integer("steps")),
          final_steps_(params.integer("final-steps")),
          pictures_(params.integer("pictures")) {}

    std::optional<std::string> obstacle(const Subject& subject) const override {
        return attack_obstacle(subject, true);
    }

    Result<std::vector<Finding>> run(const Subject& subject, Notebook& notebook, RunContext& ctx) const override {
        Measured measured;
        const std::vector<std::int64_t> rows = first_rows(subject.batch, subject.samples);
        measured.samples = static_cast<std::int64_t>(rows.size());
        std::vector<std::uint8_t> robust;
        for (const double eps : subject.curve) {
            robust = BARTIZAN_TRY(attack(subject, notebook, {"apgd-ce", eps, rows, {{"steps", std::to_string(steps_)}}},
                                         robust, measured, ctx));
            measured.curve.push_back({eps, std::ranges::count(robust, 1)});
            if (eps == subject.eps) BARTIZAN_TRY(finish_reference(subject, notebook, rows, robust, measured, ctx));
        }
        return std::vector<Finding>{finding(subject, measured)};
    }

private:
    /// Attacks what is still `robust` (all rows if that is empty): whoever is fooled within a small radius is fooled
    /// within a larger one.
    Result<std::vector<std::uint8_t>> attack(const Subject& subject, Notebook& notebook, Order order,
                                             std::vector<std::uint8_t> robust, Measured& measured,
                                             RunContext& ctx) const {
        const std::vector<std::int64_t> all = order.rows;
        if (robust.empty()) robust.assign(all.size(), 1);
        order.rows.clear();
        std::vector<std::size_t> places;
        for (std::size_t i = 0; i < all.size(); ++i)
            if (robust[i] != 0) {
                order.rows.push_back(all[i]);
                places.push_back(i);
            }
        const attacks::RunResult result = BARTIZAN_TRY(carry_out(subject, order, ctx));
        if (places.size() == all.size()) measured.clean = result.clean_correct;
        const std::vector<std::uint8_t> left = robust_rows(result);
        for (std::size_t i = 0; i < places.size(); ++i) robust[places[i]] = left[i];
        if (static_cast<std::int64_t>(measured.pictures.size()) < pictures_ && order.eps <= subject.eps) {
            auto more = BARTIZAN_TRY(
                picture_rows(subject, result, pictures_ - static_cast<std::int64_t>(measured.pictures.size())));
            for (PictureRow& row : more) {
                row.title += fmt::format(" (eps {})", eps_text(order.eps));
                measured.pictures.push_back(std::move(row));
            }
        }
        notebook.attacked.push_back({order.attack, catalog::Access::gradients, order.eps, all, robust});
        return robust;
    }

    /// The strongest attacks at the reference radius, on what the curve's attack has left.
    Result<void> finish_reference(const Subject& subject, Notebook& notebook, const std::vector<std::int64_t>& rows,
                                  std::vector<std::uint8_t>& robust, Measured& measured, RunContext& ctx) const {
        const std::map<std::string, std::string> steps = {{"steps", std::to_string(final_steps_)}};
        const bool targeted = subject.classifier->classes() >= 4;
        measured.strongest = targeted ? "apgd-ce, then apgd-t" : "apgd-ce";
        for (const char* name : {"apgd-ce", "apgd-t"}) {
            if (name == std::string_view("apgd-t") && !targeted) continue;
            robust = BARTIZAN_TRY(attack(subject, notebook, {name, subject.eps, rows, steps}, robust, measured, ctx));
        }
        measured.robust_reference = std::ranges::count(robust, 1);
        measured.curve.back().robust = measured.robust_reference;
        return {};
    }

    Finding finding(const Subject& subject, const Measured& measured) const {
        Finding finding = begin_finding(report::rule::kWhiteBoxEvasion, subject);
        finding.severity = judge(measured);
        const std::string radius = fmt::format("{} {}", catalog::to_string(subject.norm), eps_text(subject.eps));
        const double left = share(measured.robust_reference, measured.samples);
        finding.title =
            fmt::format("Under white-box attack at {} the model stays right on {:.1f} % of inputs", radius, 100 * left);
        finding.explanation = fmt::format(
            "An attacker who has the model changes each number of the input by at most {} (a change that people hardly "
            "notice) and looks for a wrong answer. Clean accuracy on the same inputs is {:.1f} %.",
            eps_text(subject.eps), 100 * share(measured.clean, measured.samples));
        finding.remediation =
            finding.severity >= Severity::medium
                ? "Train adversarially (`bartizan train --adversarial`), keep the model's weights and gradients from "
                  "callers, and check inputs that matter by a second way."
                : "Keep measuring: audit every new version of the model with the same plan.";
        finding.evidence.push_back(proportion("robust_accuracy", measured.robust_reference, measured.samples,
                                              fmt::format("{}, {} steps", measured.strongest, final_steps_)));
        finding.evidence.push_back(proportion("clean_accuracy", measured.clean, measured.samples, "same inputs"));
        finding.evidence.push_back({.name = "eps",
                                    .value = subject.eps,
                                    .unit = "input units",
                                    .note = std::string(catalog::to_string(subject.norm))});
        finding.curves.push_back(curve(measured));
        finding.pictures = measured.pictures;
        return finding;
    }

    static Curve curve(const Measured& measured) {
        Curve curve{"Accuracy under attack", "perturbation size (eps)", "accuracy", {{"white-box attack", {}}}, true};
        const auto add = [&](double eps, std::int64_t robust) {
            const Interval interval = wilson_interval(robust, measured.samples);
            curve.series[0].points.push_back({eps, share(robust, measured.samples), interval.low, interval.high});
        };
        add(0, measured.clean);
        for (const PointOnCurve& point : measured.curve) add(point.eps, point.robust);
        return curve;
    }

    std::int64_t steps_;
    std::int64_t final_steps_;
    std::int64_t pictures_;
};

}  // namespace

std::unique_ptr<Probe> make(const Params& params) { return std::make_unique<Whitebox>(params); }

}  // namespace bartizan::audit::whitebox
