// Elements picked by index: Gather, GatherElements, GatherND, Compress, NonZero.
#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/gather.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/nonzero.h>
#include <ATen/ops/where.h>

#include "model/operators/build.h"
#include "model/operators/families.h"
#include "model/operators/linear_index.h"

namespace bartizan::model::operators {
namespace indexing {
namespace {

Result<at::Tensor> gather_along(const at::Tensor& x, const at::Tensor& indices, std::int64_t given) {
    const std::int64_t axis = BARTIZAN_TRY(normal_axis(given, x.dim()));
    Shape shape = shape_of(x);
    const auto at = shape.erase(shape.begin() + axis);
    shape.insert(at, indices.sizes().begin(), indices.sizes().end());
    BARTIZAN_TRY(check_output(shape));
    const at::Tensor flat = from_start(indices.to(at::kLong).reshape({-1}), x.size(axis));
    return at::index_select(x, axis, flat).reshape(shape);
}

Result<Kernel> gather(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 2, 2));
    const std::int64_t axis = BARTIZAN_TRY(node.integer("axis", 0));
    return single([axis](const Call& call) { return gather_along(call.inputs[0], call.inputs[1], axis); });
}

Result<Kernel> gather_elements(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 2, 2));
    const std::int64_t given = BARTIZAN_TRY(node.integer("axis", 0));
    return single([given](const Call& call) -> Result<at::Tensor> {
        const at::Tensor& x = call.inputs[0];
        const std::int64_t axis = BARTIZAN_TRY(normal_axis(given, x.dim()));
        return at::gather(x, axis, from_start(call.inputs[1].to(at::kLong), x.size(axis)));
    });
}

Result<at::Tensor> gather_nd_of(const at::Tensor& x, const at::Tensor& indices, std::int64_t batch_dims) {
    if (indices.dim() < 1 || batch_dims < 0 || batch_dims >= indices.dim() || batch_dims > x.dim())
        return invalid_input("GatherND with batch_dims " + std::to_string(batch_dims) + ", data of rank " +
                             std::to_string(x.dim()) + " and indices of rank " + std::to_string(indices.dim()));
    const LinearIndex index = BARTIZAN_TRY(linear_index(x, indices, batch_dims));
    Shape shape(indices.sizes().begin(), indices.sizes().end() - 1);
    shape.insert(shape.end(), index.rest.begin(), index.rest.end());
    BARTIZAN_TRY(check_output(shape));
    return at::index_select(x.reshape(index.rows_shape), 0, index.rows).reshape(shape);
}

Result<Kernel> gather_nd(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 2, 2));
    const std::int64_t batch_dims = BARTIZAN_TRY(node.integer("batch_dims", 0));
    return single([batch_dims](const Call& call) { return gather_nd_of(call.inputs[0], call.inputs[1], batch_dims); });
}

Result<Kernel> compress(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 2, 2));
    const bool flat = !node.has("axis");
    const std::int64_t given = BARTIZAN_TRY(node.integer("axis", 0));
    return single([=](const Call& call) -> Result<at::Tensor> {
        const at::Tensor x = flat ? call.inputs[0].reshape({-1}) : call.inputs[0];
        const std::int64_t axis = BARTIZAN_TRY(normal_axis(given, x.dim()));
        return at::index_select(x, axis, at::nonzero(call.inputs[1].reshape({-1})).reshape({-1}));
    });
}

Result<Kernel> non_zero(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    return single([](const Call& call) { return at::nonzero(call.inputs[0]).t().contiguous(); });
}

constexpr OperatorSpec kOperators[] = {
    {"", "Compress", 9, Gradient::smooth, compress},
    {"", "Gather", 1, Gradient::smooth, gather},
    {"", "GatherElements", 11, Gradient::smooth, gather_elements},
    {"", "GatherND", 11, Gradient::smooth, gather_nd},
    {"", "NonZero", 9, Gradient::none, non_zero},
};

}  // namespace
}  // namespace indexing

std::span<const OperatorSpec> indexing_operators() { return indexing::kOperators; }

}  // namespace bartizan::model::operators
