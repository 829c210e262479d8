// Quantised operators beyond ONNX's own cases: ends of ranges, one scale a row, blocks, refusals.
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "model/operators/operator_testing.h"

namespace bartizan::model::operators {
namespace quantization_test {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::Pointwise;

using Integers = std::vector<std::int64_t>;

const at::Tensor kNone;

at::Tensor bytes(std::initializer_list<std::int64_t> values, at::IntArrayRef shape) {
    return longs(values, shape).to(at::kByte);
}

at::Tensor chars(std::initializer_list<std::int64_t> values, at::IntArrayRef shape) {
    return longs(values, shape).to(at::kChar);
}

TEST(QuantizeLinear, RoundsToEvenAndStopsAtTheEnds) {
    const at::Tensor x = floats({0.5, 1.5, 2.5, -0.5, 1e9, -1e9, HUGE_VAL, -HUGE_VAL});
    const auto y = OneNode{"QuantizeLinear"}({x, floats({1})[0], longs({0})[0].to(at::kChar)});
    EXPECT_THAT(values_of(y), ElementsAre(0, 2, 2, 0, 127, -128, 127, -128));
    EXPECT_EQ(y->scalar_type(), at::kChar);
    EXPECT_EQ((OneNode{"QuantizeLinear"}({x, floats({1})[0]}))->scalar_type(), at::kByte);
}

TEST(QuantizeLinear, SurvivesScalesThatAreNone) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const double scale : {0.0, nan, HUGE_VAL}) {
        const auto y = OneNode{"QuantizeLinear"}({floats({0, 1, nan}), floats({scale})[0]});
        ASSERT_TRUE(y.ok()) << scale;
        EXPECT_EQ(values_of(y)[0], 0) << scale;
    }
}

TEST(QuantizeLinear, TakesBlocks) {
    const OneNode node{"QuantizeLinear", 21, {{"axis", std::int64_t{1}}, {"block_size", std::int64_t{2}}}};
    const at::Tensor x = floats({2, 4, 6, 2, 4, 6}, {2, 3});
    EXPECT_THAT(values_of(node({x, floats({1, 2, 2, 3}, {2, 2})})), ElementsAre(2, 4, 3, 1, 2, 2));
    EXPECT_EQ(node.refusal({x, floats({1, 2, 2, 3, 1, 1}, {2, 3})}), Errc::invalid_input);
    EXPECT_EQ(node.refusal({x, floats({1, 2}, {1, 2})}), Errc::invalid_input);
    const OneNode vast{"QuantizeLinear", 21, {{"block_size", std::int64_t{1} << 60}}};
    EXPECT_EQ(vast.refusal({x, floats({1, 2}, {2, 1})}), Errc::invalid_input);
}

TEST(QuantizeLinear, RefusesScalesThatDoNotFit) {
    const at::Tensor x = at::ones({2, 3});
    EXPECT_EQ(OneNode{"QuantizeLinear"}.refusal({x, floats({1, 2})}), Errc::invalid_input);
    EXPECT_EQ((OneNode{"QuantizeLinear", 13, {{"axis", std::int64_t{5}}}}).refusal({x, floats({1, 2, 3})}),
              Errc::invalid_input);
    EXPECT_EQ(OneNode{"QuantizeLinear"}.refusal({x, floats({1})[0], longs({1})}), Errc::unsupported);
}

TEST(DequantizeLinear, UndoesQuantizingWithinHalfAStep) {
    const at::Tensor x = floats({-3.2, -0.4, 0, 1.7, 9.9, 12.3}, {2, 3});
    const at::Tensor scale = floats({0.05, 0.1, 0.2}), zero = longs({100, 10, 3}).to(at::kByte);
    const auto q = OneNode{"QuantizeLinear"}({x, scale, zero});
    ASSERT_TRUE(q.ok());
    const auto back = OneNode{"DequantizeLinear"}({*q, scale, zero});
    ASSERT_TRUE(back.ok());
    EXPECT_TRUE(((*back - x).abs() <= scale * 0.5001).all().item<bool>());
}

TEST(DequantizeLinear, KeepsLargeIntegersApart) {
    const at::Tensor x = longs({2147483647, 2147483646}).to(at::kInt);
    const auto y = OneNode{"DequantizeLinear"}({x, floats({1})[0], longs({2147483640})[0].to(at::kInt)});
    EXPECT_THAT(values_of(y), ElementsAre(7, 6));
}

TEST(DynamicQuantizeLinear, HoldsZeroExactly) {
    const OneNode node{"DynamicQuantizeLinear", 11, {}, 3};
    const auto y = node.all({floats({1, 2, 5.1})});
    ASSERT_TRUE(y.ok());
    EXPECT_NEAR((*y)[1].item<double>(), 5.1 / 255, 1e-6);
    EXPECT_EQ((*y)[2].item<std::int64_t>(), 0);
    EXPECT_THAT(values_of((*node.all({floats({0, 0})}))[0]), ElementsAre(0, 0));
    EXPECT_EQ(node.refusal({at::zeros({0})}), Errc::invalid_input);
}

TEST(ConvInteger, IsExactBeyondFloat32) {
    // 513 products of 255 * 255 exceed 2^24, where float32 starts to skip integers.
    const auto y = OneNode{"ConvInteger"}(
        {at::ones({1, 513, 1}).mul(255).to(at::kByte), at::ones({1, 513, 1}).mul(255).to(at::kByte)});
    EXPECT_THAT(values_of(y), ElementsAre(513.0 * 255 * 255));
    EXPECT_EQ(y->scalar_type(), at::kInt);
}

TEST(ConvInteger, TakesAZeroPointForEachFilter) {
    const at::Tensor x = bytes({3, 5}, {1, 1, 2});
    const at::Tensor w = bytes({10, 10}, {2, 1, 1});
    EXPECT_THAT(values_of(OneNode{"ConvInteger"}({x, w, bytes({1}, {}), bytes({9, 7}, {2})})),
                ElementsAre(2, 4, 6, 12));
    EXPECT_EQ(OneNode{"ConvInteger"}.refusal({x, w, kNone, bytes({1, 2, 3}, {3})}), Errc::invalid_input);
    EXPECT_EQ(OneNode{"ConvInteger"}.refusal({x.to(at::kFloat), w}), Errc::unsupported);
}

/// y = (x - 2) * 0.5 convolved with (w - 0) * scale + bias, at a step of 0.25 around 10.
TEST(QLinearConv, IsTheConvolutionOfWhatTheIntegersMean) {
    const at::Tensor x = bytes({4, 6, 8}, {1, 1, 3});
    const at::Tensor w = chars({2, -3}, {2, 1, 1});
    const auto y =
        OneNode{"QLinearConv"}({x, floats({0.5})[0], bytes({2}, {}), w, floats({0.25, 0.5}), chars({0, 0}, {2}),
                                floats({0.25})[0], bytes({10}, {}), longs({8, 4}).to(at::kInt)});
    // Channel 0: (2, 4, 6) * 2 + 8 = (12, 16, 20) by 0.5; channel 1: (-6, -12, -18) + 4 = (-2, -8, -14) by 1.
    EXPECT_THAT(values_of(y), ElementsAre(16, 18, 20, 8, 2, 0));
}

TEST(QLinearMatMul, TakesAScaleForEachRowAndColumn) {
    const at::Tensor a = bytes({1, 2, 3, 4}, {2, 2}), b = bytes({1, 0, 0, 1}, {2, 2});
    const auto y = OneNode{"QLinearMatMul"}(
        {a, floats({1, 2}), bytes({0, 1}, {2}), b, floats({1, 3}), bytes({0, 0}, {2}), floats({1})[0], bytes({0}, {})});
    EXPECT_THAT(values_of(y), ElementsAre(1, 6, 4, 18));
    const auto refusal = [&](const at::Tensor& scale, const at::Tensor& y_zero) {
        return OneNode{"QLinearMatMul"}.refusal(
            {a, scale, bytes({0}, {}), b, floats({1})[0], bytes({0}, {}), floats({1})[0], y_zero});
    };
    EXPECT_EQ(refusal(floats({1, 2, 3}), bytes({0}, {})), Errc::invalid_input);
    EXPECT_EQ(refusal(floats({1, 2}), bytes({0, 0}, {2})), Errc::invalid_input);
}

}  // namespace
}  // namespace quantization_test
}  // namespace bartizan::model::operators
