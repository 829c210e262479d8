// GridSample, RoiAlign, MaxRoiPool, MaxUnpool and the operators of degree p: closed forms and hostile input.
#include <cmath>
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
namespace sampling_test {
namespace {

using testing::DoubleNear;
using testing::ElementsAre;
using testing::Pointwise;

using Integers = std::vector<std::int64_t>;

/// A plane: linear reading gives it back exactly.
at::Tensor ramp(std::int64_t height, std::int64_t width) {
    return (at::arange(height, at::kFloat).reshape({1, 1, -1, 1}) * 10 +
            at::arange(width, at::kFloat).reshape({1, 1, 1, -1}));
}

TEST(GridSample, ReadsAPlaneBetweenItsPixels) {
    const OneNode node{"GridSample", 16, {{"align_corners", std::int64_t{1}}}};
    EXPECT_THAT(values_of(node({ramp(3, 5), floats({0, 0, -1, 1, 0.25, -0.5}, {1, 1, 3, 2})})),
                ElementsAre(12, 20, 7.5));
}

TEST(GridSample, SurvivesPlacesThatAreNone) {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const at::Tensor grid = floats({nan, nan, HUGE_VAL, 0, -1e30, 1e30}, {1, 1, 3, 2});
    for (const char* mode : {"bilinear", "nearest", "bicubic"})
        for (const char* padding : {"zeros", "border", "reflection"}) {
            const OneNode node{"GridSample", 16, {{"mode", std::string(mode)}, {"padding_mode", std::string(padding)}}};
            const auto y = node({ramp(3, 5), grid});
            ASSERT_TRUE(y.ok()) << mode << padding;
            EXPECT_TRUE(y->isfinite().all().item<bool>()) << mode << padding;
        }
}

TEST(GridSample, RefusesGridsThatDoNotFit) {
    const OneNode node{"GridSample"};
    EXPECT_EQ(node.refusal({ramp(2, 2), at::zeros({1, 1, 1, 3})}), Errc::invalid_input);
    EXPECT_EQ(node.refusal({ramp(2, 2), at::zeros({1, 1, 2})}), Errc::invalid_input);
    EXPECT_NE(node.refusal({ramp(2, 2), at::zeros({2, 1, 1, 2})}), Errc::internal);
    const OneNode cubic{"GridSample", 20, {{"mode", std::string("cubic")}}};
    EXPECT_EQ(cubic.refusal({at::ones({1, 1, 2, 2, 2}), at::zeros({1, 1, 1, 1, 3})}), Errc::unsupported);
}

Attributes align(std::int64_t side, std::int64_t sampling, std::string mode = "avg") {
    return {{"output_height", side}, {"output_width", side}, {"sampling_ratio", sampling}, {"mode", std::move(mode)}};
}

TEST(RoiAlign, GivesTheMiddleOfEachBinOfAPlane) {
    // The mean of a plane over a bin is its value in the middle; half a pixel is taken off.
    const at::Tensor region = floats({1.5, 1.5, 5.5, 5.5}, {1, 4});
    for (const std::int64_t sampling : {0, 1, 3})
        EXPECT_THAT(values_of(OneNode{"RoiAlign", 16, align(2, sampling)}({ramp(8, 8), region, longs({0})})),
                    Pointwise(DoubleNear(1e-4), std::vector<double>{22, 24, 42, 44}));
    const auto largest = OneNode{"RoiAlign", 16, align(1, 2, "max")}({ramp(8, 8), region, longs({0})});
    EXPECT_THAT(values_of(largest), ElementsAre(DoubleNear(44, 1e-4)));
}

TEST(RoiAlign, GivesNothingForRegionsOutside) {
    const auto y = OneNode{"RoiAlign", 16,
                           align(1, 2)}({ramp(4, 4) + 1, floats({50, 50, 60, 60, 9, 9, 3, 3}, {2, 4}), longs({0, 0})});
    EXPECT_THAT(values_of(y), ElementsAre(0, testing::_));
    EXPECT_EQ(
        shape_of(OneNode{"RoiAlign", 16, align(2, 2)}({ramp(4, 4), at::zeros({0, 4}), at::zeros({0}, at::kLong)})),
        (Shape{0, 1, 2, 2}));
}

TEST(RoiAlign, RefusesHostileRegions) {
    const auto refusal = [](const Attributes& attributes, const at::Tensor& region, const at::Tensor& owner) {
        return OneNode{"RoiAlign", 16, attributes}.refusal({ramp(4, 4), region, owner});
    };
    const at::Tensor region = floats({0, 0, 2, 2}, {1, 4});
    EXPECT_EQ(refusal(align(1, 0), region, longs({1})), Errc::invalid_input);
    EXPECT_EQ(refusal(align(1, 0), region, longs({-1})), Errc::invalid_input);
    EXPECT_EQ(refusal(align(1, 0), region, longs({0, 0})), Errc::invalid_input);
    EXPECT_EQ(refusal(align(1, 0), floats({0, 0, 1e30, 1e30}, {1, 4}), longs({0})), Errc::exhausted);
    EXPECT_EQ(refusal(align(1, 0), floats({0, 0, HUGE_VAL, 1}, {1, 4}), longs({0})), Errc::invalid_input);
    EXPECT_EQ(refusal(align(1 << 20, 0), region, longs({0})), Errc::invalid_input);
    EXPECT_EQ(refusal(align(1, -1), region, longs({0})), Errc::invalid_input);
    EXPECT_EQ(refusal(align(4096, 4096), region, longs({0})), Errc::exhausted);
}

TEST(MaxRoiPool, TakesTheLargestOfEachBin) {
    const OneNode node{"MaxRoiPool", 13, {{"pooled_shape", Integers{2, 2}}}};
    EXPECT_THAT(values_of(node({ramp(6, 6), floats({0, 1, 1, 4, 4}, {1, 5})})), ElementsAre(22, 24, 42, 44));
    EXPECT_THAT(values_of(node({ramp(6, 6) + 1, floats({0, 90, 90, 95, 95}, {1, 5})})), ElementsAre(0, 0, 0, 0));
}

TEST(MaxRoiPool, RefusesHostileRegions) {
    const OneNode node{"MaxRoiPool", 13, {{"pooled_shape", Integers{2, 2}}}};
    EXPECT_EQ(node.refusal({ramp(4, 4), floats({1, 0, 0, 1, 1}, {1, 5})}), Errc::invalid_input);
    EXPECT_EQ(node.refusal({ramp(4, 4), floats({0, 0, 0, HUGE_VAL, 1}, {1, 5})}), Errc::invalid_input);
    EXPECT_EQ(node.refusal({ramp(4, 4), floats({0, 0, 0, 1}, {1, 4})}), Errc::invalid_input);
    const OneNode vast{"MaxRoiPool", 13, {{"pooled_shape", Integers{4096, 4096}}}};
    EXPECT_EQ(vast.refusal({ramp(4, 4), floats({0, 0, 0, 1, 1}, {1, 5})}), Errc::exhausted);
    EXPECT_EQ(OneNode{"MaxRoiPool"}.refusal({ramp(4, 4), floats({0, 0, 0, 1, 1}, {1, 5})}), Errc::invalid_input);
}

TEST(MaxUnpool, PutsBackWhatMaxPoolTook) {
    const Attributes window = {{"kernel_shape", Integers{2, 2}}, {"strides", Integers{2, 2}}};
    const auto pooled = OneNode{"MaxPool", 12, window, 2}.all({ramp(4, 4)});
    ASSERT_TRUE(pooled.ok());
    const auto y = OneNode{"MaxUnpool", 11, window}(*pooled);
    EXPECT_THAT(values_of(y), ElementsAre(0, 0, 0, 0, 0, 11, 0, 13, 0, 0, 0, 0, 0, 31, 0, 33));
}

TEST(MaxUnpool, RefusesPlacesOutside) {
    const OneNode node{"MaxUnpool", 11, {{"kernel_shape", Integers{2}}}};
    const at::Tensor x = at::ones({1, 1, 2});
    EXPECT_EQ(node.refusal({x, longs({0, 3}, {1, 1, 2})}), Errc::invalid_input);
    EXPECT_EQ(node.refusal({x, longs({0, -1}, {1, 1, 2})}), Errc::invalid_input);
    EXPECT_EQ(node.refusal({x, longs({0}, {1, 1, 1})}), Errc::invalid_input);
    EXPECT_EQ(node.refusal({x, longs({0, 1}, {1, 1, 2}), longs({1, 1, 1 << 30, 8})}), Errc::invalid_input);
    EXPECT_EQ(node.refusal({x, longs({0, 1}, {1, 1, 2}), longs({1, 8, 1 << 30})}), Errc::exhausted);
}

TEST(LpPool, TakesRootsOfSums) {
    const at::Tensor x = floats({3, -4, 0, 12}, {1, 1, 4});
    const auto pool = [&](std::int64_t p) {
        return values_of(OneNode{"LpPool", 11, {{"kernel_shape", Integers{2}}, {"p", p}}}({x}));
    };
    EXPECT_THAT(pool(1), Pointwise(DoubleNear(1e-5), std::vector<double>{7, 4, 12}));
    EXPECT_THAT(pool(2), Pointwise(DoubleNear(1e-5), std::vector<double>{5, 4, 12}));
    EXPECT_THAT(pool(3), Pointwise(DoubleNear(1e-4), std::vector<double>{std::cbrt(91.0), 4, 12}));
    EXPECT_THAT(values_of(OneNode{"GlobalLpPool"}({x})), ElementsAre(DoubleNear(13, 1e-5)));
}

TEST(LpPool, TakesDilationsAndOldDegrees) {
    const at::Tensor x = floats({3, 9, 4, 9, 0}, {1, 1, 5});
    const OneNode node{"LpPool", 18, {{"kernel_shape", Integers{2}}, {"dilations", Integers{2}}, {"p", 2.0F}}};
    EXPECT_THAT(values_of(node({x})), Pointwise(DoubleNear(1e-5), std::vector<double>{5, std::sqrt(162.0), 4}));
}

TEST(LpPool, RefusesWhatCannotBe) {
    const at::Tensor x = at::ones({1, 1, 4});
    EXPECT_EQ(OneNode{"LpPool"}.refusal({x}), Errc::invalid_input);
    EXPECT_EQ((OneNode{"LpPool", 11, {{"kernel_shape", Integers{2}}, {"p", std::int64_t{0}}}}).refusal({x}),
              Errc::invalid_input);
    EXPECT_EQ((OneNode{"LpPool", 11, {{"kernel_shape", Integers{5}}}}).refusal({x}), Errc::invalid_input);
    const Integers wide(4, 1 << 20);
    EXPECT_EQ((OneNode{"LpPool", 11, {{"kernel_shape", Integers{2, 2}}, {"pads", wide}}}).refusal({ramp(4, 4)}),
              Errc::exhausted);
}

TEST(LpNormalization, LeavesZerosAlone) {
    const at::Tensor x = floats({3, 4, 0, 0}, {2, 2}).set_requires_grad(true);
    const auto y = OneNode{"LpNormalization"}({x});
    EXPECT_THAT(values_of(y), Pointwise(DoubleNear(1e-6), std::vector<double>{0.6, 0.8, 0, 0}));
    y->select(1, 0).sum().backward();
    EXPECT_TRUE(x.grad().isfinite().all().item<bool>());
    EXPECT_THAT(
        values_of(OneNode{"LpNormalization", 1, {{"p", std::int64_t{1}}, {"axis", std::int64_t{0}}}}({floats({1, 3})})),
        Pointwise(DoubleNear(1e-6), std::vector<double>{0.25, 0.75}));
}

}  // namespace
}  // namespace sampling_test
}  // namespace bartizan::model::operators
