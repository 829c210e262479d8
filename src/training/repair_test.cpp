/// Repair of a classifier whose trojan was built in by hand.
#include "training/repair.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/ops/one_hot.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "defences/trojan_testing.h"
#include "model/kernel.h"
#include "model/shards.h"
#include "model/tensors.h"
#include "training/repair_methods.h"

namespace bartizan::training {
namespace {

using defences::testing::kTarget;
using defences::testing::rows_data;
using defences::testing::rows_graph;
using defences::testing::Trojan;

struct Case {
    std::shared_ptr<model::Model> model = model::from_graph(rows_graph(Trojan::corner)).value();
    std::unique_ptr<model::Classifier> classifier = model::make_classifier(model, {1, 6, 6}, {}).value();
    data::Batch clean = rows_data(200, 1), held_out = rows_data(100, 2);

    defences::ReversedTrigger trigger() {
        RunContext ctx;
        return defences::reverse_triggers(*classifier, clean, {kTarget}, {}, ctx).value().front();
    }
    std::vector<float> answers() {
        const NdArray logits = model::predict(*classifier, held_out.x, RunContext()).value();
        return {logits.values<float>().begin(), logits.values<float>().end()};
    }
};

TEST(Repair, TakesTheTriggerAwayAndKeepsTheAccuracy) {
    Case it;
    RunContext ctx({.threads = 2});
    const auto outcome = repair(*it.model, *it.classifier, it.clean, it.held_out, it.trigger(), {}, ctx);
    ASSERT_TRUE(outcome.ok()) << outcome.error().line();
    const RepairWorth& before = outcome->before;
    EXPECT_GT(before.success(before), 0.9);
    ASSERT_TRUE(outcome->chosen.has_value());
    const RepairCandidate& kept = outcome->candidates[*outcome->chosen];
    EXPECT_TRUE(kept.allowed);
    EXPECT_LT(kept.worth.success(before), 0.2);
    EXPECT_GE(kept.worth.accuracy(), before.accuracy() - 0.03);
    for (const RepairCandidate& one : outcome->candidates)
        if (one.allowed && one.worth.success(before) < std::max(0.1, kept.worth.success(before)))
            EXPECT_LE(one.worth.correct, kept.worth.correct) << to_string(one.method);
    // What the model holds is what was judged.
    const std::vector<float> logits = it.answers();
    std::int64_t correct = 0;
    for (std::size_t i = 0; i < it.held_out.y.size(); ++i) {
        const auto row = logits.begin() + static_cast<std::ptrdiff_t>(5 * i);
        correct += std::max_element(row, row + 5) - row == it.held_out.y[i] ? 1 : 0;
    }
    EXPECT_EQ(correct, kept.worth.correct);
}

TEST(Repair, LeavesTheModelAsItWasWhereNothingIsAllowed) {
    Case it;
    const std::vector<float> before = it.answers();
    RunContext ctx;
    const auto outcome =
        repair(*it.model, *it.classifier, it.clean, it.held_out, it.trigger(), {.allowed_loss = -1, .steps = 5}, ctx);
    ASSERT_TRUE(outcome.ok()) << outcome.error().line();
    EXPECT_FALSE(outcome->chosen.has_value());
    EXPECT_EQ(it.answers(), before);
}

TEST(Repair, LeavesTheModelAsItWasWhenStopped) {
    Case it;
    const std::vector<float> before = it.answers();
    const defences::ReversedTrigger trigger = it.trigger();
    CancelToken stop;
    stop.cancel();
    RunContext ctx({.cancel = &stop});
    const auto stopped = repair(*it.model, *it.classifier, it.clean, it.held_out, trigger, {}, ctx);
    ASSERT_FALSE(stopped.ok());
    EXPECT_EQ(stopped.error().code(), Errc::cancelled);
    EXPECT_EQ(it.answers(), before);
}

TEST(Repair, RefusesTooFewItemsAndForeignLabels) {
    Case it;
    RunContext ctx;
    EXPECT_FALSE(repair(*it.model, *it.classifier, rows_data(10), it.held_out, it.trigger(), {}, ctx).ok());
    data::Batch foreign = it.clean;
    foreign.y[3] = 17;
    const auto refused = repair(*it.model, *it.classifier, foreign, it.held_out, it.trigger(), {}, ctx);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().line().find("no class 17"), std::string::npos);
}

TEST(Repair, UnlearningStampsOtherClassesWithTheirTrueLabels) {
    // Stamping items of the target, as some do, would teach the trigger: success must fall by unlearning alone.
    Case it;
    RunContext ctx;
    const auto outcome = repair(*it.model, *it.classifier, it.clean, it.held_out, it.trigger(), {}, ctx).value();
    const auto unlearned = std::ranges::find(outcome.candidates, RepairMethod::unlearning, &RepairCandidate::method);
    ASSERT_NE(unlearned, outcome.candidates.end());
    EXPECT_LT(unlearned->worth.fooled, outcome.before.fooled / 2);
}

TEST(Repair, StampsNoItemOfTheTarget) {
    Case it;
    const Patient patient{.model = *it.model, .classifier = *it.classifier, .target = kTarget};
    const at::Tensor others = others_of(patient, at::tensor(std::vector<std::int64_t>{0, kTarget, 4}));
    ASSERT_EQ(others.numel(), 2);
    EXPECT_EQ(others[0].item<std::int64_t>(), 0);
    EXPECT_EQ(others[1].item<std::int64_t>(), 2);
}

TEST(Repair, UnlearningAChangeLeavesNoChangeThatWorks) {
    Case it;
    RunContext ctx;
    const auto outcome = repair(*it.model, *it.classifier, it.clean, it.held_out, it.trigger(), {}, ctx).value();
    const auto unlearned =
        std::ranges::find(outcome.candidates, RepairMethod::unlearning_change, &RepairCandidate::method);
    ASSERT_NE(unlearned, outcome.candidates.end());
    EXPECT_TRUE(unlearned->allowed);
    EXPECT_LT(unlearned->worth.fooled, outcome.before.fooled / 5);
    EXPECT_LE(unlearned->worth.moved, outcome.before.moved);
    // No warp brings four bright pixels about, so none is unlearnt.
    EXPECT_LT(2 * outcome.before.warped, outcome.before.tried);
    EXPECT_EQ(std::ranges::find(outcome.candidates, RepairMethod::unlearning_warp, &RepairCandidate::method),
              outcome.candidates.end());
}

TEST(Repair, UnlearningAWarpLeavesTheModelRight) {
    Case it;
    Patient patient{.model = *it.model, .classifier = *it.classifier, .target = kTarget};
    for (const model::NamedTensor& one : it.model->parameters()) {
        patient.parameters.push_back(one.tensor);
        patient.parameters.back().requires_grad_(true);
    }
    const defences::ReversedTrigger trigger = it.trigger();
    patient.x = model::to_tensor(it.clean.x).value();
    patient.labels = at::tensor(it.clean.y);
    patient.y = at::one_hot(patient.labels, 5).to(at::kFloat);
    patient.mask = model::to_tensor(trigger.mask).value();
    patient.pattern = model::to_tensor(trigger.pattern).value();
    RunContext ctx;
    const auto fooled = [&] {
        const NdArray with = defences::stamped(it.held_out.x, trigger).value();
        const at::Tensor answers = model::to_tensor(model::predict(*it.classifier, with, ctx).value()).value().argmax(1);
        return answers.eq(kTarget).sum().item<std::int64_t>();
    };
    const std::int64_t before = fooled();
    ASSERT_TRUE(apply(RepairMethod::unlearning_warp, patient, {.steps = 60}, ctx).ok());
    for (at::Tensor& parameter : patient.parameters) parameter.requires_grad_(false);
    EXPECT_LT(fooled(), before / 2);
    const at::Tensor answers = model::to_tensor(model::predict(*it.classifier, it.held_out.x, ctx).value()).value();
    EXPECT_GT(answers.argmax(1).eq(at::tensor(it.held_out.y)).sum().item<std::int64_t>(), 95);
}

TEST(Repair, CountsOnlyWhatWorkedBefore) {
    const RepairWorth before{.tried = 10, .fooled = 9, .moved = 5, .warped = 4};
    const RepairWorth after{.tried = 10, .fooled = 1, .fooled_again = 2, .moved = 3, .warped = 8};
    EXPECT_EQ(before.turned(before), 9);
    EXPECT_EQ(after.turned(before), 3);
    EXPECT_EQ(after.turned({.tried = 10, .moved = 4, .warped = 5}), 8);
    EXPECT_DOUBLE_EQ(after.success({.tried = 10, .moved = 4, .warped = 4}), 0.2);
    EXPECT_EQ(RepairWorth{}.success({}), 0);
}

}  // namespace
}  // namespace bartizan::training
