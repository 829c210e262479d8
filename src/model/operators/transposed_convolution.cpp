// ConvTranspose: the gradient of a convolution, taken as a layer.
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/convolution.h>

#include "model/operators/build.h"
#include "model/operators/convolution.h"
#include "model/operators/families.h"

namespace bartizan::model::operators {
namespace transposed_convolution {
namespace {

struct Options {
    Window window;
    std::vector<std::int64_t> output_padding, output_shape;
    std::int64_t groups = 1;
};

/// What the transposed convolution without padding makes, and what is cut off it (negative: added).
struct Cut {
    std::vector<std::int64_t> whole, before, after;

    bool is_even() const {
        for (std::size_t i = 0; i < before.size(); ++i)
            if (before[i] != after[i] || before[i] < 0) return false;
        return true;
    }
};

/// Splits `total` as the specification does: the odd one goes behind for SAME_UPPER, else in front. What is missing
/// is added behind.
void cut_evenly(Cut& cut, std::int64_t total, AutoPad auto_pad) {
    if (total < 0) {
        cut.before.push_back(0);
        cut.after.push_back(total);
        return;
    }
    const std::int64_t half = total / 2;
    cut.before.push_back(auto_pad == AutoPad::same_upper ? half : total - half);
    cut.after.push_back(auto_pad == AutoPad::same_upper ? total - half : half);
}

Result<Cut> lay_out(const Options& options, const std::vector<std::int64_t>& input) {
    const Window& w = options.window;
    const std::size_t axes = input.size();
    Cut cut;
    for (std::size_t i = 0; i < axes; ++i) {
        const std::int64_t reach = (w.kernel[i] - 1) * w.dilations[i] + 1;
        cut.whole.push_back((input[i] - 1) * w.strides[i] + reach);
        const std::int64_t padded = cut.whole[i] + options.output_padding[i];
        if (!options.output_shape.empty()) {
            cut_evenly(cut, padded - options.output_shape[i], w.auto_pad);
        } else if (w.auto_pad == AutoPad::same_upper || w.auto_pad == AutoPad::same_lower) {
            cut_evenly(cut, padded - input[i] * w.strides[i], w.auto_pad);
        } else {
            const bool given = w.auto_pad == AutoPad::notset;
            cut.before.push_back(given ? w.pads[i] : 0);
            cut.after.push_back(given ? w.pads[i + axes] : 0);
        }
        cut.after[i] -= options.output_padding[i];
        if (cut.whole[i] - cut.before[i] - cut.after[i] <= 0 || input[i] < 1)
            return invalid_input("nothing is left of " + std::to_string(cut.whole[i]) + " values after padding " +
                                 std::to_string(cut.before[i]) + " and " + std::to_string(cut.after[i]));
    }
    return cut;
}

Result<void> check_sizes(const at::Tensor& x, const at::Tensor& weight, const Cut& cut, std::int64_t groups) {
    if (weight.size(0) != x.size(1) || weight.size(0) % groups != 0)
        return invalid_input("weight " + to_string(shape_of(weight)) + " does not fit input " + to_string(shape_of(x)) +
                             " in " + std::to_string(groups) + " groups");
    Shape whole = {x.size(0), weight.size(1) * groups}, kept = whole;
    Shape columns = {weight.size(1) * groups};  // what ATen makes on the way: a kernel for each input place
    for (std::size_t i = 0; i < cut.whole.size(); ++i) {
        whole.push_back(cut.whole[i]);
        kept.push_back(cut.whole[i] - cut.before[i] - cut.after[i]);
        columns.push_back(weight.size(static_cast<std::int64_t>(i) + 2));
        columns.push_back(x.size(static_cast<std::int64_t>(i) + 2));
    }
    BARTIZAN_TRY(check_output(whole));
    BARTIZAN_TRY(check_output(columns));
    return check_output(kept);
}

Result<Options> complete_options(Options options, const at::Tensor& x, const at::Tensor& weight) {
    if (x.dim() < 3 || x.dim() > 5 || weight.dim() != x.dim())
        return invalid_input("input " + to_string(shape_of(x)) + " and weight " + to_string(shape_of(weight)) +
                             " are no convolution of one to three axes");
    const auto axes = static_cast<std::size_t>(x.dim() - 2);
    options.window = BARTIZAN_TRY(complete(options.window, axes, spatial_sizes(weight)));
    BARTIZAN_TRY(fill(options.output_padding, axes, 0, "output_padding"));
    if (!options.output_shape.empty()) BARTIZAN_TRY(fill(options.output_shape, axes, 0, "output_shape"));
    return options;
}

Result<at::Tensor> transposed(const Call& call, const Options& given) {
    const at::Tensor& x = call.inputs[0];
    const at::Tensor& weight = call.inputs[1];
    const Options options = BARTIZAN_TRY(complete_options(given, x, weight));
    const Cut cut = BARTIZAN_TRY(lay_out(options, spatial_sizes(x)));
    BARTIZAN_TRY(check_sizes(x, weight, cut, options.groups));
    const at::Tensor bias = call.has(2) ? call.inputs[2] : at::Tensor();
    const std::vector<std::int64_t> none(cut.whole.size(), 0);
    const Window& w = options.window;
    if (cut.is_even())
        return at::convolution(x, weight, bias, w.strides, cut.before, w.dilations, true, none, options.groups);
    const at::Tensor whole =
        at::convolution(x, weight, at::Tensor(), w.strides, none, w.dilations, true, none, options.groups);
    std::vector<std::int64_t> pads;
    for (std::size_t i = cut.whole.size(); i-- > 0;) {
        pads.push_back(-cut.before[i]);
        pads.push_back(-cut.after[i]);
    }
    // Places that no input reaches hold the bias too: it is added last.
    const at::Tensor y = at::constant_pad_nd(whole, pads, 0);
    if (!bias.defined()) return y;
    if (bias.dim() != 1 || bias.size(0) != y.size(1)) return invalid_input("the bias is not one value per channel");
    Shape shape(static_cast<std::size_t>(y.dim()), 1);
    shape[1] = bias.size(0);
    return y + bias.reshape(shape);
}

Result<Kernel> conv_transpose(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 2, 3));
    Options options;
    options.window = BARTIZAN_TRY(read_window(node));
    options.output_padding = BARTIZAN_TRY(window_integers(node, "output_padding", 0));
    options.output_shape = BARTIZAN_TRY(window_integers(node, "output_shape", 1));
    options.groups = BARTIZAN_TRY(read_groups(node));
    return numeric([=](const Call& call) { return transposed(call, options); });
}

constexpr OperatorSpec kOperators[] = {
    {"", "ConvTranspose", 1, Gradient::smooth, conv_transpose},
};

}  // namespace
}  // namespace transposed_convolution

std::span<const OperatorSpec> transposed_convolution_operators() { return transposed_convolution::kOperators; }

}  // namespace bartizan::model::operators
