#include "model/interleaved/stack.h"

#include <algorithm>

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include "model/interleaved/fitting.h"
#include "model/interleaved/passes.h"

namespace bartizan::model::interleaved {
namespace stacking {
namespace {

/// What the way back needs besides tensors.
struct Held : torch::CustomClassHolder {
    std::shared_ptr<const Stack> stack;
    std::vector<Layer> layers;
    std::vector<GivenWeights> weights;
    std::shared_ptr<const Packed> packed;
    std::vector<const float*> biases;
    std::vector<std::int64_t>
        places;  ///< of `others`: which is a weight (2 i) or bias (2 i + 1) of layer i; -1 neither
    std::vector<std::int64_t> output;
    std::int64_t images = 0;

    Run run() const { return {layers, packed.get(), biases, images}; }
};

std::span<float> floats_of(const at::Tensor& tensor) {
    return tensor.defined() ? std::span(tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel()))
                            : std::span<float>();
}

at::Tensor forward_of(const Held& held, const at::Tensor& x, const at::Tensor& kept) {
    const at::Tensor whole = x.contiguous();
    at::Tensor y = at::empty(held.output, at::kFloat);
    run_forward(held.run(), whole.data_ptr<float>(), y.data_ptr<float>(), floats_of(kept));
    return y;
}

/// The model's own steps, differentiated by autograd: for who goes on to differentiate the gradient.
torch::autograd::variable_list replayed(const Held& held, const torch::autograd::variable_list& saved,
                                        const at::Tensor& dy, const std::vector<bool>& wanted) {
    const at::AutoGradMode gradients(true);
    const std::span<const at::Tensor> others(saved.data() + 2, saved.size() - 2);
    const at::Tensor y = held.stack->replay(saved[1], others);
    torch::autograd::variable_list by, out(wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i)
        if (wanted[i]) by.push_back(saved[i + 1]);
    const auto found = torch::autograd::grad({y}, by, {dy}, true, true, true);
    for (std::size_t i = 0, next = 0; i < wanted.size(); ++i)
        if (wanted[i]) out[i] = found[next++];
    return out;
}

torch::autograd::variable_list gradients_of(const Held& held, const torch::autograd::variable_list& saved,
                                            const at::Tensor& given, const std::vector<bool>& wanted) {
    torch::autograd::variable_list out(wanted.size());
    std::vector<WeightGradient> weights;
    if (std::find(wanted.begin() + 1, wanted.end(), true) != wanted.end())
        for (const Layer& layer : held.layers)
            weights.push_back({std::vector<float>(static_cast<std::size_t>(layer.filters * layer.taps())),
                               std::vector<float>(static_cast<std::size_t>(layer.filters))});
    if (wanted[0]) out[0] = at::empty(saved[1].sizes(), at::kFloat);
    const at::Tensor dy = given.contiguous();
    run_backward(held.run(), dy.data_ptr<float>(), floats_of(saved[0]), wanted[0] ? out[0].data_ptr<float>() : nullptr,
                 weights);
    for (std::size_t i = 1; i < wanted.size(); ++i) {
        const std::int64_t place = held.places[i - 1];
        if (!wanted[i] || place < 0) continue;
        out[i] = at::empty(saved[i + 1].sizes(), at::kFloat);
        const auto layer = static_cast<std::size_t>(place / 2);
        if (place % 2 == 0)
            unpack(held.layers[layer], weights[layer].weight.data(), held.weights[layer], out[i].data_ptr<float>());
        else
            std::copy(weights[layer].bias.begin(), weights[layer].bias.end(), out[i].data_ptr<float>());
    }
    return out;
}

struct Function : torch::autograd::Function<Function> {
    static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                              const at::TensorList& others, const c10::intrusive_ptr<Held>& held) {
        const Run run = held->run();
        const at::Tensor kept = at::empty({run.blocks() * run.block_size()}, at::kFloat);
        at::Tensor y = forward_of(*held, x, kept);
        torch::autograd::variable_list saved = {kept, x};
        saved.insert(saved.end(), others.begin(), others.end());
        context->save_for_backward(std::move(saved));
        context->saved_data["held"] = at::IValue::make_capsule(held);
        return y;
    }
    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                   const torch::autograd::variable_list& gradients) {
        const auto capsule = context->saved_data["held"].toCapsule();
        const auto& held = static_cast<const Held&>(*capsule);
        const auto saved = context->get_saved_variables();
        std::vector<bool> wanted;
        for (std::size_t i = 0; i + 1 < saved.size(); ++i) wanted.push_back(context->needs_input_grad(i));
        auto out = at::GradMode::is_enabled() ? replayed(held, saved, gradients[0], wanted)
                                              : gradients_of(held, saved, gradients[0], wanted);
        out.emplace_back();  // of `held`
        return out;
    }
};

bool differentiates(const at::Tensor& x, std::span<const at::Tensor> others) {
    const auto required = [](const at::Tensor& tensor) { return tensor.defined() && tensor.requires_grad(); };
    return at::GradMode::is_enabled() && (required(x) || std::ranges::any_of(others, required));
}

/// Of each further input, which layer's weight or bias it is.
std::vector<std::int64_t> places_of(std::span<const Member> members) {
    std::vector<std::int64_t> places;
    std::int64_t layer = 0;
    for (const Member& member : members) {
        for (std::size_t i = 0; i < member.others; ++i)
            places.push_back(member.link.heavy() ? 2 * layer + static_cast<std::int64_t>(i) : -1);
        layer += member.link.heavy() ? 1 : 0;
    }
    return places;
}

}  // namespace
}  // namespace stacking

std::optional<at::Tensor> Stack::run(const at::Tensor& x, std::span<const at::Tensor> others) const {
    // Matrices alone learn faster as products of whole batches; here only their inputs' gradients are made fast.
    if (x.dim() == 2 && !x.requires_grad() && stacking::differentiates(x, others)) return std::nullopt;
    auto fitted = fit(members_, x, others);
    if (!fitted) return std::nullopt;
    auto held = c10::make_intrusive<stacking::Held>();
    held->stack = shared_from_this();
    held->packed = packed_.of(fitted->layers, fitted->weights, live_);
    for (const at::Tensor& bias : fitted->bias)
        held->biases.push_back(bias.defined() ? bias.data_ptr<float>() : nullptr);
    held->layers = std::move(fitted->layers);
    held->weights = std::move(fitted->weights);
    held->places = stacking::places_of(members_);
    held->output = std::move(fitted->output);
    held->images = x.size(0);
    if (!stacking::differentiates(x, others)) return stacking::forward_of(*held, x, {});
    return stacking::Function::apply(x, at::TensorList(others.data(), others.size()), held);
}

at::Tensor Stack::replay(at::Tensor x, std::span<const at::Tensor> others) const {
    for (const Member& member : members_) {
        std::vector<at::Tensor> inputs = {x};
        inputs.insert(inputs.end(), others.begin(), others.begin() + static_cast<std::ptrdiff_t>(member.others));
        others = others.subspan(member.others);
        auto made = member.kernel({.inputs = inputs});
        TORCH_CHECK(made.ok() && !made->empty(), "a step that ran forwards fails on the way back");
        x = (*made)[0];
    }
    return x;
}

}  // namespace bartizan::model::interleaved
