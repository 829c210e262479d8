/// What probes say that they cost.
#include "audit/cost.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/matmul.h>
#include <gtest/gtest.h>

#include "audit/made_testing.h"

namespace bartizan::audit {
namespace cost_test {
namespace {

std::shared_ptr<const model::Classifier> linear_model() {
    return std::make_shared<Made>(Shape{kWidth}, kClasses, [](const at::Tensor& x) -> Result<at::Tensor> {
        return at::matmul(x - 0.5, matrix(kWidth, kClasses, 0));
    });
}

TEST(AuditCost, EveryProbeThatAsksTheModelSaysWhatItCosts) {
    const Subject subject = subject_of(linear_model(), 40);
    const Plan plan = default_plan(subject.info).value();
    for (const PlannedProbe& planned : plan.probes) {
        const bool reads_data = planned.spec->name == "data-seal" || planned.spec->name == "data-quality";
        EXPECT_EQ(cost_of(planned, subject).has_value(), !reads_data) << planned.spec->name;
    }
}

TEST(AuditCost, GrowsFromQuickToDeepAndIsToldBeforehand) {
    const Subject subject = subject_of(linear_model(), 40);
    double before = 0;
    for (const char* name : {"quick", "standard", "deep"}) {
        const Plan plan = named_plan(name, subject.info).value();
        double sum = 0;
        for (const PlannedProbe& planned : plan.probes)
            if (const auto cost = cost_of(planned, subject)) sum += cost->looks + 3 * cost->gradients;
        EXPECT_GT(sum, before) << name;
        before = sum;
    }
    Plan plan = named_plan("quick", subject.info).value();
    ASSERT_TRUE(expect_costs(subject, plan, RunContext()).ok());
    for (const PlannedProbe& planned : plan.probes)
        if (planned.spec->name == "evasion-whitebox") {
            ASSERT_TRUE(planned.expected_seconds);
            EXPECT_GT(*planned.expected_seconds, 0);
            EXPECT_LT(*planned.expected_seconds, 600);
        } else if (planned.spec->name == "privacy") {
            EXPECT_FALSE(planned.expected_seconds) << "it has an obstacle: nothing will be spent";
        }
    const std::string text = costs_text(subject, plan);
    EXPECT_NE(text.find("at most about"), std::string::npos);
    EXPECT_NE(text.find("White-box evasion"), std::string::npos);
    EXPECT_EQ(text.find("Membership"), std::string::npos);
}

}  // namespace
}  // namespace cost_test
}  // namespace bartizan::audit
