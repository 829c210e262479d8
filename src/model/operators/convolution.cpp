// Convolutions of one to three spatial axes.
#include <ATen/core/Tensor.h>
#include <ATen/ops/convolution.h>

#include "model/operators/build.h"
#include "model/operators/convolution.h"
#include "model/operators/families.h"
#include "model/operators/thin_convolution.h"

namespace bartizan::model::operators {
namespace convolution {
namespace {

Result<void> check_ranks(const at::Tensor& x, const at::Tensor& weight) {
    if (x.dim() < 3 || x.dim() > 5 || weight.dim() != x.dim())
        return invalid_input("input " + to_string(shape_of(x)) + " and weight " + to_string(shape_of(weight)) +
                             " are no convolution of one to three axes");
    return {};
}

Shape output_shape(const at::Tensor& x, std::int64_t channels, const std::vector<std::int64_t>& spatial) {
    Shape shape = {x.size(0), channels};
    shape.insert(shape.end(), spatial.begin(), spatial.end());
    return shape;
}

}  // namespace
}  // namespace convolution

Result<std::int64_t> read_groups(const graph::Node& node) {
    const std::int64_t groups = BARTIZAN_TRY(node.integer("group", 1));
    if (groups < 1 || groups > kMaxWindow) return invalid_input("group is " + std::to_string(groups));
    return groups;
}

Result<at::Tensor> convolve(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, const Window& given,
                            std::int64_t groups) {
    using namespace convolution;
    BARTIZAN_TRY(check_ranks(x, weight));
    const auto axes = static_cast<std::size_t>(x.dim() - 2);
    const Window window = BARTIZAN_TRY(complete(given, axes, spatial_sizes(weight)));
    const Layout layout = BARTIZAN_TRY(lay_out(window, spatial_sizes(x)));
    BARTIZAN_TRY(check_output(output_shape(x, weight.size(0), layout.output)));
    if (layout.padding.symmetric() && thin_convolution_fits(x, weight, window.strides, window.dilations, groups))
        return thin_convolution(x, weight, bias, window.strides, layout.padding.before);
    const std::vector<std::int64_t> no_output_padding(axes, 0);
    if (layout.padding.symmetric())
        return at::convolution(x, weight, bias, window.strides, layout.padding.before, window.dilations, false,
                               no_output_padding, groups);
    const std::vector<std::int64_t> none(axes, 0);
    return at::convolution(pad_spatial(x, layout.padding, 0), weight, bias, window.strides, none, window.dilations,
                           false, no_output_padding, groups);
}

namespace convolution {
namespace {

Result<Kernel> conv(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 2, 3));
    const Window window = BARTIZAN_TRY(read_window(node));
    const std::int64_t groups = BARTIZAN_TRY(read_groups(node));
    return numeric([=](const Call& call) {
        return convolve(call.inputs[0], call.inputs[1], call.has(2) ? call.inputs[2] : at::Tensor(), window, groups);
    });
}

constexpr OperatorSpec kOperators[] = {
    {"", "Conv", 1, Gradient::smooth, conv},
};

}  // namespace
}  // namespace convolution

std::span<const OperatorSpec> convolution_operators() { return convolution::kOperators; }

}  // namespace bartizan::model::operators
