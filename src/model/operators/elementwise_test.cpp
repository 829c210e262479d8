// What ONNX's own cases do not show of the elementwise operators: old opsets, integers at their limits, float16.
#include <cmath>
#include <limits>
#include <numbers>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/scalar_tensor.h>

#include "model/operators/operator_testing.h"

namespace bartizan::model::operators {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::Pointwise;

at::Tensor of_type(std::initializer_list<std::int64_t> values, at::ScalarType type) { return longs(values).to(type); }

TEST(ElementwiseOperators, BroadcastAlongAnAxisBelowOpset7) {
    const OneNode add{"Add", 6, {{"broadcast", std::int64_t{1}}, {"axis", std::int64_t{0}}}};
    const at::Tensor a = floats({1, 2, 3, 4, 5, 6}, {2, 3});
    EXPECT_THAT(values_of(add({a, floats({10, 20})})), ElementsAre(11, 12, 13, 24, 25, 26));
    const OneNode past{"Add", 6, {{"broadcast", std::int64_t{1}}, {"axis", std::int64_t{1}}}};
    EXPECT_EQ(past.refusal({a, a}), Errc::invalid_input);
}

TEST(ElementwiseOperators, DivideIntegersTowardsZero) {
    const OneNode div{"Div"};
    EXPECT_THAT(values_of(div({longs({7, -7, 7, -7}), longs({2, 2, -2, -2})})), ElementsAre(3, -3, -3, 3));
    EXPECT_THAT(values_of(div({longs({7, -7}), longs({-1, -1})})), ElementsAre(-7, 7));
}

TEST(ElementwiseOperators, SurviveTheDivisionsThatStopAProcessor) {
    for (const at::ScalarType type : {at::kInt, at::kLong}) {
        const std::int64_t lowest =
            type == at::kInt ? std::numeric_limits<std::int32_t>::min() : std::numeric_limits<std::int64_t>::min();
        const at::Tensor a = of_type({lowest, 5}, type);
        const at::Tensor minus_one = of_type({-1, -1}, type);
        EXPECT_THAT(values_of(OneNode{"Div"}({a, minus_one})), ElementsAre(static_cast<double>(lowest), -5));
        EXPECT_THAT(values_of(OneNode{"Mod"}({a, minus_one})), ElementsAre(0, 0));
        EXPECT_THAT(values_of(OneNode{"Mod", 17, {{"fmod", std::int64_t{1}}}}({a, minus_one})), ElementsAre(0, 0));
        for (const char* name : {"Div", "Mod"})
            EXPECT_EQ(OneNode{name}.refusal({a, of_type({0, 1}, type)}), Errc::invalid_input) << name;
    }
}

TEST(ElementwiseOperators, WrapAroundInUint8) {
    const at::Tensor a = of_type({250, 3}, at::kByte);
    const at::Tensor b = of_type({10, 5}, at::kByte);
    EXPECT_THAT(values_of(OneNode{"Add"}({a, b})), ElementsAre(4, 8));
    EXPECT_THAT(values_of(OneNode{"Sub"}({b, a})), ElementsAre(16, 2));
    EXPECT_THAT(values_of(OneNode{"Sum"}({a, b, b})), ElementsAre(14, 13));
}

TEST(ElementwiseOperators, ShiftPastTheWidthToZero) {
    const OneNode left{"BitShift", 17, {{"direction", std::string("LEFT")}}};
    const OneNode right{"BitShift", 17, {{"direction", std::string("RIGHT")}}};
    EXPECT_THAT(values_of(left({of_type({1, 1, 1}, at::kByte), of_type({1, 8, 200}, at::kByte)})),
                ElementsAre(2, 0, 0));
    EXPECT_THAT(values_of(right({longs({64, 64, 64}), longs({2, 64, -1})})), ElementsAre(16, 0, 0));
    EXPECT_EQ((OneNode{"BitShift", 17, {{"direction", std::string("UP")}}}).refusal({longs({1}), longs({1})}),
              Errc::invalid_input);
}

TEST(ElementwiseOperators, GivePowersTheTypeOfTheBase) {
    const auto power = OneNode{"Pow"}({longs({2, 3}), floats({3, 2})});
    EXPECT_THAT(values_of(power), ElementsAre(8, 9));
    EXPECT_EQ(power->scalar_type(), at::kLong);
}

TEST(ElementwiseOperators, RefuseABroadcastThatWouldFillTheMemory) {
    const at::Tensor column = at::ones({1}).expand({1 << 20, 1});
    const at::Tensor row = at::ones({1}).expand({1, 1 << 20});
    for (const char* name : {"Add", "Mul", "Equal", "Max", "Mean", "PRelu"})
        EXPECT_EQ(OneNode{name}.refusal({column, row}), Errc::exhausted) << name;
    EXPECT_EQ(OneNode{"Where"}.refusal({column == 1, row, row}), Errc::exhausted);
}

TEST(ElementwiseOperators, ComputeFloat16InFloat32) {
    const at::Tensor x = floats({0.5, 1}).to(at::kHalf);
    for (const char* name : {"Exp", "Sqrt", "Erf", "Softplus", "Sigmoid", "Acosh"}) {
        const auto y = OneNode{name}({x});
        ASSERT_TRUE(y.ok()) << name << y.error().line();
        EXPECT_EQ(y->scalar_type(), at::kHalf) << name;
    }
    EXPECT_EQ(OneNode{"IsNaN"}({x})->scalar_type(), at::kBool);
}

TEST(ElementwiseOperators, FlattenBeforeSoftmaxBelowOpset13) {
    const at::Tensor x = floats({1, 1, 1, 1, 1, 1, 1, 1}, {2, 2, 2});
    const Attributes axis_1 = {{"axis", std::int64_t{1}}};
    EXPECT_THAT(values_of(OneNode{"Softmax", 12, axis_1}({x})), Pointwise(DoubleNear(1e-6), std::vector(8, 0.25)));
    EXPECT_THAT(values_of(OneNode{"Softmax", 13, axis_1}({x})), Pointwise(DoubleNear(1e-6), std::vector(8, 0.5)));
    EXPECT_THAT(values_of(OneNode{"Softmax", 12}({x})), Pointwise(DoubleNear(1e-6), std::vector(8, 0.25)));
    EXPECT_THAT(values_of(OneNode{"Softmax", 13}({x})), Pointwise(DoubleNear(1e-6), std::vector(8, 0.5)));
    EXPECT_THAT(values_of(OneNode{"Hardmax", 12}({x})), ElementsAre(1, 0, 0, 0, 1, 0, 0, 0));
    EXPECT_EQ((OneNode{"Softmax", 13, {{"axis", std::int64_t{3}}}}).refusal({x}), Errc::invalid_input);
}

TEST(ElementwiseOperators, TakeClipBoundsFromAttributesBelowOpset11) {
    const at::Tensor x = floats({-5, 0, 5});
    EXPECT_THAT(values_of(OneNode{"Clip", 6, {{"min", -1.0F}, {"max", 2.0F}}}({x})), ElementsAre(-1, 0, 2));
    EXPECT_THAT(values_of(OneNode{"Clip", 11}({x, at::Tensor(), at::scalar_tensor(2)})), ElementsAre(-5, 0, 2));
    EXPECT_THAT(values_of(OneNode{"Clip", 11}({x})), ElementsAre(-5, 0, 5));
}

TEST(ElementwiseOperators, GivePReluOneSlopeAChannelBelowOpset7) {
    const at::Tensor x = floats({-1, -1, -1, -1}, {1, 2, 2});
    EXPECT_THAT(values_of(OneNode{"PRelu", 6}({x, floats({2, 3})})), ElementsAre(-2, -2, -3, -3));
    EXPECT_THAT(values_of(OneNode{"PRelu", 9}({x, floats({2, 3})})), ElementsAre(-2, -3, -2, -3));
}

// Hendrycks and Gimpel 2016: x * Phi(x); Misra 2019: x * tanh(softplus(x)).
TEST(ElementwiseOperators, FollowTheFormulasOfGeluAndMish) {
    const double x = 0.7;
    const double gelu = x * 0.5 * (1 + std::erf(x / std::sqrt(2.0)));
    const double tanh_gelu = 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
    const double mish = x * std::tanh(std::log1p(std::exp(x)));
    EXPECT_THAT(values_of(OneNode{"Gelu", 20}({floats({x})})), ElementsAre(DoubleNear(gelu, 1e-6)));
    EXPECT_THAT(values_of(OneNode{"Gelu", 20, {{"approximate", std::string("tanh")}}}({floats({x})})),
                ElementsAre(DoubleNear(tanh_gelu, 1e-6)));
    EXPECT_THAT(values_of(OneNode{"Mish", 18}({floats({x})})), ElementsAre(DoubleNear(mish, 1e-6)));
    EXPECT_EQ((OneNode{"Gelu", 20, {{"approximate", std::string("best")}}}).refusal({floats({x})}),
              Errc::invalid_input);
}

TEST(ElementwiseOperators, CastNumbersAndRefuseStrings) {
    const at::Tensor x = floats({-1.7, 300.5, 0});
    const auto cast = [&](std::int64_t to) { return OneNode{"Cast", 13, {{"to", to}}}({x}); };
    EXPECT_THAT(values_of(cast(7)), ElementsAre(-1, 300, 0));
    EXPECT_THAT(values_of(cast(9)), ElementsAre(1, 1, 0));
    EXPECT_THAT(values_of(cast(4)), ElementsAre(65535, 300, 0));
    EXPECT_THAT(values_of(cast(12)), ElementsAre(4294967295.0, 300, 0));
    EXPECT_EQ(cast(10)->scalar_type(), at::kHalf);
    EXPECT_EQ(cast(16)->scalar_type(), at::kBFloat16);
    EXPECT_EQ(cast(8).error().code(), Errc::unsupported);
    EXPECT_EQ(cast(77).error().code(), Errc::invalid_input);
    EXPECT_EQ(OneNode{"Cast"}.refusal({x}), Errc::invalid_input);
}

TEST(ElementwiseOperators, KnowTheOperatorsThatLaterOpsetsDropped) {
    const Attributes factors = {{"alpha", 2.0F}, {"beta", 3.0F}};
    EXPECT_THAT(values_of(OneNode{"Affine", 7, factors}({floats({1, -1})})), ElementsAre(5, 1));
    EXPECT_THAT(values_of(OneNode{"ScaledTanh", 7, factors}({floats({0.5})})),
                ElementsAre(DoubleNear(2 * std::tanh(1.5), 1e-6)));
    EXPECT_THAT(values_of(OneNode{"ParametricSoftplus", 7, factors}({floats({0.5})})),
                ElementsAre(DoubleNear(2 * std::log1p(std::exp(1.5)), 1e-6)));
    const at::Tensor image = floats({0, 1, 2, 3, 4, 5, 6, 7, 8}, {1, 1, 3, 3});
    const OneNode scaler{"ImageScaler", 7, {{"scale", 2.0F}, {"bias", std::vector<float>{-1}}}};
    EXPECT_THAT(values_of(scaler({image.narrow(3, 0, 1)})), ElementsAre(-1, 5, 11));
    EXPECT_EQ(scaler.refusal({floats({1, 2}, {1, 2, 1, 1})}), Errc::invalid_input);
}

TEST(ElementwiseOperators, CropByBordersOrToASize) {
    using Integers = std::vector<std::int64_t>;
    const at::Tensor image = floats({0, 1, 2, 3, 4, 5, 6, 7, 8}, {1, 1, 3, 3});
    const OneNode borders{"Crop", 7, {{"border", Integers{1, 0, 0, 2}}}};  // left, top, right, bottom
    EXPECT_THAT(values_of(borders({image})), ElementsAre(1, 2));
    const OneNode sized{"Crop", 7, {{"border", Integers{1, 1, 0, 0}}, {"scale", Integers{1, 2}}}};
    EXPECT_THAT(values_of(sized({image})), ElementsAre(4, 5));
    for (const Integers& wrong : {Integers{2, 0, 2, 0}, Integers{-1, 0, 0, 0}, Integers{1}})
        EXPECT_EQ((OneNode{"Crop", 7, {{"border", wrong}}}).refusal({image}), Errc::invalid_input);
}

TEST(ElementwiseOperators, CountTheirInputs) {
    EXPECT_EQ(OneNode{"Relu"}.refusal({}), Errc::invalid_input);
    EXPECT_EQ(OneNode{"Relu"}.refusal({floats({1}), floats({1})}), Errc::invalid_input);
    EXPECT_EQ(OneNode{"Add"}.refusal({floats({1}), at::Tensor()}), Errc::invalid_input);
    EXPECT_EQ(OneNode{"Max"}.refusal({}), Errc::invalid_input);
    EXPECT_EQ(OneNode{"Where"}.refusal({floats({1}), floats({1})}), Errc::invalid_input);
}

}  // namespace
}  // namespace bartizan::model::operators
