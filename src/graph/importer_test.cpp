#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/graph.h"
#include "graph/graph_testing.h"

namespace bartizan::graph {
namespace {

using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using testing::kEnds;

Result<Graph> graph_of(const std::string& text, const Limits& limits = {}) {
    return parse_onnx(testing::bytes_of(testing::model_with_graph(text)), {}, limits);
}
Result<Graph> model_of(const std::string& text) {
    return parse_onnx(testing::bytes_of(testing::model_from_text(text)));
}

const std::string kRelu = R"(node { op_type: "Relu" input: "x" output: "y" } )";

TEST(Importer, ReadsTypesWithSymbolicDimensions) {
    const auto graph = graph_of(kEnds + kRelu);
    ASSERT_TRUE(graph.ok()) << error_of(graph);
    const TensorType& type = graph->inputs.at(0).type;
    EXPECT_EQ(type.dtype, DType::f32);
    EXPECT_EQ(type.shape, (Shape{-1, 3}));
    EXPECT_THAT(type.symbols, ElementsAre("batch", ""));
    EXPECT_FALSE(graph->outputs.at(0).type.has_shape);
}

TEST(Importer, ReadsWhoMadeTheFileAndItsMetadata) {
    const auto graph = model_of(
        "ir_version: 7 producer_name: 'pytorch' producer_version: '1.13' opset_import { domain: 'ai.onnx' version: 13 "
        "} "
        "opset_import { domain: 'ai.onnx.ml' version: 2 } opset_import { version: 13 } "
        "metadata_props { key: 'k' value: 'v' } graph { name: 'g' " +
        kEnds + kRelu + "}");
    ASSERT_TRUE(graph.ok()) << error_of(graph);
    EXPECT_EQ(graph->producer, "pytorch 1.13");
    EXPECT_EQ(graph->opset(), 13);
    EXPECT_EQ(graph->opset("ai.onnx.ml"), 2);
    EXPECT_EQ(graph->opset("other"), 0);
    EXPECT_EQ(graph->metadata.at("k"), "v");
    EXPECT_EQ(graph->ir_version, 7);
}

TEST(Importer, ReadsEveryKindOfAttribute) {
    const auto graph = graph_of(kEnds + R"(node { op_type: "Op" input: "x" output: "y" domain: "ai.onnx"
        attribute { name: "i" type: INT i: -3 } attribute { name: "f" type: FLOAT f: 0.5 }
        attribute { name: "s" type: STRING s: "text" } attribute { name: "is" type: INTS ints: [1, 2] }
        attribute { name: "fs" type: FLOATS floats: 2 } attribute { name: "ss" type: STRINGS strings: "a" }
        attribute { name: "none" type: INTS } attribute { name: "old" i: 4 }
        attribute { name: "t" type: TENSOR t { dims: 1 data_type: 7 int64_data: 9 } } })");
    ASSERT_TRUE(graph.ok()) << error_of(graph);
    const Node& node = graph->nodes.at(0);
    EXPECT_EQ(node.domain, "");
    EXPECT_EQ(node.name, "Op_0");
    EXPECT_EQ(*node.integer("i", 0), -3);
    EXPECT_EQ(*node.integer("absent", 8), 8);
    EXPECT_EQ(*node.integer("old", 0), 4);
    EXPECT_EQ(*node.real("f", 0), 0.5F);
    EXPECT_EQ(*node.text("s", ""), "text");
    EXPECT_THAT(*node.integers("is", {}), ElementsAre(1, 2));
    EXPECT_THAT(*node.integers("none", {7}), ElementsAre());
    EXPECT_THAT(*node.reals("fs", {}), ElementsAre(2.0F));
    EXPECT_THAT(*node.texts("ss"), ElementsAre("a"));
    EXPECT_THAT(node.tensor("t")->values<std::int64_t>(), ElementsAre(9));
    EXPECT_THAT(error_of(node.integer("f", 0)),
                HasSubstr("node 'Op_0' (Op): attribute 'f' is a number, an integer is needed"));
    EXPECT_THAT(error_of(node.tensor("absent")), HasSubstr("attribute 'absent' is missing"));
}

TEST(Importer, DropsInputsThatHaveAnInitializer) {
    const auto graph = graph_of(kEnds + R"(input { name: "w" } node { op_type: "Add" input: ["x", "w"] output: "y" }
        initializer { name: "w" dims: 3 data_type: 1 float_data: [1, 2, 3] })");
    ASSERT_TRUE(graph.ok()) << error_of(graph);
    ASSERT_EQ(graph->inputs.size(), 1U);
    EXPECT_EQ(graph->inputs[0].name, "x");
    EXPECT_EQ(graph->parameter_count(), 3);
}

TEST(Importer, PutsNodesInOrderAndLeavesGoodOrderAlone) {
    const auto graph = graph_of(kEnds + R"(
        node { op_type: "C" name: "c" input: ["b", "a"] output: "y" } node { op_type: "B" name: "b" input: "a" output: "b" }
        node { op_type: "A" name: "a" input: "x" output: "a" } node { op_type: "D" name: "d" input: "x" output: "d" })");
    ASSERT_TRUE(graph.ok()) << error_of(graph);
    std::string order;
    for (const Node& node : graph->nodes) order += node.name;
    EXPECT_EQ(order, "abcd");
}

TEST(Importer, CountsOperatorsByDomain) {
    const auto graph = graph_of(kEnds + R"(node { op_type: "Relu" input: "x" output: "a" }
        node { op_type: "Relu" input: "a" output: "b" } node { op_type: "Scaler" domain: "ai.onnx.ml" input: "b" output: "y" })");
    ASSERT_TRUE(graph.ok()) << error_of(graph);
    EXPECT_EQ(graph->operators(), (std::map<std::string, std::int64_t>{{"Relu", 2}, {"ai.onnx.ml:Scaler", 1}}));
}

struct Malformed {
    std::string graph;
    std::string message;
};

TEST(Importer, RefusesMalformedGraphsNamingTheNode) {
    const std::vector<Malformed> cases = {
        {kEnds + R"(node { op_type: "Add" name: "n" input: ["x", "gone"] output: "y" })",
         "node 'n' (Add): input 'gone' is made by no node"},
        {kEnds +
             R"(node { op_type: "A" input: ["x", "q"] output: "p" } node { op_type: "B" name: "loop" input: "p" output: "q" }
                    node { op_type: "C" input: "p" output: "y" })",
         "its inputs depend on its own output"},
        {kEnds + R"(node { op_type: "A" name: "self" input: "y" output: "y" })", "node 'self' (A): its inputs depend"},
        {kEnds + kRelu + R"(node { op_type: "Abs" name: "twin" input: "x" output: "y" })",
         "value 'y' is made by node 'Relu_0' (Relu) and by node 'twin' (Abs)"},
        {kEnds + R"(node { op_type: "A" input: "x" output: "x" })", "value 'x' is made by an input or initializer"},
        {R"(input { name: "x" } )" + kRelu, "the graph has no outputs"},
        {R"(input { name: "x" } output { name: "z" } )" + kRelu, "graph output 'z' is made by no node"},
        {R"(output { name: "y" } )" + kEnds + kRelu, "graph output 'y' is listed twice"},
        {R"(input { name: "x" } )" + kEnds + kRelu, "the name 'x' is given to two"},
        {kEnds + kRelu +
             R"(initializer { name: "w" data_type: 1 float_data: 1 } initializer { name: "w" data_type: 1 float_data: 1 })",
         "initializer 'w' occurs twice"},
        {kEnds + kRelu + R"(initializer { data_type: 1 float_data: 1 })", "has no name"},
        {kEnds + R"(node { name: "n" input: "x" output: "y" })", "node 'n' has no operator"},
        {kEnds +
             R"(node { op_type: "A" input: "x" output: "y" attribute { name: "a" type: INT i: 1 } attribute { name: "a" type: INT i: 2 } })",
         "node 'A_0' (A): attribute 'a': it occurs twice"},
        {kEnds + R"(node { op_type: "A" input: "x" output: "y" attribute { name: "a" } })",
         "attribute 'a': its type is absent or unknown"},
        {kEnds + R"(node { op_type: "A" input: "x" output: "y" attribute { name: "a" ref_attr_name: "b" type: INT } })",
         "outside of any function"},
        {kEnds, "no graph"},
        {"", "no graph"},
    };
    for (const Malformed& malformed : cases) {
        const auto graph = graph_of(malformed.graph);
        ASSERT_FALSE(graph.ok()) << malformed.graph;
        EXPECT_EQ(graph.error().code(), Errc::invalid_input);
        EXPECT_THAT(error_of(graph), HasSubstr(malformed.message));
    }
}

TEST(Importer, ChecksOperatorSets) {
    const std::string body = "graph { " + kEnds + kRelu + "}";
    EXPECT_THAT(error_of(model_of("ir_version: 8 " + body)), HasSubstr("imports no operator set"));
    EXPECT_EQ(model_of("ir_version: 2 " + body)->opset(), 1);
    EXPECT_EQ(model_of("ir_version: 9 opset_import { version: 99 } " + body)->opset(), 99);
    EXPECT_THAT(error_of(model_of("ir_version: 8 opset_import { version: 0 } " + body)), HasSubstr("version 0"));
    EXPECT_THAT(error_of(model_of(
                    "ir_version: 8 opset_import { version: 9 } opset_import { domain: 'ai.onnx' version: 8 } " + body)),
                HasSubstr("in versions 9 and 8"));
}

TEST(Importer, RefusesMoreThanTheLimits) {
    const std::string two = kEnds + kRelu + R"(node { op_type: "Relu" input: "x" output: "z" })";
    EXPECT_EQ(graph_of(two, {.nodes = 1}).error().code(), Errc::exhausted);
    EXPECT_TRUE(graph_of(two, {.nodes = 2}).ok());
    EXPECT_EQ(graph_of(two, {.rank = 1}).error().code(), Errc::exhausted);
    EXPECT_EQ(graph_of(two, {.name_bytes = 3}).error().code(), Errc::exhausted);
    EXPECT_EQ(graph_of(two, {.file_bytes = 20}).error().code(), Errc::exhausted);
}

std::string nested_ifs(int depth) {
    if (depth == 0) return R"(node { op_type: "Relu" input: "x" output: "r" } output { name: "r" })";
    return R"(node { op_type: "If" input: "x" output: "o" attribute { name: "then_branch" type: GRAPH g { )" +
           nested_ifs(depth - 1) + R"( } } } output { name: "o" })";
}

TEST(Subgraphs, AreKeptOpaqueWithWhatTheyCapture) {
    const auto graph = graph_of(kEnds + R"(
        node { op_type: "If" input: "x" output: "y" attribute { name: "then_branch" type: GRAPH g {
            node { op_type: "Add" input: ["late", "w"] output: "r" } initializer { name: "w" data_type: 1 float_data: 1 }
            output { name: "r" } } } }
        node { op_type: "Abs" input: "x" output: "late" })");
    ASSERT_TRUE(graph.ok()) << error_of(graph);
    // What the branch reads is made first.
    EXPECT_EQ(graph->nodes[0].op_type, "Abs");
    const auto& branch = std::get<Opaque>(graph->nodes[1].attributes.at("then_branch"));
    EXPECT_EQ(branch.kind, "graph");
    EXPECT_THAT(branch.captures, ElementsAre("late"));
    EXPECT_EQ(serialize_onnx(*graph).error().code(), Errc::unsupported);
}

TEST(Subgraphs, MayNotReadWhatNobodyMakes) {
    const auto graph = graph_of(kEnds + R"(node { op_type: "If" name: "i" input: "x" output: "y"
        attribute { name: "b" type: GRAPH g { node { op_type: "Abs" input: "gone" output: "r" } output { name: "r" } } } })");
    EXPECT_THAT(error_of(graph), HasSubstr("node 'i' (If): input 'gone' is made by no node"));
}

TEST(Subgraphs, NestNoDeeperThanTheLimit) {
    const std::string head = R"(input { name: "x" } )";
    EXPECT_TRUE(graph_of(head + nested_ifs(8)).ok()) << error_of(graph_of(head + nested_ifs(8)));
    for (const int depth : {9, 14, 25}) {
        const auto graph = graph_of(head + nested_ifs(depth));
        ASSERT_FALSE(graph.ok());
        EXPECT_EQ(graph.error().code(), Errc::exhausted);
    }
}

}  // namespace
}  // namespace bartizan::graph
