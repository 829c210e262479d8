// Operators of ONNX's early days that no later opset kept, still met in exported files: Affine, Crop, ImageScaler,
// ParametricSoftplus, ScaledTanh.
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/tensor.h>

#include "model/operators/build.h"
#include "model/operators/families.h"

namespace bartizan::model::operators {
namespace experimental {
namespace {

/// Operators with two factors, `alpha` and `beta`.
template <class Function>
Result<Kernel> with_factors(const graph::Node& node, float beta_preset, Function function) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const double alpha = BARTIZAN_TRY(node.real("alpha", 1));
    const double beta = BARTIZAN_TRY(node.real("beta", beta_preset));
    return numeric([=](const Call& call) { return function(call.inputs[0], alpha, beta); });
}

Result<Kernel> affine(const graph::Node& node, std::int64_t) {
    return with_factors(node, 0, [](const at::Tensor& x, double alpha, double beta) { return x * alpha + beta; });
}

Result<Kernel> scaled_tanh(const graph::Node& node, std::int64_t) {
    return with_factors(node, 1,
                        [](const at::Tensor& x, double alpha, double beta) { return (x * beta).tanh() * alpha; });
}

Result<Kernel> parametric_softplus(const graph::Node& node, std::int64_t) {
    return with_factors(node, 1,
                        [](const at::Tensor& x, double alpha, double beta) { return at::softplus(x * beta) * alpha; });
}

/// x * scale + bias[channel].
Result<Kernel> image_scaler(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const double scale = BARTIZAN_TRY(node.real("scale", 1));
    const std::vector<float> biases = BARTIZAN_TRY(node.reals("bias", {}));
    return numeric([scale, bias = at::tensor(biases)](const Call& call) -> Result<at::Tensor> {
        const at::Tensor& x = call.inputs[0];
        if (x.dim() != 4 || bias.numel() != x.size(1))
            return invalid_input("ImageScaler of shape " + to_string(shape_of(x)) + " with " +
                                 std::to_string(bias.numel()) + " biases");
        return x * scale + bias.to(x.scalar_type()).reshape({1, -1, 1, 1});
    });
}

/// What is left of an image: all but the borders, or `height` x `width` from the top left border on.
Result<at::Tensor> cropped(const at::Tensor& x, const std::vector<std::int64_t>& border,
                           const std::vector<std::int64_t>& size) {
    if (x.dim() != 4) return invalid_input("Crop of rank " + std::to_string(x.dim()) + ", wants 4");
    const std::int64_t left = border[0], top = border[1];
    const std::int64_t height = size.empty() ? x.size(2) - top - border[3] : size[0];
    const std::int64_t width = size.empty() ? x.size(3) - left - border[2] : size[1];
    return x.narrow(2, top, height).narrow(3, left, width);
}

Result<Kernel> crop(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const std::vector<std::int64_t> border = BARTIZAN_TRY(node.integers("border", {}));
    const std::vector<std::int64_t> size = BARTIZAN_TRY(node.integers("scale", {}));
    if (border.size() != 4 || (!size.empty() && size.size() != 2))
        return invalid_input("Crop wants four borders, and two sizes or none");
    for (const std::vector<std::int64_t>* lengths : {&border, &size})
        for (const std::int64_t length : *lengths) BARTIZAN_TRY(check_output({length}));
    return single([=](const Call& call) { return cropped(call.inputs[0], border, size); });
}

constexpr OperatorSpec kOperators[] = {
    {"", "Affine", 1, Gradient::smooth, affine},
    {"", "Crop", 1, Gradient::smooth, crop},
    {"", "ImageScaler", 1, Gradient::smooth, image_scaler},
    {"", "ParametricSoftplus", 1, Gradient::smooth, parametric_softplus},
    {"", "ScaledTanh", 1, Gradient::smooth, scaled_tanh},
};

}  // namespace
}  // namespace experimental

std::span<const OperatorSpec> experimental_operators() { return experimental::kOperators; }

}  // namespace bartizan::model::operators
