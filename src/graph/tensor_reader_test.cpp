#include <cmath>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "graph/graph.h"
#include "graph/graph_testing.h"

namespace bartizan::graph {
namespace {

using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;

Result<NdArray> tensor(const std::string& text, const Limits& limits = {}) {
    return parse_tensor(testing::bytes_of(testing::tensor_from_text(text)), limits);
}

template <class T>
std::vector<T> values(const std::string& text) {
    const auto array = tensor(text);
    EXPECT_TRUE(array.ok()) << error_of(array);
    if (!array.ok()) return {};
    const auto span = array->values<T>();
    return {span.begin(), span.end()};
}

TEST(TensorReader, ReadsEachTypedField) {
    EXPECT_THAT(values<float>("dims: 2 data_type: 1 float_data: [1.5, -2]"), ElementsAre(1.5F, -2.0F));
    EXPECT_THAT(values<double>("dims: 2 data_type: 11 double_data: [0.1, 1e300]"), ElementsAre(0.1, 1e300));
    EXPECT_THAT(values<std::int32_t>("dims: 2 data_type: 6 int32_data: [-7, 2147483647]"), ElementsAre(-7, 2147483647));
    EXPECT_THAT(values<std::int64_t>("dims: 1 data_type: 7 int64_data: -9223372036854775808"), ElementsAre(INT64_MIN));
    EXPECT_THAT(values<std::uint64_t>("dims: 1 data_type: 13 uint64_data: 18446744073709551615"),
                ElementsAre(UINT64_MAX));
    EXPECT_THAT(values<std::uint32_t>("dims: 1 data_type: 12 uint64_data: 4294967295"), ElementsAre(UINT32_MAX));
}

TEST(TensorReader, ReadsSmallTypesFromInt32Data) {
    EXPECT_THAT(values<std::uint8_t>("dims: 2 data_type: 2 int32_data: [0, 255]"), ElementsAre(0, 255));
    EXPECT_THAT(values<std::int8_t>("dims: 2 data_type: 3 int32_data: [-128, 127]"), ElementsAre(-128, 127));
    EXPECT_THAT(values<std::uint16_t>("dims: 1 data_type: 4 int32_data: 65535"), ElementsAre(65535));
    EXPECT_THAT(values<std::int16_t>("dims: 1 data_type: 5 int32_data: -32768"), ElementsAre(-32768));
    EXPECT_THAT(values<bool>("dims: 3 data_type: 9 int32_data: [0, 1, 2]"), ElementsAre(false, true, true));
}

TEST(TensorReader, KeepsTheBitsOfHalfFloats) {
    // 1.0 is 0x3c00 as IEEE half and 0x3f80 as bfloat16.
    const auto half = tensor("dims: 1 data_type: 10 int32_data: 15360");
    ASSERT_TRUE(half.ok());
    EXPECT_EQ(half->dtype(), DType::f16);
    EXPECT_THAT(half->bytes(), ElementsAre(std::byte{0x00}, std::byte{0x3c}));
    const auto brain = tensor("dims: 1 data_type: 16 int32_data: 16256");
    ASSERT_TRUE(brain.ok());
    EXPECT_EQ(brain->dtype(), DType::bf16);
    EXPECT_THAT(brain->bytes(), ElementsAre(std::byte{0x80}, std::byte{0x3f}));
}

TEST(TensorReader, ReadsRawDataAsLittleEndian) {
    EXPECT_THAT(values<std::int32_t>(R"(dims: 2 data_type: 6 raw_data: "\001\000\000\000\377\377\377\377")"),
                ElementsAre(1, -1));
    EXPECT_THAT(values<float>(R"(data_type: 1 raw_data: "\000\000\200\077")"), ElementsAre(1.0F));
}

TEST(TensorReader, NormalisesBooleansOfOtherBitPatterns) {
    const auto array = tensor(R"(dims: 3 data_type: 9 raw_data: "\000\002\377")");
    ASSERT_TRUE(array.ok());
    EXPECT_THAT(array->bytes(), ElementsAre(std::byte{0}, std::byte{1}, std::byte{1}));
}

TEST(TensorReader, ReadsScalarsAndEmptyTensors) {
    const auto scalar = tensor("data_type: 7 int64_data: 5");
    ASSERT_TRUE(scalar.ok());
    EXPECT_EQ(scalar->shape(), Shape{});
    const auto empty = tensor("dims: [0, 3] data_type: 1");
    ASSERT_TRUE(empty.ok()) << error_of(empty);
    EXPECT_EQ(empty->shape(), (Shape{0, 3}));
    EXPECT_EQ(empty->size(), 0);
}

TEST(TensorReader, RefusesSizesThatDisagree) {
    EXPECT_THAT(error_of(tensor("dims: 3 data_type: 1 float_data: [1, 2]")),
                HasSubstr("shape [3] needs 3 values, the file has 2"));
    EXPECT_THAT(error_of(tensor(R"(dims: 2 data_type: 1 raw_data: "1234567")")),
                HasSubstr("needs 8 bytes, the file has 7"));
    EXPECT_THAT(error_of(tensor("dims: 2 data_type: 1 int64_data: [1, 2]")), HasSubstr("the file has 0"));
    EXPECT_THAT(error_of(tensor("dims: -1 data_type: 1")), HasSubstr("negative dimension"));
}

TEST(TensorReader, RefusesValuesOutOfRangeWithTheirPosition) {
    EXPECT_THAT(error_of(tensor("dims: 2 data_type: 2 int32_data: [1, 256]")),
                HasSubstr("value 256 at position 1 does not fit uint8"));
    EXPECT_FALSE(tensor("dims: 1 data_type: 12 uint64_data: 4294967296").ok());
    EXPECT_FALSE(tensor("dims: 1 data_type: 10 int32_data: -1").ok());
}

TEST(TensorReader, RefusesValuesGivenTwice) {
    EXPECT_THAT(error_of(tensor(R"(dims: 1 data_type: 1 float_data: 1 raw_data: "\000\000\200\077")")),
                HasSubstr("more than one place"));
}

TEST(TensorReader, RefusesTypesThatItLacksByName) {
    for (const auto& [element, name] : {std::pair{14, "COMPLEX64"},
                                        {17, "FLOAT8E4M3FN"},
                                        {22, "INT4"},
                                        {23, "FLOAT4E2M1"},
                                        {77, "type 77"},
                                        {-1, "type -1"}}) {
        const auto array = tensor("dims: 1 data_type: " + std::to_string(element));
        ASSERT_FALSE(array.ok());
        EXPECT_EQ(array.error().code(), Errc::unsupported);
        EXPECT_THAT(error_of(array), HasSubstr(name));
    }
    EXPECT_EQ(tensor("dims: 1 float_data: 1").error().code(), Errc::invalid_input);
}

TEST(TensorReader, RefusesShapesBeyondTheLimitsBeforeAllocating) {
    const auto huge = tensor("dims: [1099511627776, 1099511627776] data_type: 1");
    ASSERT_FALSE(huge.ok());
    EXPECT_EQ(huge.error().code(), Errc::exhausted);
    EXPECT_EQ(tensor("dims: 9 data_type: 1 float_data: 1", {.tensor_bytes = 1000}).error().code(), Errc::invalid_input);
    EXPECT_EQ(tensor("dims: 1000 data_type: 1", {.tensor_bytes = 1000}).error().code(), Errc::exhausted);
    EXPECT_EQ(tensor("dims: [1, 1, 1] data_type: 1 float_data: 1", {.rank = 2}).error().code(), Errc::exhausted);
}

TEST(TensorReader, RefusesExternalDataOfATensorAlone) {
    const auto array = tensor(R"(dims: 1 data_type: 1 data_location: EXTERNAL
                                 external_data { key: "location" value: "w.bin" })");
    ASSERT_FALSE(array.ok());
    EXPECT_EQ(array.error().code(), Errc::denied);
}

Result<Graph> with_initializer(const std::string& text, const Limits& limits = {}) {
    const std::string model =
        testing::model_with_graph(testing::kEnds + R"(node { op_type: "Relu" input: "x" output: "y" })" + text);
    return parse_onnx(testing::bytes_of(model), {}, limits);
}

TEST(SparseTensor, BecomesDenseFromLinearAndFromCoordinateIndices) {
    for (const std::string indices :
         {"dims: 2 data_type: 7 int64_data: [1, 5]", "dims: [2, 2] data_type: 7 int64_data: [0, 1, 1, 2]"}) {
        const auto graph = with_initializer(
            "sparse_initializer { dims: [2, 3] values { name: 'w' dims: 2 data_type: 1 float_data: [7, 9] } "
            "indices { " +
            indices + " } }");
        ASSERT_TRUE(graph.ok()) << error_of(graph);
        EXPECT_EQ(graph->initializers.at("w").shape(), (Shape{2, 3}));
        EXPECT_THAT(graph->initializers.at("w").values<float>(), ElementsAre(0, 7, 0, 0, 0, 9));
    }
}

TEST(SparseTensor, RefusesIndicesOutsideOrOutOfOrder) {
    for (const std::string indices :
         {"dims: 2 data_type: 7 int64_data: [1, 6]", "dims: 2 data_type: 7 int64_data: [-1, 2]",
          "dims: 2 data_type: 7 int64_data: [3, 3]", "dims: 2 data_type: 7 int64_data: [4, 1]",
          "dims: 1 data_type: 7 int64_data: [4]", "dims: 2 data_type: 6 int32_data: [1, 4]",
          "dims: [2, 2] data_type: 7 int64_data: [0, 1, 1, 3]", "dims: [1, 2] data_type: 7 int64_data: [0, 1]"}) {
        const auto graph = with_initializer(
            "sparse_initializer { dims: [2, 3] values { name: 'w' dims: 2 data_type: 1 float_data: [7, 9] } "
            "indices { " +
            indices + " } }");
        EXPECT_THAT(error_of(graph), HasSubstr("sparse initializer 'w'")) << indices;
    }
}

TEST(SparseTensor, IsBoundedByTheLimits) {
    const auto graph = with_initializer(
        "sparse_initializer { dims: [1000000, 1000000] values { name: 'w' dims: 1 data_type: 1 float_data: 7 } "
        "indices { dims: 1 data_type: 7 int64_data: 5 } }");
    ASSERT_FALSE(graph.ok());
    EXPECT_EQ(graph.error().code(), Errc::exhausted);
}

TEST(StringTensor, IsKeptAsStrings) {
    const auto graph = with_initializer("initializer { name: 's' dims: 2 data_type: 8 string_data: ['a', 'bc'] }");
    ASSERT_TRUE(graph.ok()) << error_of(graph);
    EXPECT_THAT(graph->string_initializers.at("s").values, ElementsAre("a", "bc"));
    EXPECT_FALSE(with_initializer("initializer { name: 's' dims: 3 data_type: 8 string_data: ['a'] }").ok());
}

TEST(Initializers, TakeNoMoreTogetherThanTheLimit) {
    const std::string one = "dims: 100000 data_type: 2 raw_data: '" + std::string(100'000, 'x') + "' }";
    const std::string two = "initializer { name: 'a' " + one + " initializer { name: 'b' " + one;
    EXPECT_TRUE(with_initializer(two, {.tensor_bytes = 210'000}).ok());
    const auto refused = with_initializer(two, {.tensor_bytes = 190'000});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), Errc::exhausted);
}

}  // namespace
}  // namespace bartizan::graph
