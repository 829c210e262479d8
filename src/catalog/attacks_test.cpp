#include "catalog/attacks.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace bartizan::catalog {
namespace {

bool is_plain_name(std::string_view name) {
    return !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
        return std::islower(c) != 0 || std::isdigit(c) != 0 || c == '-';
    });
}

TEST(AttackCatalog, NamesAreUniqueAndPlain) {
    std::set<std::string_view> seen;
    for (const AttackSpec& spec : attacks()) {
        EXPECT_TRUE(is_plain_name(spec.name)) << spec.name;
        EXPECT_TRUE(seen.insert(spec.name).second) << spec.name << " is listed twice";
    }
}

TEST(AttackCatalog, EveryEntrySaysWhatItIsAndWhereItComesFrom) {
    for (const AttackSpec& spec : attacks()) {
        EXPECT_TRUE(spec.summary.ends_with('.')) << spec.name;
        EXPECT_TRUE(spec.url.starts_with("https://")) << spec.name;
        EXPECT_TRUE(spec.atlas.starts_with("AML.T")) << spec.name;
        EXPECT_FALSE(spec.reference.empty()) << spec.name;
        EXPECT_FALSE(spec.norms.empty()) << spec.name;
    }
}

TEST(AttackCatalog, DefaultsLieWithinTheirRanges) {
    for (const AttackSpec& spec : attacks()) {
        const auto params = Params::make(spec.params, {});
        ASSERT_TRUE(params.ok()) << spec.name;
        for (const ParamSpec& param : spec.params) {
            EXPECT_TRUE(is_plain_name(param.name)) << spec.name << ": " << param.name;
            EXPECT_LE(param.low, param.preset) << spec.name << ": " << param.name;
            EXPECT_GE(param.high, param.preset) << spec.name << ": " << param.name;
        }
    }
}

// The budgets that Croce & Hein 2020 publish for the standard ensemble.
TEST(AttackCatalog, KeepsThePublishedBudgets) {
    const std::map<std::string, std::map<std::string, double>> published = {
        {"apgd-ce", {{"steps", 100}, {"restarts", 1}, {"rho", 0.75}}},
        {"apgd-t", {{"steps", 100}, {"restarts", 1}, {"targets", 9}}},
        {"fab-t", {{"steps", 100}, {"targets", 9}, {"alpha-max", 0.1}, {"eta", 1.05}, {"beta", 0.9}}},
        {"square", {{"queries", 5000}, {"p-init", 0.8}}},
    };
    for (const auto& [name, values] : published) {
        const auto spec = find_attack(name);
        ASSERT_TRUE(spec.ok()) << name;
        const auto params = Params::make((*spec)->params, {});
        for (const auto& [param, value] : values)
            EXPECT_DOUBLE_EQ(params->number(param), value) << name << " " << param;
    }
}

TEST(AttackCatalog, AMisspeltNameGetsTheNearestOne) {
    const auto found = find_attack("autoatack");
    ASSERT_FALSE(found.ok());
    EXPECT_EQ(found.error().code(), Errc::invalid_input);
    EXPECT_NE(found.error().line().find("autoattack"), std::string::npos) << found.error().line();
}

TEST(AttackCatalog, NormsReadWhatTheyWrite) {
    for (const Norm norm : {Norm::linf, Norm::l2, Norm::l1, Norm::l0}) EXPECT_EQ(*norm_from(to_string(norm)), norm);
    EXPECT_EQ(norm_from("l3").error().code(), Errc::invalid_input);
}

}  // namespace
}  // namespace bartizan::catalog
