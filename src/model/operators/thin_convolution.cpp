#include "model/operators/thin_convolution.h"

#include <algorithm>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include "model/operators/thin_forward.h"
#include "model/operators/thin_gradient.h"

namespace bartizan::model::operators {
namespace thin_convolving {
namespace {

using Sizes = std::vector<std::int64_t>;

// Layers that only the gradient is made for here: up to so many channels, from such a stride (of both axes) on.
constexpr std::int64_t kMaxStridedChannels = 16, kMinStrides = 4;

/// Of the picture's own layer; of a wider one ATen's.
at::Tensor values(const at::Tensor& given_x, const at::Tensor& given_weight, const at::Tensor& given_bias,
                  const Sizes& strides, const Sizes& padding) {
    if (given_x.size(1) > kMaxThinChannels)
        return at::convolution(given_x, given_weight, given_bias, strides, padding, {1, 1}, false, {0, 0}, 1);
    const at::Tensor x = given_x.contiguous(), weight = given_weight.contiguous(), bias = given_bias.contiguous();
    const std::int64_t h = x.size(2), w = x.size(3), kernel_h = weight.size(2), kernel_w = weight.size(3);
    const std::int64_t oh = (h + 2 * padding[0] - kernel_h) / strides[0] + 1;
    const std::int64_t ow = (w + 2 * padding[1] - kernel_w) / strides[1] + 1;
    const at::Tensor y = at::empty({x.size(0), weight.size(0), oh, ow}, x.options().requires_grad(false));
    const ThinForward forward(
        {x.size(1), h, w, weight.size(0), oh, ow, kernel_h, kernel_w, strides[0], strides[1], padding[0], padding[1]},
        weight.data_ptr<float>(), bias.data_ptr<float>());
    const std::int64_t from = x.size(1) * h * w, to = weight.size(0) * oh * ow;
    std::vector<float> scratch;
    for (std::int64_t image = 0; image < x.size(0); ++image)
        forward.image(x.data_ptr<float>() + image * from, y.data_ptr<float>() + image * to, scratch);
    return y;
}

at::Tensor input_gradient(const at::Tensor& given_dy, const at::Tensor& given_weight, const Sizes& x,
                          const Sizes& strides, const Sizes& padding) {
    const at::Tensor dy = given_dy.contiguous(), weight = given_weight.contiguous();
    const ThinGradient gradient({x[1], x[2], x[3], dy.size(1), dy.size(2), dy.size(3), weight.size(2), weight.size(3),
                                 strides[0], strides[1], padding[0], padding[1]},
                                weight.data_ptr<float>());
    const at::Tensor dx = at::empty(x, dy.options());
    const std::int64_t from = dy.size(1) * dy.size(2) * dy.size(3), to = x[1] * x[2] * x[3];
    std::vector<float> scratch;
    for (std::int64_t image = 0; image < x[0]; ++image)
        gradient.image(dy.data_ptr<float>() + image * from, dx.data_ptr<float>() + image * to, scratch);
    return dx;
}

struct Function : torch::autograd::Function<Function> {
    static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                              const at::Tensor& bias, const Sizes& strides, const Sizes& padding) {
        // The picture is kept only if the weights learn: attacks hold on to nothing.
        const bool learns = weight.requires_grad() || bias.requires_grad();
        context->save_for_backward({learns ? x : at::Tensor(), weight});
        context->saved_data["sizes"] = x.sizes().vec();
        context->saved_data["strides"] = strides;
        context->saved_data["padding"] = padding;
        return values(x, weight, bias, strides, padding);
    }
    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   const torch::autograd::variable_list& gradients) {
        const auto saved = context->get_saved_variables();
        const at::Tensor &dy = gradients[0], &x = saved[0], &weight = saved[1];
        const Sizes strides = context->saved_data["strides"].toIntVector();
        const Sizes padding = context->saved_data["padding"].toIntVector();
        const Sizes picture = context->saved_data["sizes"].toIntVector();
        // Whoever differentiates a second time needs a gradient that autograd knows: ATen's. It wants a picture even
        // where only its shape counts.
        // Attacks on a model in training ask for the gradient by the picture alone.
        const bool again = at::GradMode::is_enabled(), slope = context->needs_input_grad(0);
        const bool learns = x.defined() && (context->needs_input_grad(1) || context->needs_input_grad(2));
        at::Tensor dx, dw, db;
        if (learns || again) {
            const Sizes bias_sizes = {weight.size(0)};
            const at::OptionalIntArrayRef sizes(bias_sizes);
            const at::Tensor input = x.defined() ? x : at::zeros(picture, dy.options().requires_grad(false));
            std::tie(dx, dw, db) = at::convolution_backward(dy, input, weight, sizes, strides, padding, {1, 1}, false,
                                                            {0, 0}, 1, {again && slope, learns, learns});
        }
        if (!again && slope) dx = input_gradient(dy, weight, picture, strides, padding);
        return {dx, dw, db, at::Tensor(), at::Tensor()};
    }
};

}  // namespace
}  // namespace thin_convolving

bool thin_convolution_fits(const at::Tensor& x, const at::Tensor& weight, const std::vector<std::int64_t>& strides,
                           const std::vector<std::int64_t>& dilations, std::int64_t groups) {
    using namespace thin_convolving;
    const auto ones = [](std::int64_t value) { return value == 1; };
    if (x.dim() != 4 || groups != 1 || !x.device().is_cpu() || x.scalar_type() != at::kFloat ||
        weight.scalar_type() != at::kFloat || x.size(1) != weight.size(1) || !std::ranges::all_of(dilations, ones) ||
        std::max(weight.size(2), weight.size(3)) > kMaxThinKernel || std::max(strides[0], strides[1]) > kMaxThinStride)
        return false;
    if (x.size(1) <= kMaxThinChannels) return true;
    // Between wider layers oneDNN is good at everything but the gradient of a convolution that makes pictures smaller.
    return at::GradMode::is_enabled() && x.requires_grad() && x.size(1) <= kMaxStridedChannels &&
           strides[0] * strides[1] >= kMinStrides;
}

at::Tensor thin_convolution(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            const std::vector<std::int64_t>& strides, const std::vector<std::int64_t>& padding) {
    // A custom function takes no undefined tensors.
    const at::Tensor given = bias.defined() ? bias : at::zeros({weight.size(0)}, weight.options().requires_grad(false));
    return thin_convolving::Function::apply(x, weight, given, strides, padding);
}

}  // namespace bartizan::model::operators
