/// Stacks against ATen, over shapes that fill lanes and groups and shapes that do not: values, gradients by input and
/// weights, gradients of gradients; what is not made for them; weights that change.
#include "model/interleaved/stack.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>
#include <torch/csrc/autograd/autograd.h>

#include "model/interleaved/kernels.h"

namespace bartizan::model::interleaved {
namespace {

graph::Node node_of(std::string type, std::size_t inputs,
                    std::map<std::string, graph::Attribute, std::less<>> attributes = {}) {
    graph::Node node;
    node.op_type = std::move(type);
    for (std::size_t i = 0; i < inputs; ++i) node.inputs.push_back("i" + std::to_string(i));
    node.outputs = {"y"};
    node.attributes = std::move(attributes);
    return node;
}

/// Layers as a table would list them; a member for each, and one for each Relu between them.
struct ConvolutionCase {
    std::int64_t filters, kernel_h, kernel_w;
    std::vector<std::int64_t> strides, padding;
    bool relu;
};
struct Case {
    std::int64_t images, channels, h, w;
    std::vector<ConvolutionCase> convolutions;
    std::vector<std::int64_t> products;  // outputs of each; a Relu between them
};

const Case kCases[] = {
    {64, 1, 28, 28, {{16, 4, 4, {2, 2}, {1, 1}, true}, {32, 4, 4, {2, 2}, {1, 1}, true}}, {100, 10}},
    {19, 3, 9, 7, {{5, 3, 2, {2, 1}, {1, 0}, true}, {6, 2, 3, {1, 2}, {0, 2}, false}}, {3}},
    {8, 2, 6, 6, {{7, 1, 1, {1, 1}, {0, 0}, true}, {9, 5, 5, {3, 3}, {4, 4}, true}}, {}},
    {33, 37, 1, 1, {}, {21, 1, 6}},
    {16, 4, 5, 5, {{4, 5, 5, {1, 1}, {0, 0}, true}, {3, 1, 1, {1, 1}, {0, 0}, false}}, {}},
    {24, 1, 3, 12, {{2, 3, 3, {1, 3}, {5, 5}, true}}, {4}},
};

struct Built {
    std::shared_ptr<Stack> stack;
    at::Tensor x;
    std::vector<at::Tensor> others, weights;
    /// What goes into each Relu: the members in front of it, and how many of `others` they take.
    std::vector<std::pair<std::shared_ptr<Stack>, std::size_t>> rectified = {};
};

at::TensorOptions single() { return at::TensorOptions().dtype(at::kFloat); }

class Builder {
public:
    explicit Builder(const Case& c) : channels_(c.channels), h_(c.h), w_(c.w) {
        built_.x = c.convolutions.empty() ? at::randn({c.images, c.channels}, single())
                                          : at::randn({c.images, c.channels, c.h, c.w}, single());
        built_.x.set_requires_grad(true);
        for (const ConvolutionCase& convolution : c.convolutions) add(convolution);
        if (!c.convolutions.empty() && !c.products.empty()) member("Flatten", 0, {});
        for (std::size_t i = 0; i < c.products.size(); ++i) {
            if (i > 0) member("Relu", 0, {});
            add(c.products[i], i % 2 == 0);
        }
    }

    Built built(bool live) && {
        built_.stack = std::make_shared<Stack>(std::move(members_), live);
        return std::move(built_);
    }

private:
    void member(const std::string& type, std::size_t others,
                std::map<std::string, graph::Attribute, std::less<>> attributes) {
        if (type == "Relu")
            built_.rectified.emplace_back(std::make_shared<Stack>(members_, false), built_.others.size());
        const graph::Node node = node_of(type, 1 + others, std::move(attributes));
        const auto link = link_of(node);
        ASSERT_TRUE(link) << type;
        auto kernel = (*find_operator(node, 13))->compile(node, 13);
        ASSERT_TRUE(kernel.ok()) << kernel.error().message();
        members_.push_back({*link, *kernel, others});
    }

    at::Tensor leaf(std::vector<std::int64_t> sizes, double scale) {
        const at::Tensor tensor = (at::randn(sizes, single()) * scale).detach().set_requires_grad(true);
        built_.others.push_back(tensor);
        built_.weights.push_back(tensor);
        return tensor;
    }

    void add(const ConvolutionCase& c) {
        const double scale = 1 / std::sqrt(static_cast<double>(channels_ * c.kernel_h * c.kernel_w));
        leaf({c.filters, channels_, c.kernel_h, c.kernel_w}, scale);
        const bool bias = c.filters % 2 == 0;  // with and without
        if (bias) leaf({c.filters}, 1);
        const std::vector<std::int64_t> pads = {c.padding[0], c.padding[1], c.padding[0], c.padding[1]};
        member("Conv", bias ? 2 : 1, {{"strides", c.strides}, {"pads", pads}});
        if (c.relu) member("Relu", 0, {});
        channels_ = c.filters;
        h_ = (h_ + 2 * c.padding[0] - c.kernel_h) / c.strides[0] + 1;
        w_ = (w_ + 2 * c.padding[1] - c.kernel_w) / c.strides[1] + 1;
    }

    void add(std::int64_t outputs, bool transposed) {
        const std::int64_t inputs = channels_ * h_ * w_;
        const double scale = 1 / std::sqrt(static_cast<double>(inputs));
        leaf(transposed ? std::vector{outputs, inputs} : std::vector{inputs, outputs}, scale);
        leaf({outputs}, 1);
        member("Gemm", 2, {{"transB", std::int64_t{transposed ? 1 : 0}}});
        channels_ = outputs;
        h_ = w_ = 1;
    }

    std::vector<Member> members_;
    Built built_;
    std::int64_t channels_, h_, w_;
};

/// How near to 0 something comes that a Relu sees.
double nearest_kink(const Built& built) {
    const at::NoGradGuard none;
    double out = 1;
    for (const auto& [front, others] : built.rectified)
        out = std::min(out, front->replay(built.x, std::span(built.others).first(others)).abs().min().item<double>());
    return out;
}

/// Where a Relu sees almost 0, rounding decides whether a gradient passes: ATen's depends on where tensors lie in
/// memory, and so two right answers differ. Draws until nothing comes that near.
Built drawn(const Case& c, bool live) {
    constexpr double kNear = 1e-6;
    Built out = Builder(c).built(live);
    for (int tries = 1; nearest_kink(out) < kNear && tries < 100; ++tries) out = Builder(c).built(live);
    EXPECT_GE(nearest_kink(out), kNear);
    return out;
}

double distance(const at::Tensor& a, const at::Tensor& b) {
    EXPECT_EQ(a.sizes(), b.sizes());
    return ((a - b).abs().max() / (1e-3 + b.abs().max())).item<double>();
}

TEST(InterleavedStack, GivesTheStepsValuesAndGradients) {
    for (const Case& c : kCases) {
        const Built built = drawn(c, true);
        const auto ours = built.stack->run(built.x, built.others);
        ASSERT_TRUE(ours) << built.x.sizes();
        const at::Tensor theirs = built.stack->replay(built.x, built.others);
        EXPECT_LT(distance(*ours, theirs), 1e-5) << built.x.sizes();
        std::vector<at::Tensor> by = built.weights;
        by.push_back(built.x);
        const at::Tensor dy = at::randn(theirs.sizes(), single());
        const auto got = torch::autograd::grad({*ours}, by, {dy}), expected = torch::autograd::grad({theirs}, by, {dy});
        for (std::size_t i = 0; i < by.size(); ++i)
            EXPECT_LT(distance(got[i], expected[i]), 2e-5) << "gradient " << i << " of " << built.x.sizes();
    }
}

TEST(InterleavedStack, GivesTheGradientOfTheInputAlone) {
    for (const Case& c : kCases) {
        Built built = drawn(c, false);
        for (at::Tensor& tensor : built.others) tensor = tensor.detach();
        const auto by_input = [&](const at::Tensor& y) {
            return torch::autograd::grad({y.square().sum()}, {built.x})[0];
        };
        const auto ours = built.stack->run(built.x, built.others);
        ASSERT_TRUE(ours);
        EXPECT_LT(distance(by_input(*ours), by_input(built.stack->replay(built.x, built.others))), 2e-5);
        const at::NoGradGuard none;
        EXPECT_LT(distance(*built.stack->run(built.x, built.others), *ours), 1e-7);  // nothing kept: the same values
    }
}

TEST(InterleavedStack, CanBeDifferentiatedTwice) {
    for (const Case& c : kCases) {
        const Built built = drawn(c, true);
        std::vector<at::Tensor> by = built.weights;
        by.push_back(built.x);
        const auto twice = [&](const at::Tensor& y) {
            const auto once = torch::autograd::grad({y.pow(3).sum()}, {built.x}, {}, true, true);
            return torch::autograd::grad({once[0].square().sum()}, by, {}, true, false, true);
        };
        const auto ours = twice(*built.stack->run(built.x, built.others));
        const auto theirs = twice(built.stack->replay(built.x, built.others));
        for (std::size_t i = 0; i < by.size(); ++i) {
            ASSERT_EQ(ours[i].defined(), theirs[i].defined());
            if (ours[i].defined()) EXPECT_LT(distance(ours[i], theirs[i]), 1e-3) << i << " of " << built.x.sizes();
        }
    }
}

TEST(InterleavedStack, SeesWeightsThatTrainingWritesInto) {
    const Built built = Builder(kCases[0]).built(true);
    const at::NoGradGuard none;
    const at::Tensor before = *built.stack->run(built.x, built.others);
    at::Tensor weight = built.others[0];
    weight.data_ptr<float>()[7] += 3;  // as an optimiser does, behind the back of version counters
    const at::Tensor after = *built.stack->run(built.x, built.others);
    EXPECT_GT((before - after).abs().max().item<double>(), 1e-3);
    EXPECT_LT(distance(after, built.stack->replay(built.x, built.others)), 1e-5);
}

TEST(InterleavedStack, LeavesWhatItIsNotMadeForToTheSteps) {
    const Built built = Builder(kCases[0]).built(false);
    EXPECT_FALSE(built.stack->run(built.x.slice(0, 0, 7), built.others));  // most lanes would be empty
    EXPECT_FALSE(built.stack->run(built.x.to(at::kDouble), built.others));
    EXPECT_FALSE(built.stack->run(at::randn({16, 3, 28, 28}, single()), built.others));
    EXPECT_FALSE(built.stack->run(at::randn({16, 1, 512, 512}, single()), built.others));
    EXPECT_FALSE(built.stack->run(at::randn({16, 1, 1, 28}, single()), built.others));  // no output is left
    std::vector<at::Tensor> others = built.others;
    others[0] = others[0].transpose(2, 3);
    EXPECT_FALSE(built.stack->run(built.x, others));
}

TEST(InterleavedStack, TakesNoNodeThatIsSomethingElse) {
    using Attributes = std::map<std::string, graph::Attribute, std::less<>>;
    EXPECT_FALSE(link_of(node_of("Conv", 2, Attributes{{"group", std::int64_t{2}}})));
    EXPECT_FALSE(link_of(node_of("Conv", 2, Attributes{{"dilations", std::vector<std::int64_t>{2, 2}}})));
    EXPECT_FALSE(link_of(node_of("Gemm", 3, Attributes{{"alpha", 0.5F}})));
    EXPECT_FALSE(link_of(node_of("Gemm", 3, Attributes{{"transA", std::int64_t{1}}})));
    EXPECT_FALSE(link_of(node_of("Flatten", 1, Attributes{{"axis", std::int64_t{2}}})));
    EXPECT_FALSE(link_of(node_of("Sigmoid", 1)));
    EXPECT_TRUE(link_of(node_of("Relu", 1)));
}

TEST(InterleavedKernels, KeepNotANumber) {
    const Layer layer{.rectified = true};
    std::vector<float> x(kLanes, -1.0F), y(kLanes);
    x[3] = std::numeric_limits<float>::quiet_NaN();
    const float weight = 1, bias = 0;
    forward(layer, x.data(), &weight, &bias, y.data());
    EXPECT_EQ(y[0], 0);
    EXPECT_TRUE(std::isnan(y[3]));
}

}  // namespace
}  // namespace bartizan::model::interleaved
