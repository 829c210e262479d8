// What ONNX's own cases do not show of the shape operators: old and new opsets, and requests that no memory could meet.
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "model/operators/operator_testing.h"

namespace bartizan::model::operators {
namespace {

using ::testing::ElementsAre;
using Integers = std::vector<std::int64_t>;

constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLowest = std::numeric_limits<std::int64_t>::min();

at::Tensor counted(at::IntArrayRef shape) {
    std::int64_t count = 1;
    for (const std::int64_t dimension : shape) count *= dimension;
    return at::arange(count, at::kFloat).reshape(shape);
}

TEST(ShapeOperators, TakeAxesFromAttributesBelowOpset13AndFromInputsAfter) {
    const at::Tensor x = counted({1, 2, 1});
    EXPECT_EQ(shape_of(OneNode{"Squeeze", 12, {{"axes", Integers{0}}}}({x})), (Shape{2, 1}));
    EXPECT_EQ(shape_of(OneNode{"Squeeze", 13}({x, longs({-1})})), (Shape{1, 2}));
    EXPECT_EQ(shape_of(OneNode{"Squeeze", 13}({x})), (Shape{2}));
    EXPECT_EQ(shape_of(OneNode{"Unsqueeze", 12, {{"axes", Integers{3, 0}}}}({x})), (Shape{1, 1, 2, 1, 1}));
    EXPECT_EQ(shape_of(OneNode{"Unsqueeze", 13}({x, longs({-1})})), (Shape{1, 2, 1, 1}));
    EXPECT_EQ((OneNode{"Squeeze", 12, {{"axes", Integers{1}}}}).refusal({x}), Errc::invalid_input);
    EXPECT_EQ(OneNode{"Unsqueeze"}.refusal({x, longs({0, 0})}), Errc::invalid_input);
    EXPECT_EQ(OneNode{"Unsqueeze"}.refusal({x, longs({9})}), Errc::invalid_input);
}

TEST(ShapeOperators, ReshapeCopiesZeroesUnlessTheyAreAllowed) {
    const at::Tensor x = counted({2, 3, 4});
    EXPECT_EQ(shape_of(OneNode{"Reshape"}({x, longs({0, -1})})), (Shape{2, 12}));
    EXPECT_EQ(shape_of(OneNode{"Reshape", 4, {{"shape", Integers{6, 4}}}}({x})), (Shape{6, 4}));
    EXPECT_EQ(shape_of(OneNode{"Reshape"}({at::zeros({0, 3}), longs({0, -1})})), (Shape{0, 0}));
    EXPECT_EQ(shape_of(OneNode{"Reshape", 17, {{"allowzero", std::int64_t{1}}}}({at::zeros({0, 3}), longs({3, 0})})),
              (Shape{3, 0}));
    EXPECT_EQ(OneNode{"Reshape"}.refusal({x, longs({5, -1})}), Errc::invalid_input);
    EXPECT_EQ(OneNode{"Reshape"}.refusal({x, longs({2, 3, 4, 0})}), Errc::invalid_input);
    EXPECT_EQ(OneNode{"Reshape"}.refusal({x, floats({24})}), Errc::invalid_input);
}

TEST(ShapeOperators, FlattenAtEitherEnd) {
    const at::Tensor x = counted({2, 3});
    EXPECT_EQ(shape_of(OneNode{"Flatten", 13, {{"axis", std::int64_t{0}}}}({x})), (Shape{1, 6}));
    EXPECT_EQ(shape_of(OneNode{"Flatten", 13, {{"axis", std::int64_t{2}}}}({x})), (Shape{6, 1}));
    EXPECT_EQ((OneNode{"Flatten", 13, {{"axis", std::int64_t{3}}}}).refusal({x}), Errc::invalid_input);
}

TEST(ShapeOperators, RefuseOutputsThatNoMemoryCouldHold) {
    const at::Tensor one = floats({1});
    const at::Tensor huge = longs({1 << 20, 1 << 20});
    EXPECT_EQ(OneNode{"Expand"}.refusal({one, huge}), Errc::exhausted);
    EXPECT_EQ(OneNode{"ConstantOfShape"}.refusal({huge}), Errc::exhausted);
    EXPECT_EQ(OneNode{"ConstantOfShape"}.refusal({longs({kLargest, kLargest})}), Errc::exhausted);
    EXPECT_EQ(OneNode{"Tile"}.refusal({counted({1024}), longs({1 << 30})}), Errc::exhausted);
    EXPECT_EQ(OneNode{"Pad"}.refusal({one, longs({kLargest, kLargest})}), Errc::exhausted);
    EXPECT_EQ(OneNode{"Range"}.refusal({longs({0})[0], longs({kLargest})[0], longs({1})[0]}), Errc::exhausted);
    EXPECT_EQ(OneNode{"OneHot"}.refusal({longs({1, 2, 3, 4}), longs({1 << 30}), floats({0, 1})}), Errc::exhausted);
    const at::Tensor wide = at::ones({1}).expand({1 << 29});
    EXPECT_EQ((OneNode{"Concat", 13, {{"axis", std::int64_t{0}}}}).refusal({wide, wide, wide}), Errc::exhausted);
}

TEST(ShapeOperators, RefuseNegativeSizes) {
    EXPECT_EQ(OneNode{"ConstantOfShape"}.refusal({longs({-1})}), Errc::invalid_input);
    EXPECT_EQ(OneNode{"Tile"}.refusal({counted({2}), longs({-1})}), Errc::invalid_input);
    EXPECT_EQ(OneNode{"Expand"}.refusal({counted({1}), longs({-3})}), Errc::invalid_input);
    EXPECT_EQ(OneNode{"Pad"}.refusal({counted({2}), longs({-3, 0})}), Errc::invalid_input);
}

TEST(ShapeOperators, SliceAsNumpyDoes) {
    const at::Tensor x = counted({5});
    const auto slice = [&](std::int64_t start, std::int64_t end, std::int64_t step) {
        return values_of(OneNode{"Slice"}({x, longs({start}), longs({end}), longs({0}), longs({step})}));
    };
    EXPECT_THAT(slice(1, 4, 2), ElementsAre(1, 3));
    EXPECT_THAT(slice(-2, kLargest, 1), ElementsAre(3, 4));
    EXPECT_THAT(slice(kLargest, kLowest, -2), ElementsAre(4, 2, 0));
    EXPECT_THAT(slice(3, 0, -1), ElementsAre(3, 2, 1));
    EXPECT_THAT(slice(4, 1, 1), ElementsAre());
    EXPECT_THAT(slice(0, 5, kLargest), ElementsAre(0));
    EXPECT_THAT(slice(4, -100, kLowest), ElementsAre(4));
    EXPECT_EQ(OneNode{"Slice"}.refusal({x, longs({0}), longs({1}), longs({0}), longs({0})}), Errc::invalid_input);
    EXPECT_EQ(OneNode{"Slice"}.refusal({x, longs({0, 0}), longs({1})}), Errc::invalid_input);
    EXPECT_EQ(OneNode{"Slice"}.refusal({x, longs({0}), longs({1}), longs({1})}), Errc::invalid_input);
    const OneNode old{"Slice", 9, {{"starts", Integers{1}}, {"ends", Integers{-1}}}};
    EXPECT_THAT(values_of(old({x})), ElementsAre(1, 2, 3));
}

TEST(ShapeOperators, SliceOfAnEmptyAxisIsEmpty) {
    const at::Tensor none = at::zeros({0});
    EXPECT_EQ(shape_of(OneNode{"Slice"}({none, longs({0}), longs({3})})), (Shape{0}));
    EXPECT_EQ(shape_of(OneNode{"Slice"}({none, longs({3}), longs({-3}), longs({0}), longs({-1})})), (Shape{0}));
}

TEST(ShapeOperators, SplitEquallyOrBySizes) {
    const OneNode three{"Split", 11, {}, 3};
    const auto parts = three.all({counted({6})});
    ASSERT_TRUE(parts.ok());
    EXPECT_THAT(values_of((*parts)[1]), ElementsAre(2, 3));
    EXPECT_EQ(three.refusal({counted({7})}), Errc::invalid_input);
    const OneNode uneven{"Split", 18, {{"num_outputs", std::int64_t{3}}}, 3};
    const auto rest = uneven.all({counted({7})});
    ASSERT_TRUE(rest.ok());
    EXPECT_THAT(values_of((*rest)[0]), ElementsAre(0, 1, 2));
    EXPECT_THAT(values_of((*rest)[2]), ElementsAre(6));
    const OneNode sized{"Split", 13, {}, 2};
    EXPECT_EQ(sized.refusal({counted({6}), longs({4, 4})}), Errc::invalid_input);
    EXPECT_EQ(sized.refusal({counted({6}), longs({7, -1})}), Errc::invalid_input);
    EXPECT_EQ(sized.refusal({counted({6}), longs({2, 2, 2})}), Errc::invalid_input);
}

TEST(ShapeOperators, PadInEachMode) {
    const at::Tensor x = counted({3});
    const auto pad = [&](const char* mode, std::int64_t before, std::int64_t after) {
        return values_of(OneNode{"Pad", 19, {{"mode", std::string(mode)}}}({x, longs({before, after})}));
    };
    EXPECT_THAT(pad("constant", 1, -1), ElementsAre(0, 0, 1));
    EXPECT_THAT(pad("edge", 2, 1), ElementsAre(0, 0, 0, 1, 2, 2));
    EXPECT_THAT(pad("reflect", 2, 2), ElementsAre(2, 1, 0, 1, 2, 1, 0));
    EXPECT_THAT(pad("wrap", 1, 1), ElementsAre(2, 0, 1, 2, 0));
    EXPECT_EQ((OneNode{"Pad", 19, {{"mode", std::string("magic")}}}).refusal({x, longs({0, 0})}), Errc::invalid_input);
    EXPECT_EQ((OneNode{"Pad", 19, {{"mode", std::string("edge")}}}).refusal({at::zeros({0}), longs({1, 1})}),
              Errc::invalid_input);
    EXPECT_EQ(OneNode{"Pad"}.refusal({x, longs({1})}), Errc::invalid_input);
    const OneNode old{"Pad", 2, {{"pads", Integers{1, 0}}, {"value", 9.0F}}};
    EXPECT_THAT(values_of(old({x})), ElementsAre(9, 0, 1, 2));
    const auto one_axis = OneNode{"Pad", 18}({counted({1, 2}), longs({1, 0}), floats({7})[0], longs({-1})});
    EXPECT_THAT(values_of(one_axis), ElementsAre(7, 0, 1));
}

TEST(ShapeOperators, RefuseBlocksThatDoNotFit) {
    const at::Tensor x = counted({1, 4, 2, 2});
    EXPECT_EQ(shape_of(OneNode{"DepthToSpace", 13, {{"blocksize", std::int64_t{2}}}}({x})), (Shape{1, 1, 4, 4}));
    EXPECT_EQ((OneNode{"DepthToSpace", 13, {{"blocksize", std::int64_t{3}}}}).refusal({x}), Errc::invalid_input);
    EXPECT_EQ((OneNode{"DepthToSpace", 13, {{"blocksize", std::int64_t{0}}}}).refusal({x}), Errc::invalid_input);
    EXPECT_EQ((OneNode{"SpaceToDepth", 13, {{"blocksize", std::int64_t{-1}}}}).refusal({x}), Errc::invalid_input);
    EXPECT_EQ((OneNode{"SpaceToDepth", 13, {{"blocksize", std::int64_t{2}}}}).refusal({counted({4})}),
              Errc::invalid_input);
}

TEST(ShapeOperators, MakeConstantsOfEachForm) {
    EXPECT_THAT(values_of(OneNode{"Constant", 13, {{"value_float", 2.5F}}}({})), ElementsAre(2.5));
    EXPECT_THAT(values_of(OneNode{"Constant", 13, {{"value_ints", Integers{3, 4}}}}({})), ElementsAre(3, 4));
    EXPECT_EQ(shape_of(OneNode{"Constant", 13, {{"value_int", std::int64_t{3}}}}({})), (Shape{}));
    EXPECT_EQ((OneNode{"Constant", 13, {{"value_string", std::string("a")}}}).refusal({}), Errc::unsupported);
    EXPECT_EQ((OneNode{"Constant", 13, {{"sparse_value", graph::Opaque{"sparse_tensor"}}}}).refusal({}),
              Errc::unsupported);
    EXPECT_EQ(OneNode{"Constant"}.refusal({}), Errc::invalid_input);
}

TEST(ShapeOperators, CountRangesAsNumpyDoes) {
    const auto range = [](double start, double limit, double delta) {
        return values_of(OneNode{"Range"}({floats({start})[0], floats({limit})[0], floats({delta})[0]}));
    };
    EXPECT_THAT(range(1, 2, 0.5), ElementsAre(1, 1.5));
    EXPECT_THAT(range(3, 0, -2), ElementsAre(3, 1));
    EXPECT_THAT(range(3, 0, 1), ElementsAre());
    EXPECT_EQ(OneNode{"Range"}.refusal({longs({0})[0], longs({5})[0], longs({0})[0]}), Errc::invalid_input);
}

TEST(ShapeOperators, KeepTheTriangleAskedFor) {
    const at::Tensor x = counted({2, 2});
    EXPECT_THAT(values_of(OneNode{"Trilu"}({x})), ElementsAre(0, 1, 0, 3));
    EXPECT_THAT(values_of(OneNode{"Trilu", 14, {{"upper", std::int64_t{0}}}}({x, longs({-1})[0]})),
                ElementsAre(0, 0, 2, 0));
    EXPECT_THAT(values_of(OneNode{"Trilu"}({x, longs({kLargest})[0]})), ElementsAre(0, 0, 0, 0));
    EXPECT_THAT(values_of(OneNode{"Trilu"}({x, longs({kLowest})[0]})), ElementsAre(0, 1, 2, 3));
    at::Tensor variable = counted({2, 2}).set_requires_grad(true);
    OneNode{"Trilu"}({variable})->sum().backward();
    EXPECT_THAT(values_of(variable.grad()), ElementsAre(1, 1, 0, 1));
}

}  // namespace
}  // namespace bartizan::model::operators
