// Normalisation by statistics, and dropout.
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/dropout.h>
#include <ATen/ops/ones_like.h>

#include "model/operators/build.h"
#include "model/operators/families.h"

namespace bartizan::model::operators {
namespace normalization {
namespace {

/// Y, running mean and running variance of a node that was exported in training mode. ONNX takes the population
/// variance; `momentum` is the share of the old value.
Tensors batch_norm_in_training(const Call& call, double epsilon, double momentum) {
    const at::Tensor& x = call.inputs[0];
    std::vector<std::int64_t> axes = {0};
    for (std::int64_t axis = 2; axis < x.dim(); ++axis) axes.push_back(axis);
    std::vector<std::int64_t> shape(static_cast<std::size_t>(x.dim()), 1);
    if (x.dim() > 1) shape[1] = x.size(1);
    const at::Tensor mean = x.mean(axes), variance = x.var(axes, false);
    const at::Tensor scale = (call.inputs[1] / (variance + epsilon).sqrt()).reshape(shape);
    const at::Tensor y = (x - mean.reshape(shape)) * scale + call.inputs[2].reshape(shape);
    return {y, call.inputs[3] * momentum + mean * (1 - momentum), call.inputs[4] * momentum + variance * (1 - momentum)};
}

Result<Kernel> batch_normalization(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 5, 5));
    const double epsilon = BARTIZAN_TRY(node.real("epsilon", 1e-5F));
    const double momentum = BARTIZAN_TRY(node.real("momentum", 0.9F));
    const bool exported_in_training = BARTIZAN_TRY(node.integer("training_mode", 0)) != 0;
    if (BARTIZAN_TRY(node.integer("spatial", 1)) != 1) return unsupported("BatchNormalization with spatial = 0");
    return half_as_float([=](const Call& call) -> Result<Tensors> {
        const auto& in = call.inputs;
        if (in[0].dim() < 2) return invalid_input("input " + to_string(shape_of(in[0])) + " has no channels");
        if (exported_in_training) return batch_norm_in_training(call, epsilon, momentum);
        // While the model is trained, running statistics are updated in place: they are the model's own.
        const bool training = call.mode == Mode::training;
        return Tensors{at::batch_norm(in[0], in[1], in[2], in[3], in[4], training, 1 - momentum, epsilon, false)};
    });
}

Result<Kernel> dropout(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 3));
    const double preset = BARTIZAN_TRY(node.real("ratio", 0.5F));
    const bool wants_mask = node.outputs.size() > 1 && !node.outputs[1].empty();
    return half_as_float([=](const Call& call) -> Result<Tensors> {
        const at::Tensor& x = call.inputs[0];
        const double ratio = call.has(1) ? call.inputs[1].item<double>() : preset;
        if (!(ratio >= 0 && ratio < 1)) return invalid_input("ratio is " + std::to_string(ratio) + ", not in [0, 1)");
        const bool exported_in_training = call.has(2) && call.inputs[2].item<bool>();
        if ((call.mode == Mode::evaluation && !exported_in_training) || ratio == 0) {
            if (!wants_mask) return Tensors{x};
            return Tensors{x, at::ones_like(x, at::kBool)};
        }
        const at::Tensor kept = at::dropout(at::ones_like(x), ratio, true);
        return Tensors{x * kept, kept.ne(0)};
    });
}

constexpr OperatorSpec kOperators[] = {
    {"", "BatchNormalization", 1, Gradient::smooth, batch_normalization},
    {"", "Dropout", 1, Gradient::smooth, dropout},
};

}  // namespace
}  // namespace normalization

std::span<const OperatorSpec> normalization_operators() { return normalization::kOperators; }

}  // namespace bartizan::model::operators
