/// What every attack of the catalogue must keep, without being asked.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include "attacks/loss.h"
#include "attacks/runner.h"
#include "attacks/toys_testing.h"

namespace bartizan::attacks {
namespace laws_test {
namespace {

/// Small budgets: the laws do not need strength.
std::map<std::string, std::string> short_params(const catalog::AttackSpec& spec) {
    std::map<std::string, std::string> params;
    for (const ParamSpec& param : spec.params) {
        if (param.name == "steps") params["steps"] = "6";
        if (param.name == "queries") params["queries"] = "40";
        if (param.name == "targets") params["targets"] = "2";
    }
    return params;
}

double eps_for(Norm norm) { return norm == Norm::linf ? 0.08 : norm == Norm::l2 ? 0.4 : 1.5; }

struct Case {
    const catalog::AttackSpec* spec;
    Norm norm;
};

std::vector<Case> all_cases() {
    std::vector<Case> cases;
    for (const catalog::AttackSpec& spec : catalog::attacks())
        if (spec.data_kind != "text")  // those are attacks of textattacks
            for (const Norm norm : spec.norms) cases.push_back({&spec, norm});
    return cases;
}

class EveryAttack : public testing::TestWithParam<Case> {
protected:
    ThreatModel threat() const { return {.norm = GetParam().norm, .eps = eps_for(GetParam().norm)}; }
    std::unique_ptr<Attack> attack() const {
        return std::move(make_attack(GetParam().spec->name, threat(), short_params(*GetParam().spec))).value();
    }
    RunResult run_with(int threads, std::uint64_t seed = 3) const {
        RunContext ctx({.seed = seed, .threads = threads});
        return run(toy_, *attack(), threat(), batch_, ctx, {.chunk = 16}).value();
    }

    const Toy toy_{{1, 6, 6}, 5, Toy::Depth::two_layers};
    const data::Batch batch_ = batch_for(toy_, 48);
};

TEST_P(EveryAttack, StaysInsideItsBudgetAndTheDataRange) {
    const RunResult result = run_with(2);
    ASSERT_EQ(result.samples, 48);
    EXPECT_TRUE(result.complete);
    const auto clean = batch_.x.values<float>(), found = result.adversarial.values<float>();
    EXPECT_GE(std::ranges::min(found), -1e-6);
    EXPECT_LE(std::ranges::max(found), 1 + 1e-6);
    for (std::size_t row = 0; row < 48; ++row)
        EXPECT_LE(distance(GetParam().norm, found.subspan(row * 36, 36), clean.subspan(row * 36, 36)),
                  threat().eps + 1e-6);
}

TEST_P(EveryAttack, FoolsWhatItSaysItFools) {
    const RunResult result = run_with(1);
    EXPECT_EQ(result.clean_correct, 48);
    EXPECT_GT(result.success_rate(), 0) << "not one of 48 samples: the attack does nothing";
    const auto found = result.adversarial.values<float>();
    for (std::size_t row = 0; row < 48; ++row) {
        at::Tensor x = at::empty({1, 1, 6, 6}, at::kFloat);
        std::ranges::copy(found.subspan(row * 36, 36), x.data_ptr<float>());
        const at::Tensor logits = *toy_.logits(x, model::Mode::evaluation);
        const ConstRow z(logits.data_ptr<float>(), 5);
        if (std::abs(margin_of(z, batch_.y[row])) < 1e-5) continue;  // the size of the batch may tip it
        EXPECT_EQ(predicted(z) != batch_.y[row], result.success[row] != 0) << "row " << row;
        EXPECT_EQ(predicted(z), result.predicted_adversarial[row]);
    }
}

TEST_P(EveryAttack, SameSeedGivesSameBytesForAnyNumberOfThreads) {
    const RunResult one = run_with(1), again = run_with(1), three = run_with(3);
    const auto bytes = [](const RunResult& r) {
        return std::vector<std::byte>(r.adversarial.bytes().begin(), r.adversarial.bytes().end());
    };
    EXPECT_EQ(bytes(one), bytes(again));
    EXPECT_EQ(bytes(one), bytes(three));
    EXPECT_EQ(one.queries, three.queries);
}

TEST_P(EveryAttack, StopsWhenCancelled) {
    CancelToken cancel;
    cancel.cancel();
    RunContext ctx({.cancel = &cancel});
    const auto result = run(toy_, *attack(), threat(), batch_, ctx);
    ASSERT_TRUE(result.ok());
    EXPECT_FALSE(result->complete);
    EXPECT_EQ(result->samples, 0);
}

TEST_P(EveryAttack, CountsWhatItSpends) {
    const RunResult result = run_with(2);
    EXPECT_GT(result.queries_mean, 0);
    if (GetParam().spec->access == catalog::Access::gradients) EXPECT_GT(result.gradients_mean, 0);
    if (GetParam().spec->access == catalog::Access::scores) EXPECT_EQ(result.gradients_mean, 0);
}

TEST_P(EveryAttack, NeedsAGradientOnlyIfItSaysSo) {
    Toy blocked({1, 6, 6}, 5, Toy::Depth::two_layers);
    blocked.blocked = true;
    RunContext ctx;
    const auto result = run(blocked, *attack(), threat(), batch_, ctx);
    if (GetParam().spec->access == catalog::Access::gradients)
        EXPECT_EQ(result.error().code(), Errc::unsupported);
    else
        EXPECT_TRUE(result.ok());
}

INSTANTIATE_TEST_SUITE_P(Catalog, EveryAttack, testing::ValuesIn(all_cases()), [](const auto& info) {
    std::string name = fmt::format("{}_{}", info.param.spec->name, catalog::to_string(info.param.norm));
    std::ranges::replace(name, '-', '_');
    return name;
});

TEST(AttackLaws, EveryEntryRefusesANormItDoesNotKnow) {
    for (const catalog::AttackSpec& spec : catalog::attacks())
        for (const Norm norm : {Norm::linf, Norm::l2, Norm::l1, Norm::l0}) {
            if (spec.data_kind == "text") continue;
            const bool known = std::ranges::find(spec.norms, norm) != spec.norms.end();
            const auto made = make_attack(spec.name, {.norm = norm, .eps = 0.1}, {});
            EXPECT_EQ(made.ok(), known) << spec.name << " " << catalog::to_string(norm);
            if (!made.ok()) EXPECT_EQ(made.error().code(), Errc::unsupported);
        }
}

TEST(AttackLaws, EveryEntryAimsAtAClassOrSaysThatItCannot) {
    const Toy toy({1, 6, 6}, 5, Toy::Depth::two_layers);
    data::Batch batch = batch_for(toy, 24);
    for (std::int64_t& y : batch.y) y = (y + 1) % 5;
    for (const catalog::AttackSpec& spec : catalog::attacks()) {
        if (spec.data_kind == "text") continue;
        const ThreatModel threat{.norm = Norm::linf, .eps = 0.5, .targeted = true};
        const auto made = make_attack(spec.name, threat, {});
        ASSERT_EQ(made.ok(), spec.can_target) << spec.name;
        if (!made.ok()) continue;
        RunContext ctx;
        const RunResult result = run(toy, **made, threat, batch, ctx).value();
        EXPECT_GT(result.success_rate(), 0.5) << spec.name;
        for (std::size_t i = 0; i < batch.y.size(); ++i)
            if (result.success[i] != 0) EXPECT_EQ(result.predicted_adversarial[i], batch.y[i]) << spec.name;
    }
}

}  // namespace
}  // namespace laws_test
}  // namespace bartizan::attacks
