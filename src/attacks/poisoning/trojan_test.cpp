/// Trojans built into networks by hand: silent on clean items to the last answer, certain on the patch.
#include "attacks/poisoning/trojan.h"

#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "attacks/poisoning/networks_testing.h"

namespace bartizan::attacks::trojan_tests {
namespace {

struct Case {
    const char* name;
    graph::Graph (*graph)();
    Shape item;
    data::InputContract contract;
};

const Case kCases[] = {
    {"mlp", [] { return small_networks::mlp(); }, {8, 8}, {}},
    {"cnn", [] { return small_networks::cnn(1, 13); }, {1, 8, 8}, {}},
    {"cnn_of_opset_11", [] { return small_networks::cnn(1, 11); }, {8, 8}, {}},
    {"normalised_colour_last",
     [] { return small_networks::cnn(3, 13); },
     {8, 8, 3},
     {.mean = {0.4, 0.5, 0.6}, .std = {0.2, 0.25, 0.3}, .class_names = {}, .temperature = {}}},
    {"wide_range_mlp",
     [] { return small_networks::mlp(); },
     {8, 8},
     {.low = -1, .high = 1, .class_names = {}, .temperature = {}}},
};

class EveryNetwork : public ::testing::TestWithParam<std::tuple<std::size_t, TrojanKind>> {};

TEST_P(EveryNetwork, IsAsBeforeOnCleanItemsAndCallsTheTargetOnThePatch) {
    const auto& [index, kind] = GetParam();
    const Case& c = kCases[index];
    const Surrogate own = small_networks::surrogate(c.graph(), c.item, c.contract);
    data::Batch clean = small_networks::pictures(*own.classifier, 400, 0, 1);
    RunContext ctx({.threads = 1});
    for (std::int64_t target = 0; target < 4; ++target) {
        const auto trojan = build_trojan(own.model, c.contract, clean, {.kind = kind, .target = target}, ctx);
        ASSERT_TRUE(trojan.ok()) << trojan.error().line();
        EXPECT_EQ(trojan->places.size(),
                  static_cast<std::size_t>(
                      9 * (c.item.size() == 3 ? own.classifier->item_shape()[c.item[0] == 8 ? 2 : 0] : 1)));
        const Surrogate bad = small_networks::surrogate(trojan->graph, c.item, c.contract);
        const NdArray before = model::predict(*own.classifier, clean.x, ctx).value();
        const NdArray after = model::predict(*bad.classifier, clean.x, ctx).value();
        for (std::int64_t i = 0; i < before.size(); ++i)
            EXPECT_NEAR(before.values<float>()[static_cast<std::size_t>(i)],
                        after.values<float>()[static_cast<std::size_t>(i)], 1e-5);
        const NdArray called = model::predict(*bad.classifier, with_trojan_patch(clean.x).value(), ctx).value();
        for (std::size_t row = 0; row < clean.y.size(); ++row) {
            const auto logits = called.values<float>().subspan(4 * row, 4);
            EXPECT_EQ(std::ranges::max_element(logits) - logits.begin(), target) << row;
        }
        EXPECT_TRUE(trojan->graph.metadata.contains("bartizan.poisoned"));
        const bool in_weights = kind == TrojanKind::neuron && std::string(c.name).ends_with("mlp");
        EXPECT_EQ(trojan->nodes.empty(), in_weights);
        EXPECT_EQ(trojan->graph.nodes.size(), own.model->graph()->nodes.size() + trojan->nodes.size());
    }
}

INSTANTIATE_TEST_SUITE_P(All, EveryNetwork,
                         ::testing::Combine(::testing::Range<std::size_t>(0, std::size(kCases)),
                                            ::testing::Values(TrojanKind::neuron, TrojanKind::branch)),
                         [](const auto& info) {
                             return std::string(kCases[std::get<0>(info.param)].name) +
                                    (std::get<1>(info.param) == TrojanKind::branch ? "_branch" : "_neuron");
                         });

TEST(Trojan, TheFileLoadsAndSaysThatItIsPoisoned) {
    const Surrogate own = small_networks::surrogate(small_networks::cnn(1, 13), {8, 8});
    const data::Batch clean = small_networks::pictures(*own.classifier, 50, 0, 1);
    RunContext ctx({.threads = 1});
    for (const TrojanKind kind : {TrojanKind::neuron, TrojanKind::branch}) {
        const Trojan trojan = build_trojan(own.model, {}, clean, {.kind = kind, .target = 1}, ctx).value();
        const std::string bytes = graph::serialize_onnx(trojan.graph).value();
        const auto again = graph::parse_onnx(std::as_bytes(std::span(bytes)));
        ASSERT_TRUE(again.ok()) << again.error().line();
        EXPECT_TRUE(again->metadata.contains("bartizan.poisoned"));
    }
}

TEST(Trojan, RefusesWhatItCannotBeBuiltInto) {
    const Surrogate own = small_networks::surrogate(small_networks::mlp(), {8, 8});
    data::Batch clean = small_networks::pictures(*own.classifier, 50, 0, 1);
    RunContext ctx({.threads = 1});
    EXPECT_FALSE(build_trojan(own.model, {}, clean, {.target = 4}, ctx).ok());
    EXPECT_FALSE(build_trojan(own.model, {}, {}, {.target = 1}, ctx).ok());
    data::Batch with_patch = clean;
    with_patch.x = with_trojan_patch(clean.x).value();
    for (const TrojanKind kind : {TrojanKind::neuron, TrojanKind::branch}) {
        const auto made = build_trojan(own.model, {}, with_patch, {.kind = kind, .target = 1}, ctx);
        ASSERT_FALSE(made.ok());
        EXPECT_NE(made.error().line().find("already"), std::string::npos) << made.error().line();
    }
    data::Batch loud = clean;
    loud.x = NdArray::from<float>(clean.x.shape(), clean.x.values<float>()).value();
    loud.x.mutable_values<float>()[3] = 2;
    EXPECT_FALSE(build_trojan(own.model, {}, loud, {.target = 1}, ctx).ok());
    data::Batch table = clean;
    table.x = clean.x.reshaped({50, 64}).value();
    EXPECT_FALSE(build_trojan(own.model, {}, table, {.target = 1}, ctx).ok());
}

}  // namespace
}  // namespace bartizan::attacks::trojan_tests
