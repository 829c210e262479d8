#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <onnx/onnx_pb.h>

#include "bartizan/version.h"
#include "graph/builder.h"
#include "graph/element_types.h"
#include "graph/graph_testing.h"

namespace bartizan::graph {
namespace {

using testing::error_of;
using ::testing::HasSubstr;

Graph small_graph() {
    GraphBuilder builder("small", 15);
    builder.metadata("purpose", "test");
    builder.input("x", DType::f32, {-1, 3, -1});
    builder.initializer("w", {3, 1}, std::vector<float>{1, 2, 3});
    builder.output(builder.node("Mul", {"x", "w"}, {{"alpha", 0.5F}}), DType::f32, {-1, 3, -1});
    return *std::move(builder).build();
}

onnx::ModelProto written(const Graph& graph) {
    const auto bytes = serialize_onnx(graph);
    EXPECT_TRUE(bytes.ok()) << error_of(bytes);
    onnx::ModelProto model;
    EXPECT_TRUE(bytes.ok() && model.ParseFromString(*bytes));
    return model;
}

TEST(Exporter, SaysWhoWroteTheFileAndForWhichOperators) {
    const onnx::ModelProto model = written(small_graph());
    EXPECT_EQ(model.producer_name(), "bartizan");
    EXPECT_EQ(model.producer_version(), kVersion);
    EXPECT_EQ(model.ir_version(), 8);
    ASSERT_EQ(model.opset_import_size(), 1);
    EXPECT_EQ(model.opset_import(0).version(), 15);
    ASSERT_EQ(model.metadata_props_size(), 1);
    EXPECT_EQ(model.metadata_props(0).key(), "purpose");
    EXPECT_EQ(model.graph().name(), "small");
}

TEST(Exporter, RaisesAnIrVersionThatCannotHoldFreeInitializers) {
    Graph graph = small_graph();
    graph.ir_version = 3;
    EXPECT_EQ(written(graph).ir_version(), 4);
    graph.ir_version = 10;
    EXPECT_EQ(written(graph).ir_version(), 10);
    graph.ir_version = 0;
    EXPECT_EQ(written(graph).ir_version(), 8);
}

TEST(Exporter, WritesKnownSymbolicAndUnknownDimensions) {
    const onnx::ModelProto model = written(small_graph());
    const auto& shape = model.graph().input(0).type().tensor_type().shape();
    ASSERT_EQ(shape.dim_size(), 3);
    EXPECT_EQ(shape.dim(0).dim_param(), "batch");
    EXPECT_EQ(shape.dim(1).dim_value(), 3);
    EXPECT_EQ(shape.dim(2).value_case(), onnx::TensorShapeProto::Dimension::VALUE_NOT_SET);
}

TEST(Exporter, TypesEachAttribute) {
    const onnx::ModelProto model = written(small_graph());
    ASSERT_EQ(model.graph().node(0).attribute_size(), 1);
    EXPECT_EQ(model.graph().node(0).attribute(0).type(), onnx::AttributeProto::FLOAT);
    EXPECT_EQ(model.graph().node(0).attribute(0).f(), 0.5F);
}

TEST(Exporter, RefusesWhatAnOnnxFileCannotHold) {
    Graph large = small_graph();
    // Zero pages: nothing is touched before the size is checked.
    large.initializers.at("w") = *NdArray::zeros(DType::u8, {std::int64_t{3} << 30});
    const auto too_large = serialize_onnx(large);
    ASSERT_FALSE(too_large.ok());
    EXPECT_EQ(too_large.error().code(), Errc::exhausted);
    EXPECT_THAT(error_of(too_large), HasSubstr("2 GiB"));

    Graph sequence = small_graph();
    sequence.inputs[0].type.is_tensor = false;
    EXPECT_EQ(serialize_onnx(sequence).error().code(), Errc::unsupported);
}

TEST(ElementTypes, AreThoseOfTheFormat) {
    // The library's own names and numbers; it knows the first 17.
    for (int element = 0; element <= onnx::TensorProto::DataType_MAX; ++element) {
        EXPECT_EQ(element_name(element), onnx::TensorProto::DataType_Name(onnx::TensorProto::DataType(element)));
        if (const auto dtype = dtype_from_onnx(element)) EXPECT_EQ(onnx_from_dtype(*dtype), element);
    }
    EXPECT_EQ(dtype_from_onnx(onnx::TensorProto::FLOAT), DType::f32);
    EXPECT_EQ(dtype_from_onnx(onnx::TensorProto::BFLOAT16), DType::bf16);
    EXPECT_EQ(dtype_from_onnx(onnx::TensorProto::STRING), std::nullopt);
    EXPECT_EQ(element_name(1000), "type 1000");
}

TEST(ElementTypes, HoldEveryDtype) {
    for (const DType dtype : {DType::u8, DType::i8, DType::u16, DType::i16, DType::u32, DType::i32, DType::u64,
                              DType::i64, DType::f16, DType::bf16, DType::f32, DType::f64, DType::boolean})
        EXPECT_EQ(dtype_from_onnx(onnx_from_dtype(dtype)), dtype);
}

}  // namespace
}  // namespace bartizan::graph
