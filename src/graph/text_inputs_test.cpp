#include "graph/text_inputs.h"

#include <gtest/gtest.h>

#include "graph/builder.h"

namespace bartizan::graph {
namespace {

GraphBuilder with_table(DType ids = DType::i64) {
    GraphBuilder builder("text");
    builder.input("input_ids", ids, {-1, -1});
    builder.initializer<float>("table", {7, 2}, std::vector<float>(14, 1.0F));
    return builder;
}

TEST(TextInputs, AreReducedToTheIds) {
    GraphBuilder builder = with_table();
    const std::string mask = builder.input("attention_mask", DType::i64, {-1, -1});
    const std::string types = builder.input("token_type_ids", DType::i32, {-1, -1});
    const std::string embedded = builder.node("Gather", {"table", "input_ids"}, {}, "embedded");
    builder.output(embedded, DType::f32, {-1, -1, 2});
    builder.output(builder.node("Identity", {mask}, {}, "seen"), DType::i64, {-1, -1});
    builder.output(builder.node("Identity", {types}, {}, "kinds"), DType::i32, {-1, -1});
    Graph graph = std::move(builder).build().value();
    const TextInputs found = keep_ids_alone(graph, 0).value();
    EXPECT_EQ(graph.inputs.size(), 1U);
    EXPECT_EQ(found.vocabulary, 7);
    EXPECT_EQ(found.length, -1);
    EXPECT_EQ(found.embedded, "embedded");
    const std::string bytes = serialize_onnx(graph).value();
    EXPECT_TRUE(parse_onnx(std::as_bytes(std::span<const char>(bytes))).ok()) << "still a sound graph";
}

TEST(TextInputs, RefuseWhatDoesNotFollow) {
    GraphBuilder builder = with_table();
    builder.input("position_ids", DType::i64, {-1, -1});
    builder.output(builder.node("Gather", {"table", "position_ids"}), DType::f32, {-1, -1, 2});
    Graph graph = std::move(builder).build().value();
    EXPECT_EQ(keep_ids_alone(graph, 0).error().code(), Errc::unsupported);
    GraphBuilder floats("image");
    floats.output(floats.node("Relu", {floats.input("x", DType::f32, {-1, 3})}), DType::f32, {-1, 3});
    Graph image = std::move(floats).build().value();
    EXPECT_NE(keep_ids_alone(image, 0).error().line().find("token ids"), std::string::npos);
}

}  // namespace
}  // namespace bartizan::graph
