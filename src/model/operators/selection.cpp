// Ordering and choosing: ArgMax, ArgMin, TopK, Unique, NonMaxSuppression.
#include <tuple>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/_unique2.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/argmin.h>
#include <ATen/ops/argsort.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/unique_dim.h>
#include <ATen/ops/zeros.h>

#include "model/operators/build.h"
#include "model/operators/families.h"
#include "model/operators/suppression.h"

namespace bartizan::model::operators {
namespace selection {
namespace {

using Extreme = at::Tensor (*)(const at::Tensor&, std::int64_t axis, bool keep);

at::Tensor largest(const at::Tensor& x, std::int64_t axis, bool keep) { return at::argmax(x, axis, keep); }
at::Tensor smallest(const at::Tensor& x, std::int64_t axis, bool keep) { return at::argmin(x, axis, keep); }

template <Extreme function>
Result<Kernel> extreme(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const std::int64_t given = BARTIZAN_TRY(node.integer("axis", 0));
    const bool keep = BARTIZAN_TRY(node.integer("keepdims", 1)) != 0;
    const bool last = BARTIZAN_TRY(node.integer("select_last_index", 0)) != 0;
    return half_as_float(single([=](const Call& call) -> Result<at::Tensor> {
        const at::Tensor& x = call.inputs[0];
        const std::int64_t axis = BARTIZAN_TRY(normal_axis(given, x.dim()));
        if (!last) return function(x, axis, keep);
        return x.size(axis) - 1 - function(x.flip(axis), axis, keep);
    }));
}

struct TopKOptions {
    std::int64_t axis = -1;
    bool largest = true;
};

/// Of equal elements the one with the lower index comes first: hence a stable sort.
Result<Tensors> top_k_of(const at::Tensor& x, std::int64_t k, const TopKOptions& options) {
    const std::int64_t axis = BARTIZAN_TRY(normal_axis(options.axis, x.dim()));
    if (k < 0 || k > x.size(axis))
        return invalid_input("TopK of " + std::to_string(k) + " from " + std::to_string(x.size(axis)) + " elements");
    const auto [values, indices] = at::sort(x, /*stable=*/true, axis, options.largest);
    return Tensors{values.narrow(axis, 0, k), indices.narrow(axis, 0, k)};
}

Result<Kernel> top_k(const graph::Node& node, std::int64_t opset) {
    const bool by_input = opset >= 10;
    BARTIZAN_TRY(expect_inputs(node, by_input ? 2 : 1, by_input ? 2 : 1));
    TopKOptions options;
    options.axis = BARTIZAN_TRY(node.integer("axis", -1));
    options.largest = BARTIZAN_TRY(node.integer("largest", 1)) != 0;
    const std::int64_t fixed = by_input ? 0 : BARTIZAN_TRY(node.integer("k", -1));
    return half_as_float([=](const Call& call) -> Result<Tensors> {
        return top_k_of(call.inputs[0], by_input ? BARTIZAN_TRY(integer_of(call.inputs[1])) : fixed, options);
    });
}

/// What ATen's unique gives, and where each value occurs first.
struct Groups {
    at::Tensor values;
    at::Tensor first;
    at::Tensor inverse;
    at::Tensor counts;
};

/// Where each group number occurs first.
at::Tensor first_of_each(const at::Tensor& inverse, std::int64_t groups) {
    at::Tensor first = at::zeros({groups}, at::kLong);
    auto* out = first.data_ptr<std::int64_t>();
    const auto* group = inverse.data_ptr<std::int64_t>();
    for (std::int64_t i = inverse.numel(); i-- > 0;) out[group[i]] = i;
    return first;
}

Groups groups_of(const at::Tensor& x, std::int64_t axis, bool flat) {
    Groups groups;
    if (flat)
        std::tie(groups.values, groups.inverse, groups.counts) = at::_unique2(x.reshape({-1}), true, true, true);
    else
        std::tie(groups.values, groups.inverse, groups.counts) = at::unique_dim(x, axis, true, true, true);
    groups.inverse = groups.inverse.reshape({-1}).contiguous();
    groups.first = first_of_each(groups.inverse, groups.counts.numel());
    return groups;
}

/// The same groups in the order in which they occur.
Groups in_order_of_occurrence(const Groups& groups, std::int64_t axis) {
    const at::Tensor order = at::argsort(groups.first);
    return {groups.values.index_select(axis, order), groups.first.index_select(0, order),
            at::argsort(order).index_select(0, groups.inverse), groups.counts.index_select(0, order)};
}

Result<Kernel> unique(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const bool flat = !node.has("axis");
    const std::int64_t given = BARTIZAN_TRY(node.integer("axis", 0));
    const bool sorted = BARTIZAN_TRY(node.integer("sorted", 1)) != 0;
    return Kernel([=](const Call& call) -> Result<Tensors> {
        const at::Tensor& x = call.inputs[0];
        const std::int64_t axis = flat ? 0 : BARTIZAN_TRY(normal_axis(given, x.dim()));
        Groups groups = groups_of(x, axis, flat);
        if (!sorted) groups = in_order_of_occurrence(groups, axis);
        return Tensors{groups.values, groups.first, groups.inverse, groups.counts};
    });
}

Result<SuppressionOptions> suppression_options(const Call& call, bool centred) {
    SuppressionOptions options;
    options.centred = centred;
    if (call.has(2)) options.per_class = BARTIZAN_TRY(integer_of(call.inputs[2]));
    if (call.has(3)) options.overlap = call.inputs[3].item().toFloat();
    if (call.has(4)) options.least_score = call.inputs[4].item().toFloat();
    return options;
}

Result<Kernel> non_max_suppression(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 2, 5));
    const bool centred = BARTIZAN_TRY(node.integer("center_point_box", 0)) != 0;
    return single([centred](const Call& call) -> Result<at::Tensor> {
        const SuppressionOptions options = BARTIZAN_TRY(suppression_options(call, centred));
        return suppress(call.inputs[0], call.inputs[1], options);
    });
}

constexpr OperatorSpec kOperators[] = {
    {"", "ArgMax", 1, Gradient::none, extreme<largest>},
    {"", "ArgMin", 1, Gradient::none, extreme<smallest>},
    {"", "NonMaxSuppression", 10, Gradient::none, non_max_suppression},
    {"", "TopK", 1, Gradient::smooth, top_k},
    {"", "Unique", 11, Gradient::none, unique},
};

}  // namespace
}  // namespace selection

std::span<const OperatorSpec> selection_operators() { return selection::kOperators; }

}  // namespace bartizan::model::operators
