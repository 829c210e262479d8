// Numbers as integers with a scale and a zero point, and products of such integers.
#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/where.h>

#include "model/operators/build.h"
#include "model/operators/convolution.h"
#include "model/operators/families.h"

namespace bartizan::model::operators {
namespace quantization {
namespace {

/// uint16 is held as int32: that is what a zero point of int32 means here.
at::Tensor saturate(const at::Tensor& values, at::ScalarType type) {
    return type == at::kInt ? values.clamp(0, 65535).to(type) : saturated(values, type);
}

Result<void> check_type(at::ScalarType type) {
    if (type == at::kByte || type == at::kChar || type == at::kShort || type == at::kInt) return {};
    return unsupported("quantised values of type " + std::string(c10::toString(type)));
}

/// Scales and zero points shaped to go with `x`: one for all, one along `axis`, or one a block along it.
Result<at::Tensor> spread(const at::Tensor& values, const at::Tensor& x, std::int64_t given_axis, std::int64_t block,
                          std::string_view name) {
    if (values.numel() == 1) return values.reshape({});
    const std::int64_t axis = BARTIZAN_TRY(normal_axis(given_axis, x.dim()));
    const auto fits_not = [&] {
        return invalid_input(std::string(name) + " " + to_string(shape_of(values)) + " does not fit " +
                             to_string(shape_of(x)) + " along axis " + std::to_string(axis));
    };
    if (block > 0) {
        if (values.dim() != x.dim() || block > x.size(axis) || values.size(axis) != (x.size(axis) + block - 1) / block)
            return fits_not();
        for (std::int64_t other = 0; other < x.dim(); ++other)
            if (other != axis && values.size(other) != x.size(other)) return fits_not();
        return values.repeat_interleave(block, axis).narrow(axis, 0, x.size(axis));
    }
    if (values.dim() != 1 || values.size(0) != x.size(axis)) return fits_not();
    Shape shape(static_cast<std::size_t>(x.dim()), 1);
    shape[static_cast<std::size_t>(axis)] = values.size(0);
    return values.reshape(shape);
}

struct Options {
    std::int64_t axis = 1, block = 0;
    at::ScalarType type = at::kByte;  ///< where there is no zero point
};

Result<Options> read_options(const graph::Node& node) {
    Options options;
    options.axis = BARTIZAN_TRY(node.integer("axis", 1));
    options.block = BARTIZAN_TRY(node.integer("block_size", 0));
    if (options.block < 0) return invalid_input("block_size is " + std::to_string(options.block));
    if (BARTIZAN_TRY(node.integer("output_dtype", 0)) != 0)
        options.type = BARTIZAN_TRY(element_type_attribute(node, "output_dtype", 2)).type;
    return options;
}

Result<at::Tensor> quantize(const Call& call, const Options& options) {
    const at::Tensor x =
        at::isFloatingType(call.inputs[0].scalar_type()) ? call.inputs[0] : call.inputs[0].to(at::kFloat);
    const at::ScalarType type = call.has(2) ? call.inputs[2].scalar_type() : options.type;
    BARTIZAN_TRY(check_type(type));
    const at::Tensor scale = BARTIZAN_TRY(spread(call.inputs[1], x, options.axis, options.block, "scale"));
    at::Tensor y = (x / scale).round();  // to even
    if (call.has(2))
        y = y + BARTIZAN_TRY(spread(call.inputs[2], x, options.axis, options.block, "zero point")).to(y.scalar_type());
    return saturate(y.nan_to_num(0), type);
}

Result<Kernel> quantize_linear(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 2, 3));
    const Options options = BARTIZAN_TRY(read_options(node));
    return single([=](const Call& call) { return quantize(call, options); });
}

Result<at::Tensor> dequantize(const Call& call, const Options& options) {
    const at::Tensor& x = call.inputs[0];
    const at::Tensor scale = BARTIZAN_TRY(spread(call.inputs[1], x, options.axis, options.block, "scale"));
    if (!at::isFloatingType(scale.scalar_type())) return invalid_input("the scale is no floating-point number");
    at::Tensor y = x.to(at::kDouble);  // int32 does not fit into float32
    if (call.has(2))
        y = y - BARTIZAN_TRY(spread(call.inputs[2], x, options.axis, options.block, "zero point")).to(at::kDouble);
    return y.to(scale.scalar_type()) * scale;
}

Result<Kernel> dequantize_linear(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 2, 3));
    const Options options = BARTIZAN_TRY(read_options(node));
    return numeric([=](const Call& call) { return dequantize(call, options); });
}

/// To uint8, with the scale and the zero point that use its range best and hold 0 exactly.
Result<Tensors> quantize_dynamically(const Call& call) {
    constexpr double kSteps = 255;
    const at::Tensor x = call.inputs[0].detach();
    if (x.numel() == 0 || !at::isFloatingType(x.scalar_type())) return invalid_input("no numbers to take a range of");
    const at::Tensor lowest = x.min().clamp_max(0), highest = x.max().clamp_min(0);
    const at::Tensor width = (highest - lowest) / kSteps;
    const at::Tensor scale = at::where(width.eq(0), at::ones_like(width), width);
    const at::Tensor zero_point = (-lowest / scale).round().nan_to_num(0).clamp(0, kSteps);
    const at::Tensor y = ((x / scale).round() + zero_point).nan_to_num(0);
    return Tensors{saturated(y, at::kByte), scale, zero_point.to(at::kByte)};
}

Result<Kernel> dynamic_quantize_linear(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    return Kernel([](const Call& call) { return quantize_dynamically(call); });
}

/// Integers less their zero point, in double: sums of products stay exact up to 2^53.
Result<at::Tensor> centred(const at::Tensor& values, const at::Tensor& zero_point, std::int64_t axis) {
    BARTIZAN_TRY(check_type(values.scalar_type()));
    const at::Tensor wide = values.to(at::kDouble);
    if (!zero_point.defined()) return wide;
    return wide - BARTIZAN_TRY(spread(zero_point, values, axis, 0, "zero point")).to(at::kDouble);
}

at::Tensor optional_input(const Call& call, std::size_t index) {
    return call.has(index) ? call.inputs[index] : at::Tensor();
}

struct Convolution {
    Window window;
    std::int64_t groups = 1;
};

Result<Convolution> read_convolution(const graph::Node& node) {
    Convolution convolution;
    convolution.window = BARTIZAN_TRY(read_window(node));
    convolution.groups = BARTIZAN_TRY(read_groups(node));
    return convolution;
}

Result<Kernel> conv_integer(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 2, 4));
    const Convolution convolution = BARTIZAN_TRY(read_convolution(node));
    return single([=](const Call& call) -> Result<at::Tensor> {
        const at::Tensor x = BARTIZAN_TRY(centred(call.inputs[0], optional_input(call, 2), 1));
        const at::Tensor w = BARTIZAN_TRY(centred(call.inputs[1], optional_input(call, 3), 0));
        return saturated(BARTIZAN_TRY(convolve(x, w, at::Tensor(), convolution.window, convolution.groups)), at::kInt);
    });
}

/// Exact sums brought to the output's scale and zero point.
Result<at::Tensor> requantized(const at::Tensor& sums, const at::Tensor& multiplier, const at::Tensor& zero_point) {
    BARTIZAN_TRY(check_type(zero_point.scalar_type()));
    if (zero_point.numel() != 1) return invalid_input("the output has more than one zero point");
    BARTIZAN_TRY(check_broadcast(sums, multiplier));
    const at::Tensor y = (sums * multiplier).round() + zero_point.reshape({}).to(at::kDouble);
    return saturate(y.nan_to_num(0), zero_point.scalar_type());
}

/// The scale by which the sums are to be multiplied. In double, so that ties are decided by the scales alone.
at::Tensor multiplier_of(const at::Tensor& left, const at::Tensor& right, const at::Tensor& output) {
    return left.to(at::kDouble) * right.to(at::kDouble) / output.to(at::kDouble);
}

Result<at::Tensor> one_scale(const at::Tensor& scale, std::string_view name) {
    if (scale.numel() != 1) return invalid_input(std::string(name) + " is not one number");
    return scale.reshape({});
}

/// Inputs x, scale, zero point; w, scale, zero point; scale and zero point of y; bias.
Result<at::Tensor> quantized_convolution(const Call& call, const Convolution& convolution) {
    const auto& in = call.inputs;
    const at::Tensor x = BARTIZAN_TRY(centred(in[0], in[2], 1));
    const at::Tensor w = BARTIZAN_TRY(centred(in[3], in[5], 0));
    const at::Tensor bias = call.has(8) ? in[8].to(at::kDouble) : at::Tensor();
    const at::Tensor sums = BARTIZAN_TRY(convolve(x, w, bias, convolution.window, convolution.groups));
    const at::Tensor x_scale = BARTIZAN_TRY(one_scale(in[1], "x_scale"));
    const at::Tensor y_scale = BARTIZAN_TRY(one_scale(in[6], "y_scale"));
    const at::Tensor w_scale = BARTIZAN_TRY(spread(in[4], sums, 1, 0, "w_scale"));
    return requantized(sums, multiplier_of(x_scale, w_scale, y_scale), in[7]);
}

Result<Kernel> qlinear_conv(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 8, 9));
    const Convolution convolution = BARTIZAN_TRY(read_convolution(node));
    return single([=](const Call& call) { return quantized_convolution(call, convolution); });
}

/// Scales and zero points of a factor of a product: one, one for each row (or column), or shaped as the factor.
Result<at::Tensor> along_factor(const at::Tensor& values, const at::Tensor& factor, bool rows) {
    if (values.numel() == 1) return values.reshape({});
    if (values.dim() == factor.dim() && values.dim() > 1) {
        const std::int64_t summed = rows ? -1 : -2;
        if (values.size(summed) == 1) return values;
    }
    const std::int64_t wanted = factor.dim() < 2 ? 1 : factor.size(rows ? -2 : -1);
    if (values.dim() != 1 || values.size(0) != wanted)
        return invalid_input("a scale or zero point " + to_string(shape_of(values)) + " does not fit " +
                             to_string(shape_of(factor)));
    return rows ? values.unsqueeze(-1) : values;
}

/// Inputs a, scale, zero point; b, scale, zero point; scale and zero point of y.
Result<at::Tensor> quantized_product(const Call& call) {
    const auto& in = call.inputs;
    BARTIZAN_TRY(check_type(in[0].scalar_type()));
    BARTIZAN_TRY(check_type(in[3].scalar_type()));
    const at::Tensor a_zero = BARTIZAN_TRY(along_factor(in[2], in[0], true));
    const at::Tensor b_zero = BARTIZAN_TRY(along_factor(in[5], in[3], false));
    BARTIZAN_TRY(check_broadcast(in[0], a_zero));
    BARTIZAN_TRY(check_broadcast(in[3], b_zero));
    const at::Tensor a = in[0].to(at::kDouble) - a_zero.to(at::kDouble);
    const at::Tensor b = in[3].to(at::kDouble) - b_zero.to(at::kDouble);
    const at::Tensor sums = BARTIZAN_TRY(matrix_product(a, b));
    const at::Tensor a_scale = BARTIZAN_TRY(along_factor(in[1], in[0], true));
    const at::Tensor b_scale = BARTIZAN_TRY(along_factor(in[4], in[3], false));
    BARTIZAN_TRY(check_broadcast(a_scale, b_scale));
    return requantized(sums, multiplier_of(a_scale, b_scale, BARTIZAN_TRY(one_scale(in[6], "y_scale"))), in[7]);
}

Result<Kernel> qlinear_matmul(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 8, 8));
    return single([](const Call& call) { return quantized_product(call); });
}

constexpr OperatorSpec kOperators[] = {
    {"", "ConvInteger", 10, Gradient::none, conv_integer},
    {"", "DequantizeLinear", 10, Gradient::smooth, dequantize_linear},
    {"", "DynamicQuantizeLinear", 11, Gradient::none, dynamic_quantize_linear},
    {"", "QLinearConv", 10, Gradient::none, qlinear_conv},
    {"", "QLinearMatMul", 10, Gradient::none, qlinear_matmul},
    {"", "QuantizeLinear", 10, Gradient::none, quantize_linear},
};

}  // namespace
}  // namespace quantization

std::span<const OperatorSpec> quantization_operators() { return quantization::kOperators; }

}  // namespace bartizan::model::operators
