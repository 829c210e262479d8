/// Checks of the attacks: do stronger attackers do better, as they must?
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "audit/attacking.h"
#include "audit/probes/checks.h"
#include "audit/probes/surrogate.h"
#include "report/rules.h"

namespace bartizan::audit::reliability {
namespace {

// Differences of accuracy below these are noise or the last percent that stronger attacks always find.
constexpr double kBeats = 0.05;
constexpr double kStepsHelp = 0.05;
constexpr double kUnboundedLeft = 0.05;

const Attacked* find_attack(const Notebook& notebook, std::string_view name, double eps) {
    const Attacked* found = nullptr;
    for (const Attacked& attacked : notebook.attacked)
        if (attacked.attack == name && attacked.eps == eps) found = &attacked;
    return found;
}

/// The strongest white-box attack that was run at the reference radius.
const Attacked* strongest_whitebox(const Subject& subject, const Notebook& notebook) {
    const Attacked* targeted = find_attack(notebook, "apgd-t", subject.eps);
    return targeted != nullptr ? targeted : find_attack(notebook, "apgd-ce", subject.eps);
}

/// Shares of the rows that both attacks saw which each of them left robust.
struct Both {
    double first = 0, second = 0;
    std::int64_t rows = 0;
};

Both on_common_rows(const Attacked& a, const Attacked& b) {
    Both both;
    for (std::size_t i = 0; i < a.rows.size(); ++i) {
        const auto found = std::ranges::find(b.rows, a.rows[i]);
        if (found == b.rows.end()) continue;
        ++both.rows;
        both.first += a.robust[i];
        both.second += b.robust[static_cast<std::size_t>(found - b.rows.begin())];
    }
    const auto n = static_cast<double>(std::max<std::int64_t>(1, both.rows));
    both.first /= n;
    both.second /= n;
    return both;
}

/// Robust accuracy of one attack by name on the first rows.
Result<double> accuracy_under(const Subject& subject, std::string attack, double eps, std::int64_t samples,
                              std::int64_t steps, const RunContext& ctx) {
    const auto result = BARTIZAN_TRY(carry_out(
        subject, {std::move(attack), eps, first_rows(subject.batch, samples), {{"steps", std::to_string(steps)}}},
        ctx));
    return result.robust_accuracy();
}

/// A radius from which every input reaches every other.
double unbounded_eps(const Subject& subject) {
    double numbers = 1;
    for (const std::int64_t dimension : subject.info.item_shape) numbers *= static_cast<double>(dimension);
    switch (subject.norm) {
        case catalog::Norm::linf:
            return 1;
        case catalog::Norm::l2:
            return std::sqrt(numbers);
        default:
            return numbers;
    }
}

}  // namespace

Check check_blackbox_against_whitebox(const Subject& subject, const Notebook& notebook) {
    Check check{.rule = report::rule::kBlackBoxBeatsWhiteBox,
                .question = "Is the attacker with the model at least as good as the one without?",
                .seen = "not measured",
                .meaning =
                    "An attacker who sees less did better: the white-box attack is being misled, and the white-box "
                    "figure is too good.",
                .remedy = "Read the lower of the two figures, and find what hides the gradient.",
                .evidence = {}};
    const Attacked* white = strongest_whitebox(subject, notebook);
    const Attacked* black = find_attack(notebook, "square", subject.eps);
    if (white == nullptr || black == nullptr) return check;
    const Both both = on_common_rows(*white, *black);
    check.seen = fmt::format("white-box leaves {:.1f} %, black-box {:.1f} %", 100 * both.first, 100 * both.second);
    check.unreliable = both.second < both.first - kBeats;
    check.evidence = {
        {.name = "whitebox_robust_accuracy", .value = both.first, .unit = "fraction", .samples = both.rows},
        {.name = "blackbox_robust_accuracy", .value = both.second, .unit = "fraction", .samples = both.rows}};
    return check;
}

Check check_curve(const Subject& subject, const Notebook& notebook) {
    Check check{.rule = report::rule::kCurveNotFalling,
                .question = "Does a larger radius help the attacker?",
                .seen = "not measured",
                .meaning =
                    "Accuracy stands still while the attacker may change ever more: the attack does not use what it "
                    "is given.",
                .remedy = "Look for zero gradients, and at the black-box figures.",
                .evidence = {}};
    const Attacked* near = find_attack(notebook, "apgd-ce", subject.curve.front());
    const Attacked* far = find_attack(notebook, "apgd-ce", subject.curve.back());
    if (near == nullptr || far == nullptr) return check;
    check.seen = fmt::format("{:.1f} % right at eps {}, {:.1f} % at {}", 100 * near->robust_accuracy(),
                             eps_text(near->eps), 100 * far->robust_accuracy(), eps_text(far->eps));
    check.unreliable = far->robust_accuracy() > kUnboundedLeft && far->robust_accuracy() >= near->robust_accuracy();
    return check;
}

Result<Check> check_unbounded(const Subject& subject, std::int64_t samples, const RunContext& ctx) {
    const double left = BARTIZAN_TRY(accuracy_under(subject, "apgd-ce", unbounded_eps(subject), samples, 100, ctx));
    return Check{
        .rule = report::rule::kUnboundedAttackFails,
        .question = "Does an attacker without bounds always win?",
        .seen = fmt::format("{:.1f} % still right", 100 * left),
        .unreliable = left > kUnboundedLeft,
        .meaning =
            "Whoever may change everything must be able to turn every answer. The attack fails for a reason "
            "that has nothing to do with robustness.",
        .remedy = "Treat the white-box figures as unknown until the reason is found.",
        .evidence = {{.name = "unbounded_robust_accuracy", .value = left, .unit = "fraction", .samples = samples}}};
}

Result<Check> check_steps(const Subject& subject, std::int64_t samples, std::int64_t steps, const RunContext& ctx) {
    const double few = BARTIZAN_TRY(accuracy_under(subject, "apgd-ce", subject.eps, samples, steps, ctx));
    const double many = BARTIZAN_TRY(accuracy_under(subject, "apgd-ce", subject.eps, samples, 5 * steps, ctx));
    return Check{
        .rule = report::rule::kMoreEffortHelps,
        .question = "Has the attack converged?",
        .seen =
            fmt::format("{:.1f} % right after {} steps, {:.1f} % after {}", 100 * few, steps, 100 * many, 5 * steps),
        .unreliable = many < few - kStepsHelp,
        .meaning = "More steps keep helping the attacker: the figures of this audit are upper bounds, and loose.",
        .remedy = "Raise the steps in the plan until the figure stands still.",
        .evidence = {{.name = "robust_accuracy_few", .value = few, .unit = "fraction", .samples = samples},
                     {.name = "robust_accuracy_many", .value = many, .unit = "fraction", .samples = samples}}};
}

Result<Check> check_transfer(const Subject& subject, std::int64_t samples, std::int64_t steps, const RunContext& ctx) {
    const double direct = BARTIZAN_TRY(accuracy_under(subject, "apgd-ce", subject.eps, samples, steps, ctx));
    const double transferred = BARTIZAN_TRY(transfer_accuracy(subject, samples, ctx));
    return Check{
        .rule = report::rule::kTransferBeatsWhiteBox,
        .question = "Is attacking the model better than attacking a stand-in?",
        .seen = fmt::format("direct attack leaves {:.1f} %, transferred {:.1f} %", 100 * direct, 100 * transferred),
        .unreliable = transferred < direct - kBeats,
        .meaning =
            "Examples made for a crude stand-in fool the model more often than examples made for the model "
            "itself: its gradients are hidden.",
        .remedy = "Do not trust the white-box figures.",
        .evidence = {
            {.name = "direct_robust_accuracy", .value = direct, .unit = "fraction", .samples = samples},
            {.name = "transfer_robust_accuracy", .value = transferred, .unit = "fraction", .samples = samples}}};
}

}  // namespace bartizan::audit::reliability
