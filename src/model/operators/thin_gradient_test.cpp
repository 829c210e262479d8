/// The gradient by a thin picture against ATen's, over shapes, strides and paddings; and what autograd makes of it.
#include "model/operators/thin_gradient.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "model/operators/thin_convolution.h"

namespace bartizan::model::operators {
namespace {

struct Case {
    std::int64_t channels, h, w, filters, kernel_h, kernel_w;
    std::vector<std::int64_t> strides, padding;
};

const Case kCases[] = {
    {1, 28, 28, 32, 3, 3, {1, 1}, {1, 1}},  {1, 28, 28, 16, 4, 4, {2, 2}, {1, 1}},
    {3, 32, 32, 16, 3, 3, {1, 1}, {1, 1}},  {3, 32, 32, 8, 5, 5, {1, 1}, {2, 2}},
    {2, 9, 13, 5, 3, 2, {2, 1}, {1, 0}},    {4, 17, 11, 3, 7, 7, {4, 3}, {3, 3}},
    {1, 5, 5, 2, 1, 1, {2, 2}, {0, 0}},     {1, 6, 7, 2, 3, 3, {1, 2}, {0, 2}},
    {3, 40, 24, 4, 2, 2, {3, 3}, {0, 0}},   {1, 2, 2, 1, 2, 2, {1, 1}, {0, 0}},
    {2, 8, 8, 3, 3, 3, {2, 2}, {5, 5}},     {1, 16, 16, 4, 16, 16, {4, 4}, {0, 0}},
    {16, 14, 14, 32, 4, 4, {2, 2}, {1, 1}}, {7, 13, 9, 5, 3, 3, {2, 3}, {1, 0}},
    {1, 28, 28, 7, 4, 4, {2, 2}, {1, 1}},   {4, 20, 40, 9, 5, 3, {1, 2}, {2, 1}},
};

struct Leaves {
    at::Tensor x, weight, bias;
};

Leaves leaves_of(const Case& c, std::int64_t images) {
    const auto options = at::TensorOptions().dtype(at::kFloat);
    return {at::randn({images, c.channels, c.h, c.w}, options).set_requires_grad(true),
            at::randn({c.filters, c.channels, c.kernel_h, c.kernel_w}, options).set_requires_grad(true),
            at::randn({c.filters}, options).set_requires_grad(true)};
}

double distance(const at::Tensor& a, const at::Tensor& b) {
    return a.numel() == 0 ? 0 : ((a - b).abs() / (1 + b.abs())).max().item<double>();
}

TEST(ThinConvolution, CanBeDifferentiatedTwice) {
    for (const Case& c : kCases) {
        const Leaves leaves = leaves_of(c, 2);
        const std::vector<at::Tensor> by = {leaves.x, leaves.weight, leaves.bias};
        const auto twice = [&](const at::Tensor& y) {
            const auto once = torch::autograd::grad({y.pow(3).sum()}, by, {}, true, true);
            return torch::autograd::grad({once[0].square().sum() + once[1].square().sum() + once[2].sum()}, by);
        };
        const auto ours = twice(thin_convolution(leaves.x, leaves.weight, leaves.bias, c.strides, c.padding));
        const auto theirs = twice(
            at::convolution(leaves.x, leaves.weight, leaves.bias, c.strides, c.padding, {1, 1}, false, {0, 0}, 1));
        for (std::size_t i = 0; i < by.size(); ++i)
            EXPECT_LT(((ours[i] - theirs[i]).abs().max() / theirs[i].abs().max()).item<double>(), 1e-4)
                << "gradient " << i << " of " << leaves.x.sizes();
    }
}

TEST(ThinConvolution, GivesAtensValuesAndGradients) {
    for (const Case& c : kCases) {
        const Leaves at_leaves = leaves_of(c, 3);
        const at::Tensor ours = thin_convolution(at_leaves.x, at_leaves.weight, at_leaves.bias, c.strides, c.padding);
        const at::Tensor theirs = at::convolution(at_leaves.x, at_leaves.weight, at_leaves.bias, c.strides, c.padding,
                                                  {1, 1}, false, {0, 0}, 1);
        EXPECT_LT(distance(ours, theirs), 2e-5) << at_leaves.x.sizes();
        const std::vector<at::Tensor> by = {at_leaves.x, at_leaves.weight, at_leaves.bias};
        const at::Tensor dy = at::randn(ours.sizes(), at::TensorOptions().dtype(at::kFloat));
        const auto got = torch::autograd::grad({ours}, by, {dy}), expected = torch::autograd::grad({theirs}, by, {dy});
        for (std::size_t i = 0; i < by.size(); ++i)
            EXPECT_LT(distance(got[i], expected[i]), 2e-4) << "gradient " << i << " of " << at_leaves.x.sizes();
    }
}

TEST(ThinConvolution, NeedsNoGradientOfConstantWeights) {
    const Leaves leaves = leaves_of(kCases[0], 2);
    const at::Tensor weight = leaves.weight.detach();
    const at::Tensor y = thin_convolution(leaves.x, weight, at::Tensor(), {1, 1}, {1, 1});
    y.sum().backward();
    EXPECT_EQ(leaves.x.grad().sizes(), leaves.x.sizes());
    EXPECT_FALSE(weight.grad().defined());
}

TEST(ThinConvolution, TakesNoImagesAndStridedGradients) {
    const Leaves none = leaves_of(kCases[0], 0);
    EXPECT_EQ(thin_convolution(none.x, none.weight, none.bias, {1, 1}, {1, 1}).size(0), 0);
    const Leaves leaves = leaves_of(kCases[2], 2);
    const at::Tensor y = thin_convolution(leaves.x, leaves.weight, leaves.bias, {1, 1}, {1, 1});
    const at::Tensor dy = at::randn({2, 32, 32, 16}, at::TensorOptions().dtype(at::kFloat)).permute({0, 3, 1, 2});
    const at::Tensor z =
        at::convolution(leaves.x, leaves.weight, leaves.bias, {1, 1}, {1, 1}, {1, 1}, false, {0, 0}, 1);
    EXPECT_LT(
        distance(torch::autograd::grad({y}, {leaves.x}, {dy})[0], torch::autograd::grad({z}, {leaves.x}, {dy})[0]),
        2e-4);
}

TEST(ThinConvolution, TrainsWithoutAGradientOfThePicture) {
    const Leaves leaves = leaves_of(kCases[1], 2);
    const at::Tensor picture = leaves.x.detach();
    const at::Tensor ours = thin_convolution(picture, leaves.weight, leaves.bias, {2, 2}, {1, 1});
    const at::Tensor theirs =
        at::convolution(picture, leaves.weight, leaves.bias, {2, 2}, {1, 1}, {1, 1}, false, {0, 0}, 1);
    const std::vector<at::Tensor> by = {leaves.weight, leaves.bias};
    const auto got = torch::autograd::grad({ours.square().sum()}, by),
               expected = torch::autograd::grad({theirs.square().sum()}, by);
    for (std::size_t i = 0; i < by.size(); ++i) EXPECT_LT(distance(got[i], expected[i]), 2e-4);
}

TEST(ThinConvolution, IsForPicturesAndForGradientsOfStridedLayers) {
    const auto options = at::TensorOptions().dtype(at::kFloat);
    const at::Tensor picture = at::randn({1, 3, 8, 8}, options);
    const at::Tensor weight = at::randn({4, 3, 3, 3}, options);
    EXPECT_TRUE(thin_convolution_fits(picture, weight, {1, 1}, {1, 1}, 1));
    EXPECT_FALSE(thin_convolution_fits(picture, weight, {1, 1}, {2, 1}, 1));
    EXPECT_FALSE(thin_convolution_fits(picture, weight, {5, 1}, {1, 1}, 1));
    EXPECT_FALSE(thin_convolution_fits(picture.to(at::kDouble), weight.to(at::kDouble), {1, 1}, {1, 1}, 1));
    const at::Tensor layer = at::randn({1, 8, 8, 8}, options).set_requires_grad(true);
    const at::Tensor wide = at::randn({4, 8, 3, 3}, options);
    EXPECT_TRUE(thin_convolution_fits(layer, wide, {2, 2}, {1, 1}, 1));
    EXPECT_FALSE(thin_convolution_fits(layer, wide, {1, 1}, {1, 1}, 1));
    EXPECT_FALSE(thin_convolution_fits(layer.detach(), wide, {2, 2}, {1, 1}, 1));
}

}  // namespace
}  // namespace bartizan::model::operators
