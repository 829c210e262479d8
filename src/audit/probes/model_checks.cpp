/// Checks of the model alone: is it a fixed, differentiable function of one input in the range it expects?
#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <fmt/format.h>

#include "audit/attacking.h"
#include "audit/probes/checks.h"
#include "model/shards.h"
#include "model/tensors.h"
#include "report/rules.h"

namespace bartizan::audit::reliability {
namespace {

// Logits of equal inputs may differ by rounding, no more.
constexpr double kRounding = 1e-3;
// Share of inputs with an all-zero gradient beyond which attacks are blind.
constexpr double kBlind = 0.1;
// Data that leaves [0, 1] by more than this is in other units than the radii.
constexpr float kRangeSlack = 0.01F;

double largest_difference(const NdArray& a, const NdArray& b) {
    const auto x = a.values<float>(), y = b.values<float>();
    double largest = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double scale = std::max(1.0, std::abs(static_cast<double>(x[i])));
        largest = std::max(largest, std::abs(static_cast<double>(x[i]) - y[i]) / scale);
    }
    return largest;
}

/// Gradient of the cross-entropy by the input, float32.
Result<NdArray> loss_gradient(const Subject& subject, const data::Batch& part) {
    NdArray gradient;
    BARTIZAN_TRY(model::guarded([&]() -> Result<void> {
        at::Tensor x = BARTIZAN_TRY(model::to_tensor(part.x)).clone();
        x.requires_grad_();
        const auto labels =
            BARTIZAN_TRY(NdArray::from<std::int64_t>({static_cast<std::int64_t>(part.y.size())}, part.y));
        const at::Tensor y = BARTIZAN_TRY(model::to_tensor(labels));
        const at::Tensor logits = BARTIZAN_TRY(subject.classifier->logits(x));
        at::cross_entropy_loss(logits, y, {}, 2).backward();
        gradient = BARTIZAN_TRY(model::to_array(x.grad()));
        return {};
    }));
    return gradient;
}

}  // namespace

Result<Check> check_determinism(const Subject& subject, std::int64_t samples) {
    const data::Batch part = BARTIZAN_TRY(select(subject.batch, first_rows(subject.batch, samples)));
    const RunContext ctx;
    const NdArray once = BARTIZAN_TRY(model::predict(*subject.classifier, part.x, ctx));
    const NdArray twice = BARTIZAN_TRY(model::predict(*subject.classifier, part.x, ctx));
    const double difference = largest_difference(once, twice);
    return Check{.rule = report::rule::kRandomAnswers,
                 .question = "Does the same input give the same answer twice?",
                 .seen = fmt::format("largest difference of logits {:.2g}", difference),
                 .unreliable = difference > kRounding,
                 .meaning =
                     "The model is random: an attack that looks at one draw of it is weaker than a real attacker, "
                     "who averages over many.",
                 .remedy = "Audit the model without its randomness, or attack the average over many draws (EOT).",
                 .evidence = {{.name = "logit_difference", .value = difference, .samples = samples}}};
}

Result<Check> check_batch_independence(const Subject& subject, std::int64_t samples) {
    const data::Batch part =
        BARTIZAN_TRY(select(subject.batch, first_rows(subject.batch, std::min<std::int64_t>(samples, 8))));
    const RunContext ctx;
    const NdArray together = BARTIZAN_TRY(model::predict(*subject.classifier, part.x, ctx));
    double difference = 0;
    for (std::int64_t row = 0; row < together.shape()[0]; ++row) {
        const NdArray alone = BARTIZAN_TRY(model::predict(*subject.classifier, BARTIZAN_TRY(part.x.rows(row, 1)), ctx));
        difference = std::max(difference, largest_difference(BARTIZAN_TRY(together.rows(row, 1)), alone));
    }
    return Check{.rule = report::rule::kTrainingMode,
                 .question = "Is the answer the same alone and in a batch?",
                 .seen = fmt::format("largest difference of logits {:.2g}", difference),
                 .unreliable = difference > kRounding,
                 .meaning =
                     "Batch normalisation or dropout was exported in training mode: an input's answer depends on "
                     "its neighbours, and so does every number here.",
                 .remedy = "Export the model in evaluation mode.",
                 .evidence = {{.name = "logit_difference", .value = difference}}};
}

Result<Check> check_gradients(const Subject& subject, std::int64_t samples) {
    Check check{.rule = report::rule::kVanishingGradients,
                .question = "Do gradients reach the input?",
                .seen = {},
                .meaning =
                    "Gradients vanish (saturated scores, steps such as Sign or rounding): attacks that follow them "
                    "are blind, and the model looks more robust than it is.",
                .remedy = "Trust the black-box figures, or replace the step by a smooth one while attacking (BPDA).",
                .evidence = {}};
    const auto differentiable = subject.classifier->differentiable();
    if (!differentiable.ok()) {
        check.rule = report::rule::kNotDifferentiable;
        check.seen = differentiable.error().line();
        check.unreliable = true;
        check.meaning =
            "The model gives no gradient (trees, quantised or integer steps): attacks that follow gradients "
            "do not apply, and only the black-box figures say how it withstands an attacker.";
        check.remedy =
            "Read the black-box figures, with a larger query budget; to attack by gradients, put a smooth "
            "stand-in in the place of the step (BPDA).";
        return check;
    }
    const data::Batch part = BARTIZAN_TRY(select(subject.batch, first_rows(subject.batch, samples)));
    const NdArray gradient = BARTIZAN_TRY(loss_gradient(subject, part));
    const auto rows = static_cast<std::size_t>(gradient.shape()[0]);
    const std::size_t length = rows == 0 ? 0 : gradient.values<float>().size() / rows;
    std::int64_t blind = 0;
    for (std::size_t row = 0; row < rows; ++row)
        blind += std::ranges::all_of(gradient.values<float>().subspan(row * length, length),
                                     [](float value) { return value == 0 || !std::isfinite(value); })
                     ? 1
                     : 0;
    check.evidence.push_back(proportion("zero_gradient_share", blind, static_cast<std::int64_t>(rows)));
    check.seen = fmt::format("{} of {} inputs have no gradient at all", blind, rows);
    check.unreliable = static_cast<double>(blind) > kBlind * static_cast<double>(rows);
    return check;
}

Check check_data_range(const Subject& subject) {
    const auto values = subject.batch.x.values<float>();
    const auto [low, high] = std::ranges::minmax(values);
    const bool outside = low < -kRangeSlack || high > 1 + kRangeSlack;
    const bool too_wide = subject.norm == catalog::Norm::linf && subject.eps >= 0.5;
    return {.rule = report::rule::kEpsOutsideRange,
            .question = "Are radius and data in the same units?",
            .seen = fmt::format("data from {:.3g} to {:.3g}, eps {}", low, high, eps_text(subject.eps)),
            .unreliable = outside || too_wide,
            .meaning = outside ? "The data leaves [0, 1], so a radius of a few 255ths means little."
                               : "Half of the data range turns any image into any other: no model can withstand it.",
            .remedy =
                "Give data in [0, 1] and tell what the model expects with --range, --mean and --std; choose --eps "
                "in these units.",
            .evidence = {{.name = "data_low", .value = low}, {.name = "data_high", .value = high}}};
}

Check check_input_contract(const Notebook& notebook) {
    Check check{.rule = report::rule::kInputRange,
                .question = "Does the model see the inputs it was trained on?",
                .seen = "not measured",
                .meaning =
                    "Clean accuracy is near guessing: range, normalisation, layout or class order are probably wrong, "
                    "and then robustness means nothing.",
                .remedy = "Check --range, --mean, --std and the layout.",
                .evidence = {}};
    if (!notebook.clean) return check;
    const auto classes = static_cast<double>(notebook.clean->classes.size());
    check.seen = fmt::format("clean accuracy {:.1f} %", 100 * notebook.clean->accuracy);
    check.unreliable = notebook.clean->accuracy < std::min(0.9, 1.5 / classes + (classes == 2 ? -0.15 : 0));
    return check;
}

Check check_graph(const Subject& subject) {
    std::string remarks;
    bool zero = false, probabilities = false;
    for (const model::Remark& remark : subject.classifier->remarks()) {
        remarks += (remarks.empty() ? "" : "; ") + remark.text;
        zero = zero || remark.kind == model::Remark::Kind::zero_gradient;
        probabilities = probabilities || remark.kind == model::Remark::Kind::probabilities;
    }
    // Where no gradient exists at all, `check_gradients` says so, and a softmax hides nothing more.
    probabilities = probabilities && subject.classifier->differentiable().ok();
    return {.rule = zero ? report::rule::kNotDifferentiable : report::rule::kSoftmaxInside,
            .question = "Is the graph one that gradients can follow to the logits?",
            .seen = remarks.empty() ? "logits, no step in the way" : remarks,
            .unreliable = zero || probabilities,
            .meaning =
                "Something between input and scores hides gradients (a softmax that could not be cut, steps with zero "
                "gradient, quantisation): white-box figures are too good.",
            .remedy = "Export the model without that step, or trust the black-box figures alone.",
            .evidence = {}};
}

}  // namespace bartizan::audit::reliability
