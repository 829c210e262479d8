#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/builder.h"
#include "graph/graph_testing.h"
#include "graph/rewrite.h"
#include "graph/topology.h"

namespace bartizan::graph {
namespace {

using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;

TEST(GraphBuilder, MakesAGraphThatSurvivesTheFile) {
    GraphBuilder builder("linear", 13);
    builder.metadata("task", "demo").opset("ai.onnx.ml", 2);
    const std::string x = builder.input("x", DType::f32, {-1, 2});
    const std::string w = builder.initializer("w", {2, 3}, std::vector<float>{1, 2, 3, 4, 5, 6});
    const std::string y = builder.node("MatMul", {x, w});
    builder.output(y, DType::f32, {-1, 3});
    const auto graph = std::move(builder).build();
    ASSERT_TRUE(graph.ok()) << error_of(graph);
    EXPECT_EQ(y, "matmul_0");
    EXPECT_THAT(graph->inputs[0].type.symbols, ElementsAre("batch", ""));
    EXPECT_EQ(graph->parameter_count(), 6);
    const auto again = parse_onnx(testing::bytes_of(*serialize_onnx(*graph)));
    ASSERT_TRUE(again.ok()) << error_of(again);
    EXPECT_EQ(testing::difference(*graph, *again), "");
}

TEST(GraphBuilder, KeepsEveryKindOfAttribute) {
    GraphBuilder builder("attributes");
    builder.input("x", DType::f32, {1});
    builder.domain("custom").node_with_outputs(
        "Op", {"x", ""}, {"y", ""},
        {{"i", std::int64_t{3}},
         {"f", 0.5F},
         {"s", std::string("bytes\0too", 9)},
         {"t", *NdArray::from<std::int64_t>({2}, std::vector<std::int64_t>{4, 5})},
         {"st", Strings{{2}, {"a", ""}}},
         {"is", std::vector<std::int64_t>{}},
         {"fs", std::vector<float>{1.5F}},
         {"ss", std::vector<std::string>{"p", "q"}}});
    builder.output("y", DType::i64, {});
    const auto graph = std::move(builder).build();
    ASSERT_TRUE(graph.ok()) << error_of(graph);
    const auto again = parse_onnx(testing::bytes_of(*serialize_onnx(*graph)));
    ASSERT_TRUE(again.ok()) << error_of(again);
    EXPECT_EQ(testing::difference(*graph, *again), "");
    EXPECT_EQ(again->nodes[0].place(), "node 'op_0' (custom:Op)");
}

TEST(GraphBuilder, ReportsItsFirstMistake) {
    GraphBuilder wrong("wrong");
    wrong.initializer("w", {2, 3}, std::vector<float>{1, 2});
    wrong.output("gone", DType::f32, {});
    EXPECT_THAT(error_of(std::move(wrong).build()), HasSubstr("initializer 'w': array of shape [2, 3] given 2 values"));
    GraphBuilder twice("twice");
    for (int i = 0; i < 2; ++i) twice.initializer("w", {1}, std::vector<float>{1});
    EXPECT_THAT(error_of(std::move(twice).build()), HasSubstr("initializer 'w' occurs twice"));
    GraphBuilder dangling("dangling");
    dangling.output(dangling.node("Relu", {"gone"}), DType::f32, {});
    EXPECT_THAT(error_of(std::move(dangling).build()),
                HasSubstr("graph 'dangling': node 'relu_0' (Relu): input 'gone' is made by no node"));
}

TEST(RemoveUnused, RemovesWhatNoOutputNeeds) {
    GraphBuilder builder("dead");
    const std::string x = builder.input("x", DType::f32, {1});
    const std::string unused_input = builder.input("z", DType::f32, {1});
    builder.initializer("kept", {1}, std::vector<float>{1});
    builder.initializer("dead_weight", {1}, std::vector<float>{2});
    const std::string used = builder.node("Add", {x, "kept"}, {}, "used");
    builder.node("Mul", {builder.node("Abs", {unused_input}), "dead_weight"});
    builder.output(builder.node("Relu", {used}), DType::f32, {1});
    Graph graph = *std::move(builder).build();
    EXPECT_EQ(remove_unused(graph), 3);
    ASSERT_EQ(graph.nodes.size(), 2U);
    EXPECT_EQ(graph.nodes[0].name, "used");
    EXPECT_EQ(graph.initializers.size(), 1U);
    EXPECT_EQ(graph.inputs.size(), 2U);
    EXPECT_EQ(remove_unused(graph), 0);
    EXPECT_TRUE(check_and_sort(graph).ok());
}

TEST(RemoveUnused, KeepsWhatASubgraphCaptures) {
    GraphBuilder builder("captured");
    const std::string x = builder.input("x", DType::f32, {1});
    const std::string captured = builder.node("Abs", {x});
    builder.output(builder.node("If", {x}, {{"then_branch", Opaque{"graph", {captured}}}}), DType::f32, {1});
    Graph graph = *std::move(builder).build();
    EXPECT_EQ(remove_unused(graph), 0);
    EXPECT_EQ(graph.nodes.size(), 2U);
}

}  // namespace
}  // namespace bartizan::graph
