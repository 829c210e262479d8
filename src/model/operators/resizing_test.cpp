// Resize and Upsample beyond ONNX's own cases: closed forms, older and newer opsets, refusals.
#include <cmath>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/upsample_bicubic2d.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/zeros.h>

#include "model/operators/operator_testing.h"

namespace bartizan::model::operators {
namespace resizing_test {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::Pointwise;

using Integers = std::vector<std::int64_t>;

const at::Tensor kNone;

/// A smooth picture without symmetry.
at::Tensor picture(std::int64_t height, std::int64_t width) {
    const at::Tensor y = at::arange(height, at::kDouble).reshape({1, 1, height, 1});
    const at::Tensor x = at::arange(width, at::kDouble).reshape({1, 1, 1, width});
    return (0.7 * y + 0.3).sin() + (0.4 * x * y).cos();
}

double largest_difference(const Result<at::Tensor>& given, const at::Tensor& wanted) {
    EXPECT_TRUE(given.ok()) << (given.ok() ? "" : given.error().line());
    if (!given.ok() || given->sizes() != wanted.sizes()) return std::numeric_limits<double>::infinity();
    return (*given - wanted).abs().max().item<double>();
}

TEST(Resize, AgreesWithLibTorchInBothCoordinateSystems) {
    const at::Tensor x = picture(5, 7);
    for (const bool align : {false, true})
        for (const Integers& size : {Integers{9, 4}, Integers{3, 15}, Integers{5, 7}}) {
            const at::Tensor sizes = longs({1, 1, size[0], size[1]});
            Attributes attributes = {
                {"coordinate_transformation_mode", std::string(align ? "align_corners" : "pytorch_half_pixel")},
                {"mode", std::string("linear")}};
            const OneNode linear{"Resize", 13, attributes};
            EXPECT_LT(largest_difference(linear({x, kNone, kNone, sizes}), at::upsample_bilinear2d(x, size, align)),
                      1e-12);
            attributes["mode"] = std::string("cubic");
            const OneNode cubic{"Resize", 13, attributes};
            EXPECT_LT(largest_difference(cubic({x, kNone, kNone, sizes}), at::upsample_bicubic2d(x, size, align)),
                      1e-12);
        }
}

TEST(Resize, RepeatsAndSkipsInOldOpsets) {
    const at::Tensor x = floats({1, 2, 3, 4}, {1, 4});
    EXPECT_THAT(values_of(OneNode{"Upsample", 9}({x, floats({1, 2})})), ElementsAre(1, 1, 2, 2, 3, 3, 4, 4));
    EXPECT_THAT(values_of(OneNode{"Upsample", 7, {{"scales", std::vector<float>{1, 1.5F}}}}({x})),
                ElementsAre(1, 1, 2, 3, 3, 4));
    EXPECT_THAT(values_of(OneNode{"Resize", 10}({x, floats({1, 0.5})})), ElementsAre(1, 3));
    EXPECT_THAT(values_of(OneNode{"Upsample", 9, {{"mode", std::string("linear")}}}({x, floats({1, 2})})),
                ElementsAre(1, 1.5, 2, 2.5, 3, 3.5, 4, 4));
}

TEST(Resize, TakesAxesAndKeepsTheAspectInNewOpsets) {
    const at::Tensor x = at::arange(8, at::kFloat).reshape({1, 1, 2, 4});
    const auto shape = [&](const char* policy) {
        const OneNode node{"Resize", 18, {{"axes", Integers{2, 3}}, {"keep_aspect_ratio_policy", std::string(policy)}}};
        return shape_of(node({x, kNone, kNone, longs({6, 8})}));
    };
    EXPECT_EQ(shape("stretch"), (Shape{1, 1, 6, 8}));
    EXPECT_EQ(shape("not_larger"), (Shape{1, 1, 4, 8}));
    EXPECT_EQ(shape("not_smaller"), (Shape{1, 1, 6, 12}));
}

TEST(Resize, KeepsTheMeanOfAConstantUnderEverySetting) {
    const at::Tensor x = at::ones({1, 1, 5, 6}) * 3;
    for (const char* mode : {"nearest", "linear", "cubic"})
        for (const char* place : {"half_pixel", "half_pixel_symmetric", "asymmetric", "align_corners"})
            for (const std::int64_t antialias : {0, 1}) {
                const OneNode node{"Resize",
                                   19,
                                   {{"mode", std::string(mode)},
                                    {"coordinate_transformation_mode", std::string(place)},
                                    {"antialias", antialias}}};
                const auto y = node({x, kNone, floats({1, 1, 0.4, 2.5}), kNone});
                EXPECT_LT(largest_difference(y, at::ones({1, 1, 2, 15}) * 3), 1e-5) << mode << place << antialias;
            }
}

TEST(Resize, SmoothsBeforeItShrinksWhenAskedTo) {
    // Every other value is 1: skipping sees one of the two, smoothing sees their mean.
    const at::Tensor x = (at::arange(16, at::kLong) % 2).to(at::kFloat).reshape({1, 16});
    const OneNode smooth{"Resize", 18, {{"mode", std::string("linear")}, {"antialias", std::int64_t{1}}}};
    const auto y = smooth({x, kNone, floats({1, 0.25}), kNone});
    ASSERT_TRUE(y.ok());
    EXPECT_THAT(values_of(y->narrow(1, 1, 2)), Pointwise(FloatNear(1e-6F), {0.5, 0.5}));
}

TEST(Resize, FillsWhatLiesOutsideTheRegion) {
    const OneNode node{"Resize",
                       13,
                       {{"mode", std::string("linear")},
                        {"coordinate_transformation_mode", std::string("tf_crop_and_resize")},
                        {"extrapolation_value", 9.0F}}};
    const auto y = node({floats({0, 1, 2}, {1, 3}), floats({0, 0.5, 1, 1.5}), kNone, longs({1, 3})});
    EXPECT_THAT(values_of(y), ElementsAre(1, 2, 9));
}

TEST(Resize, SaturatesIntegers) {
    const at::Tensor x = longs({0, 0, 255, 255}, {1, 4}).to(at::kByte);
    const auto y = OneNode{"Resize", 13, {{"mode", std::string("cubic")}}}({x, kNone, floats({1, 2}), kNone});
    ASSERT_TRUE(y.ok());
    EXPECT_EQ(y->scalar_type(), at::kByte);
    // The cubic overshoots on both sides of the step: 0 and 255 stay, they do not wrap around.
    EXPECT_THAT(values_of(y->narrow(1, 0, 3)), ElementsAre(0, 0, 0));
    EXPECT_THAT(values_of(y->narrow(1, 5, 3)), ElementsAre(255, 255, 255));
}

TEST(Resize, RefusesSizesThatAreNone) {
    const at::Tensor x = at::ones({1, 4});
    const OneNode node{"Resize", 13};
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const double scale : {0.0, -1.0, nan, HUGE_VAL, 1e30, 0.1})
        EXPECT_EQ(node.refusal({x, kNone, floats({1, scale}), kNone}), Errc::invalid_input) << scale;
    EXPECT_EQ(node.refusal({x, kNone, floats({1}), kNone}), Errc::invalid_input);
    EXPECT_EQ(node.refusal({x, kNone, kNone, longs({1, 0})}), Errc::invalid_input);
    EXPECT_EQ(node.refusal({x, kNone, kNone, longs({1, std::int64_t{1} << 40})}), Errc::invalid_input);
    EXPECT_EQ(node.refusal({x, kNone, kNone, longs({1 << 20, 1 << 20})}), Errc::exhausted);
    EXPECT_EQ(node.refusal({x, kNone, kNone, kNone}), Errc::invalid_input);
    EXPECT_EQ(node.refusal({x, kNone, floats({1, 2}), longs({1, 8})}), Errc::invalid_input);
    EXPECT_EQ(node.refusal({at::zeros({1, 0}), kNone, kNone, longs({1, 4})}), Errc::invalid_input);
    EXPECT_EQ((OneNode{"Resize", 13, {{"mode", std::string("psychic")}}}).refusal({x, kNone, floats({1, 2}), kNone}),
              Errc::invalid_input);
}

TEST(Resize, RefusesRegionsThatAreNotFinite) {
    const OneNode node{"Resize", 13, {{"coordinate_transformation_mode", std::string("tf_crop_and_resize")}}};
    const at::Tensor x = at::ones({1, 4});
    EXPECT_EQ(node.refusal({x, floats({0, 0, 1, HUGE_VAL}), kNone, longs({1, 2})}), Errc::invalid_input);
    EXPECT_EQ(node.refusal({x, floats({0, 0, 1}), kNone, longs({1, 2})}), Errc::invalid_input);
    EXPECT_EQ(node.refusal({x, kNone, kNone, longs({1, 2})}), Errc::invalid_input);
}

}  // namespace
}  // namespace resizing_test
}  // namespace bartizan::model::operators
