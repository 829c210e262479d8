/// Each known way of fooling oneself, built on purpose: the audit must see it, and must not see it elsewhere.
#include <algorithm>
#include <set>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/randn_like.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/round.h>
#include <gtest/gtest.h>

#include "audit/made_testing.h"
#include "model/tensors.h"
#include "report/rules.h"

namespace bartizan::audit {
namespace {

namespace rule = report::rule;

at::Tensor linear(const at::Tensor& x) { return at::matmul(x - 0.5, matrix(kWidth, kClasses, 0)); }

/// Rules of the findings that the probes so named raise on `subject`, one after another.
std::set<std::string> rules_raised(const Subject& subject, const std::vector<std::string>& probes,
                                   const std::map<std::string, std::string>& params = {}) {
    std::set<std::string> rules;
    Notebook notebook;
    RunContext ctx;
    for (const std::string& name : probes) {
        const catalog::ProbeSpec* spec = catalog::find_probe(name).value();
        const bool last = name == "reliability";
        const auto probe =
            make_probe(*spec, Params::make(spec->params, last ? params : std::map<std::string, std::string>()).value());
        const auto findings = (*probe)->run(subject, notebook, ctx);
        EXPECT_TRUE(findings.ok()) << name << ": " << findings.error().line();
        if (findings.ok())
            for (const Finding& finding : *findings) rules.insert(finding.rule);
    }
    return rules;
}

const std::vector<std::string> kAll = {"quality", "evasion-whitebox", "evasion-blackbox", "reliability"};

std::set<std::string> raised(const Made::Function& function) {
    return rules_raised(subject_of(std::make_shared<Made>(Shape{kWidth}, kClasses, function)), kAll);
}

bool has(const std::set<std::string>& rules, std::string_view rule) { return rules.contains(std::string(rule)); }

TEST(Reliability, RaisesNothingOnAnHonestModel) {
    for (const std::string& rule : raised([](const at::Tensor& x) { return linear(x); }))
        EXPECT_FALSE(report::is_reliability_rule(rule)) << rule;
}

TEST(Reliability, SeesAModelThatAnswersAtRandom) {
    EXPECT_TRUE(has(raised([](const at::Tensor& x) {
                        const at::Tensor z = linear(x);
                        return z + 0.1 * at::randn_like(z.detach());
                    }),
                    rule::kRandomAnswers));
}

TEST(Reliability, SeesBatchStatisticsInTheAnswer) {
    EXPECT_TRUE(
        has(raised([](const at::Tensor& x) { return linear(x) + 0.5 * x.mean(0, true).sum(); }), rule::kTrainingMode) ||
        has(raised([](const at::Tensor& x) { return linear(x + 0.2 * x.mean(0, true)); }), rule::kTrainingMode));
}

TEST(Reliability, SeesRoundingThatHidesTheGradient) {
    // A grid of 1/32: gradients are zero everywhere, yet Square and a stand-in fool the model.
    const auto rules = raised([](const at::Tensor& x) { return linear(at::round(x * 32) / 32); });
    EXPECT_TRUE(has(rules, rule::kVanishingGradients));
    EXPECT_TRUE(has(rules, rule::kUnboundedAttackFails));
    EXPECT_TRUE(has(rules, rule::kBlackBoxBeatsWhiteBox));
    EXPECT_TRUE(has(rules, rule::kTransferBeatsWhiteBox));
}

TEST(Reliability, SeesLogitsThatSaturateSinglePrecision) {
    const auto rules = raised([](const at::Tensor& x) { return 1e5 * linear(x); });
    EXPECT_TRUE(has(rules, rule::kVanishingGradients));
}

TEST(Reliability, SeesAnAttackThatHasNotConverged) {
    // A folded surface: one step follows a gradient that is soon wrong.
    const auto folded = [](const at::Tensor& x) {
        const at::Tensor hidden = at::relu(at::matmul(x - 0.5, matrix(kWidth, 64, 1)));
        return Result<at::Tensor>(
            at::matmul(at::relu(at::matmul(hidden, matrix(64, 64, 3)) - 4), matrix(64, kClasses, 2)));
    };
    const Subject subject = subject_of(std::make_shared<Made>(Shape{kWidth}, kClasses, folded));
    EXPECT_TRUE(has(rules_raised(subject, {"reliability"}, {{"steps", "1"}}), rule::kMoreEffortHelps));
    EXPECT_FALSE(has(rules_raised(subject, {"reliability"}, {{"steps", "100"}}), rule::kMoreEffortHelps));
}

TEST(Reliability, SeesAModelAtTheLevelOfGuessing) {
    Subject subject =
        subject_of(std::make_shared<Made>(Shape{kWidth}, kClasses, [](const at::Tensor& x) { return linear(x); }));
    for (std::size_t i = 0; i < subject.batch.y.size(); ++i)
        subject.batch.y[i] = static_cast<std::int64_t>(i) % kClasses;
    EXPECT_TRUE(has(rules_raised(subject, {"quality", "reliability"}), rule::kInputRange));
}

TEST(Reliability, SeesARadiusThatDoesNotFitTheData) {
    Subject subject =
        subject_of(std::make_shared<Made>(Shape{kWidth}, kClasses, [](const at::Tensor& x) { return linear(x); }));
    subject.eps = 0.6;
    subject.curve = {0.075, 0.15, 0.3, 0.6, 1.2};
    EXPECT_TRUE(has(rules_raised(subject, {"reliability"}), rule::kEpsOutsideRange));
}

TEST(Reliability, PassesOnWhatTheClassifierRemarked) {
    const auto with = [](model::Remark::Kind kind) {
        auto made = std::make_shared<Made>(Shape{kWidth}, kClasses, [](const at::Tensor& x) { return linear(x); });
        made->remark(kind);
        return rules_raised(subject_of(made), {"reliability"});
    };
    EXPECT_TRUE(has(with(model::Remark::Kind::zero_gradient), rule::kNotDifferentiable));
    EXPECT_TRUE(has(with(model::Remark::Kind::probabilities), rule::kSoftmaxInside));
    for (const std::string& rule : with(model::Remark::Kind::softmax_cut))
        EXPECT_FALSE(report::is_reliability_rule(rule)) << rule;
}

}  // namespace
}  // namespace bartizan::audit
