#include "audit/plan.h"

#include <gtest/gtest.h>

#include "audit/probe.h"

namespace bartizan::audit {
namespace {

data::Info colour_images() {
    data::Info info;
    info.kind = data::Kind::image;
    info.item_shape = {3, 32, 32};
    return info;
}

std::string refusal(std::string_view yaml) {
    const auto plan = parse_plan(yaml, colour_images());
    return plan.ok() ? "accepted" : plan.error().line();
}

TEST(AuditPlan, HasEveryProbeByDefault) {
    const auto plan = default_plan(colour_images());
    ASSERT_TRUE(plan.ok());
    EXPECT_EQ(plan->probes.size(), catalog::probes().size());
    EXPECT_DOUBLE_EQ(plan->eps, 8.0 / 255);
    EXPECT_DOUBLE_EQ(plan->curve().back(), 16.0 / 255);
}

TEST(AuditPlan, ChoosesTheRadiusOfTheField) {
    data::Info grey;
    grey.kind = data::Kind::image;
    grey.item_shape = {28, 28};
    EXPECT_DOUBLE_EQ(reference_eps(grey, catalog::Norm::linf), 0.1);
    EXPECT_DOUBLE_EQ(reference_eps(colour_images(), catalog::Norm::l2), 0.5);
    data::Info table;
    table.kind = data::Kind::table;
    table.item_shape = {30};
    EXPECT_DOUBLE_EQ(reference_eps(table, catalog::Norm::linf), 0.05);
}

TEST(AuditPlan, IsChangedByAFile) {
    const auto plan = parse_plan(
        "norm: l2\neps: 1/2\nsamples: 10\nprobes:\n  corruption: off\n"
        "  evasion-whitebox: {steps: 7}\n",
        colour_images());
    ASSERT_TRUE(plan.ok()) << plan.error().line();
    EXPECT_EQ(plan->norm, catalog::Norm::l2);
    EXPECT_DOUBLE_EQ(plan->eps, 0.5);
    EXPECT_EQ(plan->samples, 10);
    EXPECT_EQ(plan->probes.size(), catalog::probes().size() - 1);
    for (const PlannedProbe& probe : plan->probes)
        if (probe.spec->name == "evasion-whitebox") {
            EXPECT_EQ(probe.params.integer("steps"), 7);
        }
}

TEST(AuditPlan, NamedPlansHoldEveryProbeFromQuickToDeep) {
    const auto queries = [](std::string_view name) {
        const auto plan = named_plan(name, colour_images());
        EXPECT_TRUE(plan.ok()) << name << plan.error().line();
        EXPECT_EQ(plan->probes.size(), catalog::probes().size()) << name;
        for (const PlannedProbe& probe : plan->probes)
            if (probe.spec->name == "evasion-blackbox") return probe.params.integer("queries");
        return std::int64_t{0};
    };
    EXPECT_LT(queries("quick"), queries("standard"));
    EXPECT_LT(queries("standard"), queries("deep"));
    EXPECT_FALSE(is_named_plan("plan.yaml"));
    EXPECT_FALSE(named_plan("thorough", colour_images()).ok());
}

TEST(AuditPlan, NamesTheLineOfAMistake) {
    EXPECT_EQ(refusal("norm: linf\nepsilon: 1\n"),
              "line 2: no setting called 'epsilon'; there are norm, eps, samples, probes");
    EXPECT_NE(refusal("probes:\n  nope: on\n").find("line 2: no probe called 'nope'"), std::string::npos);
    EXPECT_NE(refusal("eps: -1\n").find("line 1: eps must be above 0"), std::string::npos);
    EXPECT_NE(refusal("probes: [\n").find("line 2"), std::string::npos);
    EXPECT_NE(refusal("probes:\n  corruption: {depth: 3}\n").find("no parameter 'depth'"), std::string::npos);
    EXPECT_NE(refusal(std::string(70'000, 'a')).find("at most"), std::string::npos);
    EXPECT_NE(refusal("- a\n"), "accepted");
}

TEST(AuditCatalog, BindsEveryProbeToCode) {
    for (const catalog::ProbeSpec& spec : catalog::probes()) {
        const auto probe = make_probe(spec, Params::make(spec.params, {}).value());
        EXPECT_TRUE(probe.ok()) << spec.name;
    }
}

}  // namespace
}  // namespace bartizan::audit
