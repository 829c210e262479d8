/// Counterfactuals of functions whose nearest ones are known.
#include "explain/counterfactual.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include <gtest/gtest.h>

#include "core/random.h"
#include "graph/builder.h"
#include "model/model.h"

namespace bartizan::explain {
namespace counterfactual_test {
namespace {

/// Two logits: 0 and weights . x + bias.
std::shared_ptr<const model::Classifier> linear(const std::vector<float>& weights, float bias) {
    const auto width = static_cast<std::int64_t>(weights.size());
    graph::GraphBuilder builder("linear");
    std::vector<float> both(weights.size(), 0);
    both.insert(both.end(), weights.begin(), weights.end());
    const std::string x = builder.input("x", DType::f32, {-1, width});
    const std::string w = builder.initializer<float>("w", {2, width}, both);
    const std::string b = builder.initializer<float>("b", {2}, {0, bias});
    builder.output(builder.node("Gemm", {x, w, b}, {{"transB", std::int64_t{1}}}), DType::f32, {-1, 2});
    std::shared_ptr<const model::Model> model = model::from_graph(std::move(builder).build().value()).value();
    return model::make_classifier(model, {width}, {}).value();
}

/// Four columns: uniform in [0, 1], [0, 10], whole numbers 0 to 20, and the rest to 1 of nothing.
NdArray seen_rows(std::int64_t count = 400) {
    std::vector<float> values;
    for (std::int64_t i = 0; i < count; ++i) {
        Random random(7, static_cast<std::uint64_t>(i));
        values.push_back(random.uniform());
        values.push_back(10 * random.uniform());
        values.push_back(static_cast<float>(random.below(21)));
        values.push_back(random.uniform());
    }
    return NdArray::from<float>({count, 4}, values).value();
}

TableSpace space_with(const TableRules& rules) { return table_space(seen_rows(), {"a", "b", "years", "d"}, rules).value(); }

Counterfactuals of(const std::shared_ptr<const model::Classifier>& classifier, const TableSpace& space,
                   const std::vector<float>& x, CounterfactualOptions options = {.target = {}, .margin = 0}) {
    RunContext ctx;
    const NdArray row = NdArray::from<float>({1, static_cast<std::int64_t>(x.size())}, x).value();
    auto found = counterfactuals(classifier, row, space, options, ctx);
    EXPECT_TRUE(found.ok()) << found.error().line();
    return found.value().at(0);
}

TEST(Counterfactual, OfALinearModelTheNearestIsTheClosedForm) {
    // Class 1 where 2 a + 0.3 b > 3: from 1.1 there are 1.9 to go. By a alone that is too far (it ends at 1); by scale,
    // b costs 1.9 / 0.3 of its deviations.
    const auto classifier = linear({2, 0.3F, 0, 0}, -3);
    const TableSpace space = space_with({});
    const Counterfactuals found = of(classifier, space, {0.4F, 1, 5, 0.5F});
    EXPECT_EQ(found.said, 0);
    ASSERT_FALSE(found.ways.empty());
    const double scale_a = space.columns[0].scale, scale_b = space.columns[1].scale;
    EXPECT_NEAR(scale_a, 0.25, 0.04);
    // What is cheaper for the lead goes first, to its end, then the other: a fractional knapsack.
    const double rate_a = 2 * scale_a, rate_b = 0.3 * scale_b;
    const double end_a = 2 * (double{space.columns[0].high} - 0.4), end_b = 0.3 * (double{space.columns[1].high} - 1);
    const double by_best = rate_a > rate_b ? end_a : end_b;
    const double least = std::min(1.9, by_best) / std::max(rate_a, rate_b) +
                         std::max(0.0, 1.9 - by_best) / std::min(rate_a, rate_b);
    EXPECT_GE(found.ways[0].distance, least - 1e-4);
    EXPECT_LE(found.ways[0].distance, least * 1.05);
    EXPECT_EQ(found.ways[0].row[2], 5) << "what does not matter stays";
    EXPECT_EQ(found.ways[0].row[3], 0.5F);
    EXPECT_LT(found.ways[0].distance, found.neighbour);
}

TEST(Counterfactual, EveryWayIsValidInsideWhatWasSeenAndNeedsAllItsChanges) {
    const auto classifier = linear({2, -0.3F, 0.1F, 1}, -1.5F);
    const TableSpace space = space_with({.immutable = {"d"}, .increase = {"years"}, .decrease = {}, .one_of = {}});
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        Random random(seed, 1);
        const std::vector<float> x = {random.uniform(), 10 * random.uniform(), static_cast<float>(random.below(21)),
                                      random.uniform()};
        const auto logit = [&](const std::vector<float>& row) {
            return 2 * row[0] - 0.3F * row[1] + 0.1F * row[2] + row[3] - 1.5F;
        };
        for (const Counterfactual& way : of(classifier, space, x, {.target = {}, .margin = 0.001}).ways) {
            EXPECT_NE(logit(way.row) > 0, logit(x) > 0);
            EXPECT_EQ(way.row[3], x[3]) << "immutable";
            EXPECT_GE(way.row[2], x[2]) << "years only pass";
            EXPECT_EQ(way.row[2], std::floor(way.row[2])) << "whole";
            for (std::size_t c = 0; c < 3; ++c) {
                EXPECT_GE(way.row[c], space.columns[c].low);
                EXPECT_LE(way.row[c], space.columns[c].high);
            }
            for (const std::size_t c : way.changed) {
                std::vector<float> without = way.row;
                without[c] = x[c];
                EXPECT_EQ(logit(without) > 0, logit(x) > 0) << "change of column " << c << " was not needed";
            }
        }
    }
}

TEST(Counterfactual, WaysDifferInTheirColumnsAndTheMarginMakesThemHold) {
    const auto classifier = linear({4, 0.4F, 0, 4}, -4);
    const TableSpace space = space_with({});
    const std::vector<float> x = {0.3F, 3, 5, 0.3F};
    const Counterfactuals edge = of(classifier, space, x);
    ASSERT_GE(edge.ways.size(), 2U);
    EXPECT_NE(edge.ways[0].changed, edge.ways[1].changed);
    EXPECT_LE(edge.ways[0].distance, edge.ways[1].distance);
    const Counterfactuals firm = of(classifier, space, x, {.target = 1, .margin = 0.3});
    EXPECT_GT(firm.ways[0].stability, edge.ways[0].stability);
    EXPECT_EQ(firm.ways[0].stability, 1);
    EXPECT_GT(firm.ways[0].distance, edge.ways[0].distance);
}

TEST(Counterfactual, AOneOfGroupStaysOne) {
    // red, green, blue: only one is set; the model wants blue.
    std::vector<float> rows;
    for (std::size_t i = 0; i < 90; ++i)
        for (std::size_t c = 0; c < 4; ++c) rows.push_back(c < 3 ? (i % 3 == c ? 1.0F : 0.0F) : static_cast<float>(i) / 90);
    const NdArray seen = NdArray::from<float>({90, 4}, rows).value();
    const std::vector<std::string> names = {"red", "green", "blue", "size"};
    const TableSpace space = table_space(seen, names, {.immutable = {}, .increase = {}, .decrease = {}, .one_of = {{"red", "green", "blue"}}}).value();
    const Counterfactuals found = of(linear({0, 0, 1, 0}, -0.5F), space, {1, 0, 0, 0.5F});
    ASSERT_EQ(found.ways.size(), 1U);
    EXPECT_EQ(found.ways[0].row, (std::vector<float>{0, 0, 1, 0.5F}));
}

TEST(Counterfactual, WhatCannotBeReachedHasNoWay) {
    EXPECT_TRUE(of(linear({1, 0, 0, 0}, -5), space_with({}), {0.5F, 1, 1, 1}).ways.empty());
    EXPECT_TRUE(of(linear({2, 0, 0, 0}, -1), space_with({}), {0.4F, 1, 1, 1}, {.target = 0, .margin = 0}).ways.empty())
        << "it says so already";
}

TEST(Counterfactual, BadRulesAreRefused) {
    const std::vector<std::string> names = {"a", "b", "years", "d"};
    const auto refused = [&](const TableRules& rules) { return table_space(seen_rows(), names, rules).error().line(); };
    EXPECT_NE(refused({.immutable = {"salary"}, .increase = {}, .decrease = {}, .one_of = {}}).find("salary"), std::string::npos);
    EXPECT_NE(refused({.immutable = {}, .increase = {"a"}, .decrease = {"a"}, .one_of = {}}).find("only"), std::string::npos);
    EXPECT_NE(refused({.immutable = {}, .increase = {}, .decrease = {}, .one_of = {{"a"}}}).find("two columns"), std::string::npos);
    EXPECT_NE(refused({.immutable = {"0", "1", "2", "3"}, .increase = {}, .decrease = {}, .one_of = {}}).find("no column may change"), std::string::npos);
    EXPECT_FALSE(table_space(seen_rows(1), names, {}).ok());
    RunContext ctx;
    EXPECT_FALSE(counterfactuals(linear({1, 0, 0, 0}, 0), seen_rows(2), space_with({}), {.target = 7}, ctx).ok());
}

}  // namespace
}  // namespace counterfactual_test
}  // namespace bartizan::explain
