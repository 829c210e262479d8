// GridSample: the input read at places that another input gives.
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/grid_sampler.h>

#include "model/operators/build.h"
#include "model/operators/families.h"

namespace bartizan::model::operators {
namespace sampling {
namespace {

/// ATen turns places into int32; what lies further out than this is as good as there.
constexpr double kFarthest = 1e6;

struct Options {
    std::int64_t mode = 0;     ///< ATen's numbers: linear, nearest, cubic
    std::int64_t padding = 0;  ///< zeros, border, reflection
    bool align_corners = false;
};

Result<at::Tensor> sampled(const at::Tensor& x, const at::Tensor& grid, const Options& options) {
    if ((x.dim() != 4 && x.dim() != 5) || grid.dim() != x.dim() || grid.size(-1) != x.dim() - 2)
        return invalid_input("grid " + to_string(shape_of(grid)) + " for input " + to_string(shape_of(x)));
    if (x.dim() == 5 && options.mode == 2) return unsupported("GridSample of volumes with mode cubic");
    Shape output = {x.size(0), x.size(1)};
    for (std::int64_t axis = 1; axis < grid.dim() - 1; ++axis) output.push_back(grid.size(axis));
    BARTIZAN_TRY(check_output(output));
    const at::Tensor places = grid.to(x.scalar_type()).nan_to_num(kFarthest).clamp(-kFarthest, kFarthest);
    return at::grid_sampler(x, places, options.mode, options.padding, options.align_corners);
}

Result<Kernel> grid_sample(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 2, 2));
    Options options;
    options.mode = BARTIZAN_TRY(choice<std::int64_t>(
        node, "mode", "bilinear", {{"bilinear", 0}, {"linear", 0}, {"nearest", 1}, {"bicubic", 2}, {"cubic", 2}}));
    options.padding = BARTIZAN_TRY(
        choice<std::int64_t>(node, "padding_mode", "zeros", {{"zeros", 0}, {"border", 1}, {"reflection", 2}}));
    options.align_corners = BARTIZAN_TRY(node.integer("align_corners", 0)) != 0;
    return numeric([=](const Call& call) { return sampled(call.inputs[0], call.inputs[1], options); });
}

constexpr OperatorSpec kOperators[] = {
    {"", "GridSample", 16, Gradient::smooth, grid_sample},
};

}  // namespace
}  // namespace sampling

std::span<const OperatorSpec> sampling_operators() { return sampling::kOperators; }

}  // namespace bartizan::model::operators
