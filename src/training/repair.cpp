#include "training/repair.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>

#include "defences/universal.h"
#include "defences/warp.h"
#include "model/kernel.h"
#include "model/shards.h"
#include "model/tensors.h"
#include "training/repair_methods.h"

namespace bartizan::training {
namespace repairing {
namespace {

constexpr RepairMethod kPortfolio[] = {RepairMethod::unlearning,      RepairMethod::unlearning_change,
                                       RepairMethod::unlearning_warp, RepairMethod::ft_sam,
                                       RepairMethod::i_bau,           RepairMethod::fine_pruning,
                                       RepairMethod::anp};
// A candidate's trigger is sought anew in so many steps, a change and a warp on so many items; all are then measured on
// all that are held out.
constexpr int kSought = 120;
constexpr std::int64_t kSoughtOn = 64;
constexpr double kGone = 0.1;  // of the items may still be turned by a trigger that counts as removed
constexpr std::int64_t kFewest = 20;
constexpr double kGentler = 1.0 / 3;

using Tensors = std::vector<at::Tensor>;

Tensors copies_of(const Tensors& tensors) {
    const at::NoGradGuard no_grad;
    Tensors copies;
    for (const at::Tensor& tensor : tensors) copies.push_back(tensor.detach().clone());
    return copies;
}

void load(const Tensors& from, Tensors& into) {
    const at::NoGradGuard no_grad;
    for (std::size_t i = 0; i < from.size(); ++i) into[i].copy_(from[i]);
}

std::int64_t count_of(const NdArray& logits, const std::vector<std::int64_t>& y, std::int64_t wanted) {
    const std::span<const float> values = logits.values<float>();
    const std::size_t classes = values.size() / y.size();
    std::int64_t hits = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
        const auto row = values.subspan(i * classes, classes);
        const std::int64_t label = std::ranges::max_element(row) - row.begin();
        if (wanted < 0)
            hits += label == y[i] ? 1 : 0;
        else
            hits += y[i] != wanted && label == wanted ? 1 : 0;
    }
    return hits;
}

/// Judges the model as it is now.
Result<RepairWorth> worth_of(const model::Classifier& classifier, const data::Batch& held_out,
                             const defences::ReversedTrigger& trigger, RunContext& ctx) {
    RepairWorth worth{.samples = static_cast<std::int64_t>(held_out.y.size())};
    worth.correct = count_of(BARTIZAN_TRY(model::predict(classifier, held_out.x, ctx)), held_out.y, -1);
    worth.tried = worth.samples - std::ranges::count(held_out.y, trigger.target);
    const auto fooled_by = [&](const defences::ReversedTrigger& given) -> Result<std::int64_t> {
        const NdArray stamped = BARTIZAN_TRY(defences::stamped(held_out.x, given));
        return count_of(BARTIZAN_TRY(model::predict(classifier, stamped, ctx)), held_out.y, given.target);
    };
    worth.fooled = BARTIZAN_TRY(fooled_by(trigger));
    const defences::TriggerOptions bounded{.steps = kSought, .most_size = trigger.size, .samples = worth.samples};
    const auto anew = BARTIZAN_TRY(defences::reverse_triggers(classifier, held_out, {trigger.target}, bounded, ctx));
    worth.fooled_again = BARTIZAN_TRY(fooled_by(anew.front()));
    const auto move = BARTIZAN_TRY(
        defences::strongest_change(classifier, held_out, trigger.target, {.samples = kSoughtOn}, ctx));
    const NdArray moved = BARTIZAN_TRY(defences::changed(held_out.x, move.change));
    worth.moved = count_of(BARTIZAN_TRY(model::predict(classifier, moved, ctx)), held_out.y, trigger.target);
    if (!defences::can_be_warped(classifier.item_shape())) return worth;
    const auto warp =
        BARTIZAN_TRY(defences::strongest_warp(classifier, held_out, trigger.target, {.samples = kSoughtOn}, ctx));
    const NdArray bent = BARTIZAN_TRY(defences::warped(held_out.x, warp));
    worth.warped = count_of(BARTIZAN_TRY(model::predict(classifier, bent, ctx)), held_out.y, trigger.target);
    return worth;
}

/// Half the true label, half what the model answered on the clean item before (Hinton et al. 2015): a few hundred items
/// with hard labels alone cost accuracy.
Result<at::Tensor> softened(const model::Classifier& classifier, const at::Tensor& x, const at::Tensor& y) {
    const at::NoGradGuard no_grad;
    const at::Tensor answers = BARTIZAN_TRY(classifier.logits(x)).softmax(1);
    const at::Tensor labels = at::zeros_like(answers).scatter_(1, y.unsqueeze(1), 1);
    return (answers + labels) / 2;
}

Result<Patient> patient_of(model::Model& model, const model::Classifier& classifier, const data::Batch& clean,
                           const defences::ReversedTrigger& trigger) {
    Patient patient{.model = model, .classifier = classifier, .target = trigger.target};
    for (const model::NamedTensor& one : model.parameters())
        if (one.trainable) patient.parameters.push_back(one.tensor);
    if (patient.parameters.empty()) return unsupported("the model has no weights that can be trained");
    patient.x = BARTIZAN_TRY(model::to_tensor(clean.x));
    patient.labels = at::tensor(clean.y);
    patient.y = BARTIZAN_TRY(softened(classifier, patient.x, patient.labels));
    patient.mask = BARTIZAN_TRY(model::to_tensor(trigger.mask));
    patient.pattern = BARTIZAN_TRY(model::to_tensor(trigger.pattern));
    return patient;
}

Result<void> check(const model::Model& model, const model::Classifier& classifier, const data::Batch& clean,
                   const data::Batch& held_out) {
    if (model.graph() == nullptr) return unsupported("only ONNX models can be repaired", "export the model to ONNX");
    for (const data::Batch* batch : {&clean, &held_out}) {
        const auto rows = static_cast<std::int64_t>(batch->y.size());
        if (rows < kFewest || batch->x.rank() == 0 || batch->x.shape()[0] != rows)
            return invalid_input(fmt::format("{} labelled items are too few to repair or judge by", rows),
                                 fmt::format("at least {} are needed; 500 are good", kFewest));
        for (const std::int64_t label : batch->y)
            if (label < 0 || label >= classifier.classes())
                return invalid_input(fmt::format("the model has no class {}", label));
    }
    return {};
}

/// Is the first of two allowed candidates the better? See the head of repair.h.
bool better(const RepairWorth& a, const RepairWorth& b, const RepairWorth& before) {
    const double first = a.success(before), second = b.success(before);
    if (first > kGone || second > kGone || a.correct == b.correct) return first < second;
    return a.correct > b.correct;
}

/// The best allowed candidate, if a trigger works less after it than before.
std::optional<std::size_t> best_of(const RepairOutcome& outcome) {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < outcome.candidates.size(); ++i) {
        const RepairCandidate& one = outcome.candidates[i];
        if (!one.allowed || one.worth.success(outcome.before) >= outcome.before.success(outcome.before)) continue;
        if (!best || better(one.worth, outcome.candidates[*best].worth, outcome.before)) best = i;
    }
    return best;
}

/// One method from the original weights; once more with smaller steps if it costs more than allowed.
Result<RepairCandidate> attempt(RepairMethod method, Patient& patient, const data::Batch& held_out,
                                const defences::ReversedTrigger& trigger, RepairOptions options,
                                const RepairWorth& before, const Tensors& original, RunContext& ctx) {
    RepairCandidate candidate{.method = method};
    for (const double gentler : {1.0, kGentler}) {
        load(original, patient.parameters);
        options.rate *= gentler;
        for (at::Tensor& parameter : patient.parameters) parameter.requires_grad_(true);
        auto done = apply(method, patient, options, ctx);
        for (at::Tensor& parameter : patient.parameters) parameter.requires_grad_(false);
        BARTIZAN_TRY(std::move(done));
        candidate.worth = BARTIZAN_TRY(worth_of(patient.classifier, held_out, trigger, ctx));
        candidate.allowed = candidate.worth.accuracy() >= before.accuracy() - options.allowed_loss;
        if (candidate.allowed || method == RepairMethod::anp) break;  // which has no steps of that length
    }
    return candidate;
}

Result<RepairOutcome> run(Patient& patient, const data::Batch& held_out, const defences::ReversedTrigger& trigger,
                          const RepairOptions& options, const Tensors& original, RunContext& ctx) {
    RepairOutcome outcome;
    outcome.before = BARTIZAN_TRY(worth_of(patient.classifier, held_out, trigger, ctx));
    std::vector<Tensors> weights;
    for (const RepairMethod method : kPortfolio) {
        // Where no warp leads to the target, unlearning one costs a point or two and mends nothing.
        if (method == RepairMethod::unlearning_warp && 2 * outcome.before.warped < outcome.before.tried) continue;
        ctx.progress({to_string(method), outcome.candidates.size(), std::size(kPortfolio), "methods"});
        auto tried = attempt(method, patient, held_out, trigger, options, outcome.before, original, ctx);
        if (!tried.ok() && tried.error().code() == Errc::unsupported) continue;  // not for this kind of model
        outcome.candidates.push_back(BARTIZAN_TRY(std::move(tried)));
        weights.push_back(copies_of(patient.parameters));
    }
    ctx.progress_finish();
    outcome.chosen = best_of(outcome);
    load(outcome.chosen ? weights[*outcome.chosen] : original, patient.parameters);
    return outcome;
}

}  // namespace
}  // namespace repairing

std::string_view to_string(RepairMethod method) {
    switch (method) {
        case RepairMethod::fine_pruning:
            return "fine-pruning";
        case RepairMethod::anp:
            return "anp";
        case RepairMethod::i_bau:
            return "i-bau";
        case RepairMethod::ft_sam:
            return "ft-sam";
        case RepairMethod::unlearning:
            return "unlearning";
        case RepairMethod::unlearning_change:
            return "unlearning-change";
        case RepairMethod::unlearning_warp:
            return "unlearning-warp";
    }
    return "unlearning";
}

std::int64_t RepairWorth::turned(const RepairWorth& before) const {
    std::int64_t most = std::max(fooled, fooled_again);
    if (2 * before.moved >= before.tried) most = std::max(most, moved);
    if (2 * before.warped >= before.tried) most = std::max(most, warped);
    return most;
}

double RepairWorth::success(const RepairWorth& before) const {
    return tried == 0 ? 0 : static_cast<double>(turned(before)) / static_cast<double>(tried);
}

Result<RepairOutcome> repair(model::Model& model, const model::Classifier& classifier, const data::Batch& clean,
                             const data::Batch& held_out, const defences::ReversedTrigger& trigger,
                             const RepairOptions& options, RunContext& ctx) {
    using namespace repairing;
    BARTIZAN_TRY(check(model, classifier, clean, held_out));
    if (options.steps < 1 || options.batch < 1) return invalid_input("steps and batch must be at least 1");
    RepairOutcome outcome;
    BARTIZAN_TRY(model::guarded([&]() -> Result<void> {
        Patient patient = BARTIZAN_TRY(patient_of(model, classifier, clean, trigger));
        const Tensors original = copies_of(patient.parameters);
        auto done = run(patient, held_out, trigger, options, original, ctx);
        if (!done.ok()) {
            for (at::Tensor& parameter : patient.parameters) parameter.requires_grad_(false);
            load(original, patient.parameters);
        }
        outcome = BARTIZAN_TRY(std::move(done));
        return {};
    }));
    return outcome;
}

}  // namespace bartizan::training
