// Elements written by index: Scatter, ScatterElements, ScatterND, alone or with a reduction.
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/index_add.h>
#include <ATen/ops/index_copy.h>
#include <ATen/ops/scatter.h>
#include <ATen/ops/scatter_add.h>
#include <ATen/ops/scatter_reduce.h>

#include "model/operators/build.h"
#include "model/operators/families.h"
#include "model/operators/linear_index.h"

namespace bartizan::model::operators {
namespace scatter {
namespace {

enum class Reduction { none, add, multiply, maximum, minimum };

Result<Reduction> reduction_of(const graph::Node& node) {
    return choice<Reduction>(node, "reduction", "none",
                             {{"none", Reduction::none},
                              {"add", Reduction::add},
                              {"mul", Reduction::multiply},
                              {"max", Reduction::maximum},
                              {"min", Reduction::minimum}});
}

at::Tensor write(const at::Tensor& x, std::int64_t axis, const at::Tensor& indices, const at::Tensor& updates,
                 Reduction reduction) {
    switch (reduction) {
        case Reduction::none:
            return at::scatter(x, axis, indices, updates);
        case Reduction::add:
            return at::scatter_add(x, axis, indices, updates);
        case Reduction::multiply:
            return at::scatter_reduce(x, axis, indices, updates, "prod");
        case Reduction::maximum:
            return at::scatter_reduce(x, axis, indices, updates, "amax");
        case Reduction::minimum:
            break;
    }
    return at::scatter_reduce(x, axis, indices, updates, "amin");
}

Result<Kernel> scatter_elements(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 3, 3));
    const std::int64_t given = BARTIZAN_TRY(node.integer("axis", 0));
    const Reduction reduction = BARTIZAN_TRY(reduction_of(node));
    return numeric([=](const Call& call) -> Result<at::Tensor> {
        const at::Tensor& x = call.inputs[0];
        const at::Tensor& updates = call.inputs[2];
        const std::int64_t axis = BARTIZAN_TRY(normal_axis(given, x.dim()));
        if (call.inputs[1].sizes() != updates.sizes())
            return invalid_input(to_string(shape_of(updates)) + " updates for " + to_string(shape_of(call.inputs[1])) +
                                 " indices");
        const at::Tensor indices = from_start(call.inputs[1].to(at::kLong), x.size(axis));
        return write(x, axis, indices, updates, reduction);
    });
}

Result<at::Tensor> scatter_rows(const Call& call, Reduction reduction) {
    const at::Tensor& x = call.inputs[0];
    const at::Tensor& indices = call.inputs[1];
    if (indices.dim() < 1) return invalid_input("ScatterND with indices of rank 0");
    const LinearIndex index = BARTIZAN_TRY(linear_index(x, indices, 0));
    Shape shape = index.rows_shape;
    shape[0] = index.rows.numel();
    const at::Tensor rows = x.reshape(index.rows_shape);
    const at::Tensor updates = call.inputs[2].reshape(shape);
    if (reduction == Reduction::none) return at::index_copy(rows, 0, index.rows, updates).reshape(x.sizes());
    if (reduction == Reduction::add) return at::index_add(rows, 0, index.rows, updates).reshape(x.sizes());
    Shape tall(shape.size(), 1);
    tall[0] = shape[0];
    return write(rows, 0, index.rows.reshape(tall).expand(shape), updates, reduction).reshape(x.sizes());
}

Result<Kernel> scatter_nd(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 3, 3));
    const Reduction reduction = BARTIZAN_TRY(reduction_of(node));
    return numeric([reduction](const Call& call) { return scatter_rows(call, reduction); });
}

constexpr OperatorSpec kOperators[] = {
    {"", "Scatter", 9, Gradient::smooth, scatter_elements},
    {"", "ScatterElements", 11, Gradient::smooth, scatter_elements},
    {"", "ScatterND", 11, Gradient::smooth, scatter_nd},
};

}  // namespace
}  // namespace scatter

std::span<const OperatorSpec> scatter_operators() { return scatter::kOperators; }

}  // namespace bartizan::model::operators
