/// The whole way, on a classifier with a trojan that was built in by hand.
#include "defences/trojan_scan.h"

#include <cmath>

#include <gtest/gtest.h>

#include "defences/trojan_testing.h"

namespace bartizan::defences {
namespace {

using testing::kTarget;
using testing::rows_classifier;
using testing::rows_data;
using testing::rows_graph;
using testing::Trojan;

TrojanMeasurements measured(Trojan trojan, std::uint64_t seed = 0) {
    RunContext ctx({.threads = 2});
    const data::Batch clean = rows_data(100);
    return measure_trojan(*rows_classifier(trojan, seed), &clean, {}, ctx).value();
}

TEST(MarginScan, ReachesTheClosedFormOfALinearModel) {
    // Two classes, margin of class 1 = 3 a - 2 b + 0.5 c - 1 on [0, 1]: at most 2.5; of class 0: 2 + 1 = 3.
    graph::GraphBuilder builder("linear");
    const std::string x = builder.input("x", DType::f32, {-1, 3});
    const std::string w = builder.initializer<float>("w", {3, 2}, {0, 3, 0, -2, 0, 0.5F});
    const std::string scores = builder.node("Gemm", {x, w, builder.initializer<float>("b", {2}, {0, -1})});
    builder.output(scores, DType::f32, {-1, 2});
    std::shared_ptr<model::Model> model = model::from_graph(std::move(builder).build().value()).value();
    const auto classifier = model::make_classifier(model, {3}, {});
    ASSERT_TRUE(classifier.ok()) << classifier.error().line();
    RunContext ctx;
    const auto margins = maximum_margins(**classifier, {}, ctx);
    ASSERT_TRUE(margins.ok()) << margins.error().line();
    EXPECT_NEAR((*margins)[0], 3, 1e-5);
    EXPECT_NEAR((*margins)[1], 2.5, 1e-5);
}

TEST(MarginScan, LooksBehindASoftmax) {
    graph::Graph graph = rows_graph(Trojan::corner);
    graph.nodes.push_back({.op_type = "Softmax", .name = "end", .inputs = {graph.outputs[0].name}, .outputs = {"p"}});
    graph.outputs[0].name = "p";
    std::shared_ptr<model::Model> model = model::from_graph(std::move(graph)).value();
    const auto classifier = model::make_classifier(model, {1, 6, 6}, {}).value();
    RunContext ctx;
    const auto behind = maximum_margins(*classifier, {}, ctx).value();
    const auto plain = maximum_margins(*rows_classifier(Trojan::corner), {}, ctx).value();
    for (std::size_t c = 0; c < plain.size(); ++c) EXPECT_NEAR(behind[c], plain[c], 1e-4);
}

/// Statistics of the trojaned classifier, seen in another way.
void expect_as_plain(const ClassStatistics& other) {
    const ClassStatistics plain = measured(Trojan::corner).statistics;
    for (const auto list : {&ClassStatistics::margins, &ClassStatistics::sizes, &ClassStatistics::universal,
                            &ClassStatistics::striped, &ClassStatistics::paired}) {
        ASSERT_EQ((plain.*list).size(), (other.*list).size());
        for (std::size_t i = 0; i < (plain.*list).size(); ++i)
            EXPECT_NEAR((plain.*list)[i], (other.*list)[i], 1e-3 * std::abs((plain.*list)[i]) + 2e-3) << i;
    }
    std::vector<ClassStatistics> references;
    for (std::uint64_t seed = 1; seed <= 4; ++seed) references.push_back(measured(Trojan::none, seed).statistics);
    const Judgement judged = judge(other, references).value();
    EXPECT_EQ(judged.verdict, Verdict::trojaned);
    EXPECT_EQ(judged.target, kTarget);
}

ClassStatistics measured_of(graph::Graph graph, const data::InputContract& contract) {
    std::shared_ptr<model::Model> model = model::from_graph(std::move(graph)).value();
    const auto classifier = model::make_classifier(model, {1, 6, 6}, contract).value();
    RunContext ctx({.threads = 2});
    const data::Batch clean = rows_data(100);
    return measure_trojan(*classifier, &clean, {}, ctx).value().statistics;
}

TEST(TrojanScan, SaysTheSameOfAModelThatEndsInSoftmax) {
    graph::Graph graph = rows_graph(Trojan::corner);
    graph.nodes.push_back({.op_type = "Softmax", .name = "end", .inputs = {graph.outputs[0].name}, .outputs = {"p"}});
    graph.outputs[0].name = "p";
    expect_as_plain(measured_of(std::move(graph), {}));
}

TEST(TrojanScan, SaysTheSameOfAModelWithItsNormalisationInsideOrBeside) {
    // The network takes (x - 0.25) / 0.5; its first nodes here take that back, so that inside is x again.
    const auto taken_back = [] {
        graph::Graph graph = rows_graph(Trojan::corner);
        const std::string input = graph.inputs[0].name;
        graph.initializers.emplace("half", NdArray::from<float>({1}, std::vector<float>{0.5F}).value());
        graph.initializers.emplace("quarter", NdArray::from<float>({1}, std::vector<float>{0.25F}).value());
        for (graph::Node& node : graph.nodes)
            for (std::string& name : node.inputs)
                if (name == input) name = "unscaled";
        graph.nodes.insert(
            graph.nodes.begin(),
            {graph::Node{.op_type = "Mul", .name = "m", .inputs = {input, "half"}, .outputs = {"t"}},
             graph::Node{.op_type = "Add", .name = "a", .inputs = {"t", "quarter"}, .outputs = {"unscaled"}}});
        return graph;
    };
    data::InputContract contract;
    contract.mean = {0.25};
    contract.std = {0.5};
    expect_as_plain(measured_of(taken_back(), contract));
    graph::Graph inside = taken_back();
    const std::string input = inside.inputs[0].name;
    inside.nodes.front().inputs[0] = "scaled";
    inside.nodes.insert(inside.nodes.begin(),
                        {graph::Node{.op_type = "Sub", .name = "s", .inputs = {input, "quarter"}, .outputs = {"u"}},
                         graph::Node{.op_type = "Div", .name = "d", .inputs = {"u", "half"}, .outputs = {"scaled"}}});
    expect_as_plain(measured_of(std::move(inside), {}));
}

TEST(MarginScan, PValueIsSmallForAnOddOneOutAlone) {
    EXPECT_LT(margin_p_value({10, 11, 9, 10.5, 9.5, 40}), 0.001);
    EXPECT_GT(margin_p_value({10, 11, 9, 10.5, 9.5, 11.2}), 0.05);
    EXPECT_EQ(margin_p_value({1, 50}), 1);
}

TEST(TriggerReversal, FindsTheCornerThatWasBuiltIn) {
    RunContext ctx;
    const data::Batch clean = rows_data(100);
    const auto found = reverse_triggers(*rows_classifier(Trojan::corner), clean, {0, 1, 2, 3, 4}, {}, ctx).value();
    const ReversedTrigger& trigger = found[kTarget];
    EXPECT_GT(trigger.success(), 0.95);
    for (std::size_t c = 0; c < found.size(); ++c)
        if (c != kTarget) EXPECT_GT(found[c].size, 1.3 * trigger.size) << c;
    // The mask lies on the four pixels of the detector more than on others.
    const std::span<const float> mask = trigger.mask.values<float>();
    double corner = 0;
    for (const std::size_t pixel : {32U, 33U, 34U, 35U}) corner += mask[pixel];
    EXPECT_GT(corner, 0.5 * trigger.size);
}

TEST(TriggerSketch, CostsLeastForTheClassThatAPatchCalls) {
    RunContext ctx;
    const data::Batch clean = rows_data(100);
    const auto classifier = rows_classifier(Trojan::corner);
    const auto found = sketch_triggers(*classifier, clean, {}, ctx).value();
    ASSERT_EQ(found.size(), 5U);
    for (std::size_t c = 0; c < found.size(); ++c) {
        EXPECT_EQ(found[c].target, static_cast<std::int64_t>(c));
        if (c != kTarget) EXPECT_GT(found[c].size, 1.3 * found[kTarget].size) << c;
    }
    EXPECT_GT(found[kTarget].success(), 0.75);
    EXPECT_EQ(found[kTarget].tried, 80);
    // Pixels of the mask, and 36 / cost of them for each nat that is left.
    const SketchOptions dear{.cost = 1e6};
    const ReversedTrigger nothing = sketch_triggers(*classifier, clean, dear, ctx).value()[kTarget];
    EXPECT_LT(nothing.share, 0.01);
    EXPECT_NEAR(nothing.size, 36 * nothing.share, 0.1);
    // A class that nothing reaches is dear, not cheap.
    const SketchOptions one_step{.steps = 1};
    const auto begun = sketch_triggers(*classifier, clean, one_step, ctx).value();
    for (const ReversedTrigger& one : begun)
        EXPECT_GT(one.size, 36 * one.share);
}

TEST(TriggerSketch, RefusesWhatItCannotWorkOn) {
    RunContext ctx;
    const auto classifier = rows_classifier(Trojan::none);
    data::Batch one_class = rows_data(10);
    std::ranges::fill(one_class.y, 2);
    const auto refused = sketch_triggers(*classifier, one_class, {}, ctx);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().line().find("all clean items are of class 2"), std::string::npos);
    EXPECT_FALSE(sketch_triggers(*classifier, {}, {}, ctx).ok());
    EXPECT_FALSE(sketch_triggers(*classifier, rows_data(10), {.steps = 0}, ctx).ok());
}

TEST(TriggerReversal, SuccessIsThatOfTheStampedItems) {
    const auto classifier = rows_classifier(Trojan::corner);
    RunContext ctx;
    const data::Batch clean = rows_data(100);
    const ReversedTrigger trigger = reverse_triggers(*classifier, clean, {kTarget}, {}, ctx).value().front();
    EXPECT_EQ(trigger.tried, 80);  // rows of other classes alone
    const NdArray with = stamped(clean.x, trigger).value();
    const std::span<const float> a = clean.x.values<float>(), b = with.values<float>();
    const std::span<const float> mask = trigger.mask.values<float>(), pattern = trigger.pattern.values<float>();
    for (std::size_t i = 0; i < 72; ++i)
        EXPECT_NEAR(b[i], (1 - mask[i % 36]) * a[i] + mask[i % 36] * pattern[i % 36], 1e-6);
}

TEST(TriggerReversal, IndexIsOneSided) {
    // The published index is of the distance alone: a class with an unusually LARGE trigger is then an anomaly, too.
    const std::vector<double> indices = anomaly_indices({10, 11, 9, 10, 12, 8, 60, 1});
    EXPECT_LT(indices[6], -2);
    EXPECT_GT(indices[7], 2);
    EXPECT_EQ(anomaly_indices({5, 5, 5}), (std::vector<double>{0, 0, 0}));
}

TEST(TriggerReversal, RefusesWhatItCannotWorkOn) {
    RunContext ctx;
    const auto classifier = rows_classifier(Trojan::none);
    data::Batch one_class = rows_data(10);
    std::ranges::fill(one_class.y, 2);
    const auto refused = reverse_triggers(*classifier, one_class, {2}, {}, ctx);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().line().find("all clean items are of class 2"), std::string::npos);
    EXPECT_FALSE(reverse_triggers(*classifier, rows_data(10), {9}, {}, ctx).ok());
    EXPECT_FALSE(reverse_triggers(*classifier, {}, {0}, {}, ctx).ok());
}

TEST(TrojanScan, NamesTheTargetAgainstCleanReferencesAndLetsACleanModelPass) {
    std::vector<ClassStatistics> references;
    for (std::uint64_t seed = 1; seed <= 4; ++seed) references.push_back(measured(Trojan::none, seed).statistics);
    const TrojanReport bad = report_trojan(measured(Trojan::corner), references, nullptr).value();
    EXPECT_EQ(bad.judgement.verdict, Verdict::trojaned);
    EXPECT_EQ(bad.judgement.target, kTarget);
    EXPECT_TRUE(bad.judgement.calibrated);
    EXPECT_EQ(bad.judgement.references, 4);
    RunContext ctx;
    const data::Batch clean = rows_data(100);
    const auto whole = scan_trojan(*rows_classifier(Trojan::corner), &clean, {}, references, ctx).value();
    EXPECT_EQ(whole.judgement.score, bad.judgement.score);
    ASSERT_TRUE(whole.trigger.has_value());
    EXPECT_EQ(whole.trigger->target, kTarget);
    EXPECT_GT(whole.trigger->success(), 0.95);
    const TrojanReport good = report_trojan(measured(Trojan::none, 9), references, nullptr).value();
    EXPECT_EQ(good.judgement.verdict, Verdict::clean) << good.judgement.score;
}

TEST(TrojanScan, GivesTheSameNumbersForAnyNumberOfThreads) {
    const auto classifier = rows_classifier(Trojan::corner);
    const data::Batch clean = rows_data(60);
    RunContext one({.seed = 5, .threads = 1}), three({.seed = 5, .threads = 3});
    const auto a = measure_trojan(*classifier, &clean, {}, one).value();
    const auto b = measure_trojan(*classifier, &clean, {}, three).value();
    EXPECT_EQ(a.statistics.margins, b.statistics.margins);
    EXPECT_EQ(a.statistics.sizes, b.statistics.sizes);
}

TEST(TrojanScan, StopsWhenAsked) {
    CancelToken stop;
    stop.cancel();
    RunContext ctx({.cancel = &stop});
    const auto stopped = measure_trojan(*rows_classifier(Trojan::none), nullptr, {}, ctx);
    ASSERT_FALSE(stopped.ok());
    EXPECT_EQ(stopped.error().code(), Errc::cancelled);
}

}  // namespace
}  // namespace bartizan::defences
