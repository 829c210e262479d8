/// The fast kernel against ATen's, values and gradients, bit for bit.
#include "model/operators/max_pool.h"

#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

namespace bartizan::model::operators {
namespace {

struct Case {
    std::vector<std::int64_t> sizes;
    PoolShape shape;
};

const Case kCases[] = {
    {{2, 3, 8, 8}, {2, 2, 2, 2, 0, 0}},   {{1, 2, 14, 14}, {2, 2, 2, 2, 0, 0}},  // seven windows: four lanes overlap
    {{1, 2, 28, 28}, {2, 2, 2, 2, 0, 0}}, {{1, 1, 2, 2}, {2, 2, 2, 2, 0, 0}},   {{1, 2, 7, 9}, {2, 2, 2, 2, 0, 0}},
    {{1, 2, 33, 35}, {2, 2, 2, 2, 0, 0}}, {{2, 2, 9, 9}, {3, 3, 2, 2, 1, 1}},   {{1, 3, 11, 6}, {3, 2, 1, 2, 1, 0}},
    {{1, 1, 20, 20}, {5, 5, 3, 3, 2, 2}}, {{1, 2, 16, 16}, {2, 2, 1, 1, 0, 0}}, {{0, 2, 8, 8}, {2, 2, 2, 2, 0, 0}},
};

at::Tensor reference(const at::Tensor& x, const PoolShape& s) {
    return at::max_pool2d(x, {s.kernel_h, s.kernel_w}, {s.stride_h, s.stride_w}, {s.pad_h, s.pad_w});
}

bool same(const at::Tensor& a, const at::Tensor& b) {
    const at::Tensor nan_a = a != a, nan_b = b != b;
    return at::equal(nan_a, nan_b) && at::equal(a.masked_fill(nan_a, 0), b.masked_fill(nan_b, 0));
}

/// Values and gradients of both, under the same weights on the outputs.
void expect_same(const at::Tensor& x, const PoolShape& shape) {
    const at::Tensor ours = x.detach().clone().set_requires_grad(true);
    const at::Tensor theirs = x.detach().clone().set_requires_grad(true);
    const at::Tensor y = fast_max_pool(ours, shape), z = reference(theirs, shape);
    EXPECT_TRUE(same(y, z)) << x.sizes();
    const at::Tensor weights = at::randn(y.sizes(), y.options().requires_grad(false));
    y.backward(weights);
    z.backward(weights);
    EXPECT_TRUE(same(ours.grad(), theirs.grad())) << x.sizes();
    EXPECT_TRUE(same(fast_max_pool(x, shape), z.detach())) << "without gradients";
}

TEST(FastMaxPool, GivesWhatAtenGives) {
    for (const Case& c : kCases)
        for (const at::ScalarType type : {at::kFloat, at::kDouble})
            expect_same(at::randn(c.sizes, at::TensorOptions().dtype(type)), c.shape);
}

TEST(FastMaxPool, CanBeDifferentiatedTwice) {
    // The square of a gradient, differentiated: what gradient matching does.
    const auto twice = [](const at::Tensor& leaf, const at::Tensor& pooled) {
        const auto once = torch::autograd::grad({pooled.pow(3).sum()}, {leaf}, {}, true, true)[0];
        return torch::autograd::grad({once.square().sum()}, {leaf})[0];
    };
    for (const Case& c : kCases) {
        if (c.sizes[0] == 0) continue;
        const at::Tensor x = at::randn(c.sizes, at::TensorOptions().dtype(at::kDouble)).set_requires_grad(true);
        const at::Tensor ours = twice(x, fast_max_pool(x, c.shape)), theirs = twice(x, reference(x, c.shape));
        EXPECT_LT((ours - theirs).abs().max().item<double>(), 1e-9) << x.sizes();
        EXPECT_GT(ours.abs().max().item<double>(), 0);
    }
}

TEST(FastMaxPool, TakesTheFirstOfEqualValues) {
    for (const Case& c : kCases)
        expect_same(at::randint(0, 2, c.sizes, at::TensorOptions().dtype(at::kFloat)), c.shape);
}

TEST(FastMaxPool, LetsNaNThrough) {
    for (const Case& c : kCases) {
        at::Tensor x = at::randn(c.sizes, at::TensorOptions().dtype(at::kFloat));
        x.masked_fill_(at::randint(0, 5, c.sizes, x.options()) == 0, std::numeric_limits<double>::quiet_NaN());
        const at::Tensor y = fast_max_pool(x, c.shape);
        EXPECT_TRUE(same(y, reference(x, c.shape))) << x.sizes();
    }
}

TEST(FastMaxPool, TakesStridedInputs) {
    const at::Tensor x = at::randn({2, 8, 8, 3}, at::TensorOptions().dtype(at::kFloat)).permute({0, 3, 1, 2});
    expect_same(x, {2, 2, 2, 2, 0, 0});
}

TEST(FastMaxPool, LeavesToAtenWhatDoesNotFit) {
    const auto options = at::TensorOptions().dtype(at::kFloat);
    EXPECT_TRUE(fast_max_pool_fits(at::randn({1, 1, 20, 20}, options), {15, 17, 1, 1, 0, 0}));
    EXPECT_FALSE(fast_max_pool_fits(at::randn({1, 1, 20, 20}, options), {16, 16, 1, 1, 0, 0}));
    EXPECT_FALSE(fast_max_pool_fits(at::randn({1, 20, 20}, options), {2, 2, 2, 2, 0, 0}));
    EXPECT_FALSE(fast_max_pool_fits(at::randint(9, {1, 1, 4, 4}, at::TensorOptions().dtype(at::kLong)), {}));
}

}  // namespace
}  // namespace bartizan::model::operators
