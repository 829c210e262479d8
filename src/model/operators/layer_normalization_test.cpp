// Normalisations by an item's own statistics, and transposed convolutions, beyond ONNX's own cases.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/conv_transpose2d.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "model/operators/operator_testing.h"

namespace bartizan::model::operators {
namespace layer_normalization_test {
namespace {

using testing::ElementsAre;

using Integers = std::vector<std::int64_t>;

at::Tensor noise(at::IntArrayRef shape, std::uint64_t seed) {
    return at::empty(shape, at::kDouble).uniform_(-1, 1, at::detail::createCPUGenerator(seed));
}

double largest_difference(const Result<at::Tensor>& given, const at::Tensor& wanted) {
    EXPECT_TRUE(given.ok()) << (given.ok() ? "" : given.error().line());
    if (!given.ok() || given->sizes() != wanted.sizes()) return HUGE_VAL;
    return (*given - wanted).abs().max().item<double>();
}

TEST(GroupNormalization, AgreesWithLibTorchInBothVersions) {
    const at::Tensor x = noise({2, 6, 3, 4}, 1);
    const at::Tensor scale = noise({6}, 2);
    const at::Tensor bias = noise({6}, 3);
    const Attributes attributes = {{"num_groups", std::int64_t{3}}};
    EXPECT_LT(largest_difference(OneNode{"GroupNormalization", 21, attributes}({x, scale, bias}),
                                 at::group_norm(x, 3, scale, bias, 1e-5F)),
              1e-12);
    const at::Tensor group_scale = noise({3}, 2);
    EXPECT_LT(largest_difference(OneNode{"GroupNormalization", 18, attributes}({x, group_scale, at::zeros({3})}),
                                 at::group_norm(x, 3, group_scale.repeat_interleave(2), {}, 1e-5F)),
              1e-12);
    EXPECT_EQ((OneNode{"GroupNormalization", 21, attributes}).refusal({x, group_scale, bias}), Errc::invalid_input);
    EXPECT_EQ((OneNode{"GroupNormalization", 21, {{"num_groups", std::int64_t{4}}}}).refusal({x, scale, bias}),
              Errc::invalid_input);
    EXPECT_EQ((OneNode{"GroupNormalization", 21}).refusal({x, scale, bias}), Errc::invalid_input);
}

TEST(LayerNormalization, NeverGrowsItsInput) {
    const OneNode node{"LayerNormalization"};
    EXPECT_NE(node.refusal({at::ones({2, 1}), at::ones({3})}), Errc::internal);
    EXPECT_NE(node.refusal({at::ones({2, 3}), at::ones({4, 2, 3})}), Errc::internal);
    EXPECT_EQ(
        (OneNode{"LayerNormalization", 17, {{"axis", std::int64_t{2}}}}).refusal({at::ones({2, 3}), at::ones({3})}),
        Errc::invalid_input);
}

TEST(InstanceNormalization, WantsOneScaleForEachChannel) {
    const OneNode node{"InstanceNormalization"};
    EXPECT_EQ(node.refusal({at::ones({1, 2, 3}), at::ones({1}), at::ones({2})}), Errc::invalid_input);
    EXPECT_EQ(node.refusal({at::ones({1, 2}), at::ones({2}), at::ones({2})}), Errc::invalid_input);
}

TEST(MeanVarianceNormalization, GivesZerosAndZeroGradientsForAConstant) {
    const at::Tensor x = at::ones({1, 1, 2, 2}, at::kDouble).set_requires_grad(true);
    const auto y = OneNode{"MeanVarianceNormalization", 13}({x});
    EXPECT_THAT(values_of(y), ElementsAre(0, 0, 0, 0));
    (*y * noise({1, 1, 2, 2}, 1)).sum().backward();
    EXPECT_TRUE(x.grad().isfinite().all().item<bool>());
}

TEST(Lrn, AveragesOverTheChannelsThatAreThere) {
    // Size 3, alpha 3, beta 1, bias 1: y = x / (1 + the sum of the squares of a channel and its neighbours).
    const OneNode node{"LRN", 13, {{"size", std::int64_t{3}}, {"alpha", 3.0F}, {"beta", 1.0F}, {"bias", 1.0F}}};
    EXPECT_THAT(values_of(node({floats({1, 2, 3}, {1, 3, 1})})),
                testing::Pointwise(testing::DoubleNear(1e-6), {1.0 / 6, 2.0 / 15, 3.0 / 14}));
    EXPECT_EQ((OneNode{"LRN", 13, {{"size", std::int64_t{0}}}}).refusal({at::ones({1, 1, 1})}), Errc::invalid_input);
    EXPECT_EQ((OneNode{"LRN", 13, {{"size", std::int64_t{1} << 50}}}).refusal({at::ones({1, 1, 1})}),
              Errc::invalid_input);
    EXPECT_EQ(node.refusal({at::ones({1, 1})}), Errc::invalid_input);
}

TEST(ConvTranspose, AgreesWithLibTorch) {
    const at::Tensor x = noise({2, 4, 5, 3}, 1);
    const at::Tensor weight = noise({4, 3, 3, 2}, 2);
    const at::Tensor bias = noise({6}, 3);
    const Attributes attributes = {{"group", std::int64_t{2}},
                                   {"strides", Integers{2, 3}},
                                   {"dilations", Integers{1, 2}},
                                   {"pads", Integers{1, 0, 1, 0}},
                                   {"output_padding", Integers{1, 2}}};
    EXPECT_LT(largest_difference(OneNode{"ConvTranspose", 11, attributes}({x, weight, bias}),
                                 at::conv_transpose2d(x, weight, bias, {2, 3}, {1, 0}, {1, 2}, 2, {1, 2})),
              1e-12);
}

TEST(ConvTranspose, CutsUnevenPads) {
    const OneNode node{"ConvTranspose", 11, {{"pads", Integers{0, 2}}}};
    EXPECT_THAT(values_of(node({floats({1, 2, 3}, {1, 1, 3}), floats({1, 10, 100}, {1, 1, 3}), floats({0.5})})),
                ElementsAre(1.5, 12.5, 123.5));
}

TEST(ConvTranspose, RefusesWhatDoesNotFit) {
    const at::Tensor x = at::ones({1, 2, 4});
    const at::Tensor weight = at::ones({2, 1, 3});
    const auto refusal = [&](const Attributes& attributes) {
        return OneNode{"ConvTranspose", 11, attributes}.refusal({x, weight});
    };
    EXPECT_EQ(refusal({{"pads", Integers{3, 3}}}), Errc::invalid_input);
    EXPECT_EQ(refusal({{"pads", Integers{-1, 0}}}), Errc::invalid_input);
    EXPECT_EQ(refusal({{"group", std::int64_t{0}}}), Errc::invalid_input);
    EXPECT_EQ(refusal({{"group", std::int64_t{4}}}), Errc::invalid_input);
    EXPECT_EQ(refusal({{"output_shape", Integers{1, 2}}}), Errc::invalid_input);
    EXPECT_EQ(refusal({{"output_padding", Integers{std::int64_t{1} << 40}}}), Errc::invalid_input);
    const OneNode wide{"ConvTranspose", 11, {{"strides", Integers{1 << 20, 1 << 20}}}};
    EXPECT_EQ(wide.refusal({at::ones({1, 1, 9, 9}), at::ones({1, 1, 1, 1})}), Errc::exhausted);
    EXPECT_EQ(OneNode{"ConvTranspose"}.refusal({at::ones({1, 3, 4}), weight}), Errc::invalid_input);
    EXPECT_EQ(OneNode{"ConvTranspose"}.refusal({at::zeros({1, 2, 0}), weight}), Errc::invalid_input);
}

}  // namespace
}  // namespace layer_normalization_test
}  // namespace bartizan::model::operators
