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

/// A model whose graph calls functions of the domain "f".
Result<Graph> model_of(const std::string& nodes, const std::string& functions, const Limits& limits = {}) {
    const std::string model =
        testing::model_with_graph(kEnds + nodes, "opset_import { domain: 'f' version: 1 } " + functions);
    return parse_onnx(testing::bytes_of(model), {}, limits);
}

std::string function(const std::string& name, const std::string& body) {
    return "functions { domain: 'f' name: '" + name + "' opset_import { version: 17 } " + body + " } ";
}

const std::string kCall = R"(node { name: "call" domain: "f" op_type: "F" input: "x" output: "y" } )";

TEST(Functions, AreInlinedUnderTheNameOfTheCall) {
    const auto graph = model_of(R"(node { name: "first" domain: "f" op_type: "F" input: "x" output: "h" }
                                   node { name: "second" domain: "f" op_type: "F" input: "h" output: "y" })",
                                function("F", R"(input: "a" output: "b"
        node { op_type: "Exp" name: "e" input: "a" output: "t" } node { op_type: "Log" name: "l" input: "t" output: "b" })"));
    ASSERT_TRUE(graph.ok()) << error_of(graph);
    ASSERT_EQ(graph->nodes.size(), 4U);
    EXPECT_EQ(graph->nodes[0].name, "first/e");
    EXPECT_THAT(graph->nodes[0].inputs, ElementsAre("x"));
    EXPECT_THAT(graph->nodes[0].outputs, ElementsAre("first/t"));
    EXPECT_THAT(graph->nodes[1].outputs, ElementsAre("h"));
    EXPECT_EQ(graph->nodes[3].name, "second/l");
    EXPECT_THAT(graph->nodes[2].outputs, ElementsAre("second/t"));
    EXPECT_THAT(graph->nodes[3].outputs, ElementsAre("y"));
}

TEST(Functions, NeverTakeANameThatTheGraphHas) {
    const auto graph = model_of(R"(node { op_type: "Abs" input: "x" output: "call/t" } )" + kCall,
                                function("F", R"(input: "a" output: "b" node { op_type: "Exp" input: "a" output: "t" }
                                                 node { op_type: "Log" input: "t" output: "b" })"));
    ASSERT_TRUE(graph.ok()) << error_of(graph);
    EXPECT_THAT(graph->nodes[1].outputs, ElementsAre("call/t_1"));
    EXPECT_THAT(graph->nodes[2].inputs, ElementsAre("call/t_1"));
}

TEST(Functions, TakeAttributesFromTheCallOrLeaveThemOut) {
    const std::string body = function("F", R"(input: "a" output: "b" attribute: "slope" node {
        op_type: "LeakyRelu" input: "a" output: "b" attribute { name: "alpha" ref_attr_name: "slope" type: FLOAT } })");
    const auto given = model_of(R"(node { domain: "f" op_type: "F" input: "x" output: "y"
                                          attribute { name: "slope" type: FLOAT f: 0.25 } })",
                                body);
    ASSERT_TRUE(given.ok()) << error_of(given);
    EXPECT_EQ(*given->nodes[0].real("alpha", 0), 0.25F);
    const auto left_out = model_of(kCall, body);
    ASSERT_TRUE(left_out.ok()) << error_of(left_out);
    EXPECT_FALSE(left_out->nodes[0].has("alpha"));
}

TEST(Functions, UseTheirDefaultAttributes) {
    // attribute_proto (field 11, IR version 9) is newer than the library: written by hand.
    // AttributeProto { name (1): "slope", type (20): FLOAT, f (2): 0.5 }
    const std::string attribute("\x0a\x05slope\xa0\x01\x01\x15\x00\x00\x00\x3f", 15);
    const std::string body(
        "\x0a\x01"
        "F"
        "\x52\x01"
        "f"
        "\x22\x01"
        "a"
        "\x2a\x01"
        "b"
        "\x5a\x0f",
        14);
    // NodeProto { input: a, output: b, op_type: "LeakyRelu", attribute { name: "alpha", ref_attr_name: "slope" } }
    const std::string node = std::string(
                                 "\x0a\x01"
                                 "a"
                                 "\x12\x01"
                                 "b"
                                 "\x22\x09"
                                 "LeakyRelu",
                                 17) +
                             std::string(
                                 "\x2a\x12\x0a\x05"
                                 "alpha"
                                 "\xaa\x01\x05"
                                 "slope"
                                 "\xa0\x01\x01",
                                 20);
    std::string function_bytes = body + attribute + "\x3a" + static_cast<char>(node.size()) + node;
    std::string model = testing::model_with_graph(kEnds + kCall, "opset_import { domain: 'f' version: 1 }");
    model += std::string("\xca\x01") + static_cast<char>(function_bytes.size()) + function_bytes;
    const auto graph = parse_onnx(testing::bytes_of(model));
    ASSERT_TRUE(graph.ok()) << error_of(graph);
    EXPECT_EQ(*graph->nodes[0].real("alpha", 0), 0.5F);
}

TEST(Functions, MayCallFunctions) {
    const auto graph = model_of(
        kCall,
        function("F", R"(input: "a" output: "b" node { name: "g" domain: "f" op_type: "G" input: "a" output: "b"
                         attribute { name: "p" type: INT i: 3 } })") +
            function("G",
                     R"(input: "c" output: "d" attribute: "p" node { op_type: "Split" name: "s" input: "c" output: "d"
                         attribute { name: "axis" ref_attr_name: "p" type: INT } })"));
    ASSERT_TRUE(graph.ok()) << error_of(graph);
    ASSERT_EQ(graph->nodes.size(), 1U);
    EXPECT_EQ(graph->nodes[0].name, "call/g/s");
    EXPECT_EQ(*graph->nodes[0].integer("axis", 0), 3);
    EXPECT_THAT(graph->nodes[0].inputs, ElementsAre("x"));
    EXPECT_THAT(graph->nodes[0].outputs, ElementsAre("y"));
}

TEST(Functions, MayReturnAnInputAndIgnoreWhatIsNotWanted) {
    const auto graph = model_of(R"(node { name: "call" domain: "f" op_type: "F" input: "x" output: ["", "y"] })",
                                function("F", R"(input: ["a", "optional"] output: ["b", "a"]
                                node { op_type: "Clip" name: "c" input: ["a", "optional"] output: "b" })"));
    ASSERT_TRUE(graph.ok()) << error_of(graph);
    ASSERT_EQ(graph->nodes.size(), 2U);
    EXPECT_THAT(graph->nodes[0].inputs, ElementsAre("x", ""));
    EXPECT_THAT(graph->nodes[0].outputs, ElementsAre("call/b"));
    EXPECT_EQ(graph->nodes[1].op_type, "Identity");
    EXPECT_THAT(graph->nodes[1].outputs, ElementsAre("y"));
}

TEST(Functions, AreRefusedWhenTheyCallThemselves) {
    const auto graph = model_of(
        kCall, function("F", R"(input: "a" output: "b" node { domain: "f" op_type: "G" input: "a" output: "b" })") +
                   function("G", R"(input: "a" output: "b" node { domain: "f" op_type: "F" input: "a" output: "b" })"));
    EXPECT_THAT(error_of(graph), HasSubstr("the function calls itself"));
    EXPECT_THAT(error_of(graph), HasSubstr("node 'call' (f:F)"));
}

/// `levels` functions, each of which calls the next twice.
std::string doubling(int levels, const std::string& last) {
    std::string text = function("F" + std::to_string(levels), "input: 'a' output: 'b' " + last);
    for (int i = 0; i < levels; ++i) {
        const std::string next = "node { domain: 'f' op_type: 'F" + std::to_string(i + 1) + "' input: ";
        text += function("F" + std::to_string(i),
                         "input: 'a' output: 'b' " + next + "'a' output: 'm' } " + next + "'m' output: 'b' }");
    }
    return text;
}

TEST(Functions, CannotExplode) {
    const std::string call = "node { domain: 'f' op_type: 'F0' input: 'x' output: 'y' }";
    const std::string leaf = "node { op_type: 'Abs' input: 'a' output: 'b' }";
    const auto small = model_of(call, doubling(4, leaf));
    ASSERT_TRUE(small.ok()) << error_of(small);
    EXPECT_EQ(small->nodes.size(), 16U);
    for (const std::string& last : {leaf, std::string()}) {
        const auto graph = model_of(call, doubling(30, last), {.nodes = 1000});
        ASSERT_FALSE(graph.ok());
        EXPECT_EQ(graph.error().code(), Errc::exhausted);
    }
    EXPECT_EQ(model_of(call, doubling(60, leaf)).error().code(), Errc::exhausted);
}

TEST(Functions, CannotMultiplyTheirListsBeyondTheLimit) {
    std::string numbers = "1";
    for (int i = 1; i < 1000; ++i) numbers += ", 1";
    const std::string leaf =
        "node { op_type: 'Abs' input: 'a' output: 'b' attribute { name: 'l' type: INTS ints: [" + numbers + "] } }";
    const std::string call = "node { domain: 'f' op_type: 'F0' input: 'x' output: 'y' }";
    const auto graph = model_of(call, doubling(12, leaf), {.tensor_bytes = 1 << 20});
    ASSERT_FALSE(graph.ok());
    EXPECT_EQ(graph.error().code(), Errc::exhausted);
}

TEST(Functions, AreCheckedForTheirNamesAndOperatorSets) {
    const std::string one = function("F", R"(input: "a" output: "b" node { op_type: "Abs" input: "a" output: "b" })");
    EXPECT_THAT(error_of(model_of(kCall, one + one)), HasSubstr("function 'F' is defined twice"));
    EXPECT_THAT(error_of(model_of(kCall, function("F", "input: ['a', 'a'] output: 'b'"))), HasSubstr("listed twice"));
    EXPECT_THAT(error_of(model_of(kCall, function("F", "output: 'b'"))), HasSubstr("it gives 1 inputs"));
    EXPECT_THAT(error_of(model_of(kCall, function("F", R"(input: "a" output: "b" node {
        op_type: "Abs" name: "n" input: "gone" output: "b" })"))),
                HasSubstr("node 'call/n' (Abs): input 'call/gone'"));
    const auto other = model_of(kCall,
                                "functions { domain: 'f' name: 'F' opset_import { version: 18 } input: 'a' output: 'b' "
                                "node { op_type: 'Abs' input: 'a' output: 'b' } }");
    EXPECT_THAT(error_of(model_of(kCall,
                                  "functions { domain: 'f' name: 'F' opset_import { domain: 'd' } "
                                  "input: 'a' output: 'b' }")),
                HasSubstr("operator set 'd' of version 0"));
    ASSERT_FALSE(other.ok());
    EXPECT_EQ(other.error().code(), Errc::unsupported);
    EXPECT_THAT(error_of(other), HasSubstr("operator set '' 18, the model 17"));
}

}  // namespace
}  // namespace bartizan::graph
