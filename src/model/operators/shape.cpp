// Shapes without arithmetic: Shape, Reshape, Squeeze, Transpose, DepthToSpace and their kin.
#include <algorithm>
#include <limits>
#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/tensor.h>

#include "model/operators/build.h"
#include "model/operators/families.h"

namespace bartizan::model::operators {
namespace shape {
namespace {

using Integers = std::vector<std::int64_t>;

/// Integers that an old version of an operator takes as an attribute and a newer one as an input.
struct Moved {
    Integers attribute;
    std::size_t input = 0;  ///< 0: the attribute counts

    Result<Integers> at(const Call& call) const {
        if (input == 0 || !call.has(input)) return attribute;
        return integers_of(call.inputs[input]);
    }
};

Result<Moved> moved(const graph::Node& node, std::string_view attribute, std::int64_t opset, std::int64_t since) {
    if (opset >= since) {
        BARTIZAN_TRY(expect_inputs(node, 1, 2));
        return Moved{{}, 1};
    }
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    return Moved{BARTIZAN_TRY(node.integers(attribute, {})), 0};
}

/// An index into dimensions as Shape and Slice take it: negative from the end, then clamped.
std::int64_t clamp_index(std::int64_t index, std::int64_t rank) {
    return std::clamp<std::int64_t>(index < 0 ? index + rank : index, 0, rank);
}

Result<Kernel> shape_operator(const graph::Node& node, std::int64_t opset) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const bool part = opset >= 15;
    const std::int64_t end_of_all = std::numeric_limits<std::int64_t>::max();
    const std::int64_t start = part ? BARTIZAN_TRY(node.integer("start", 0)) : 0;
    const std::int64_t end = part ? BARTIZAN_TRY(node.integer("end", end_of_all)) : end_of_all;
    return single([=](const Call& call) {
        const at::IntArrayRef sizes = call.inputs[0].sizes();
        const auto rank = static_cast<std::int64_t>(sizes.size());
        const std::int64_t first = clamp_index(start, rank);
        const std::int64_t count = std::max<std::int64_t>(0, clamp_index(end, rank) - first);
        return at::tensor(sizes.slice(static_cast<std::size_t>(first), static_cast<std::size_t>(count)), at::kLong);
    });
}

Result<Kernel> size_operator(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    return single([](const Call& call) { return at::scalar_tensor(call.inputs[0].numel(), at::kLong); });
}

/// 0 copies the dimension of the input unless `allowzero`; ATen works out the -1.
Result<at::Tensor> reshape_to(const at::Tensor& x, Integers target, bool allow_zero) {
    for (std::size_t i = 0; i < target.size() && !allow_zero; ++i) {
        if (target[i] != 0) continue;
        if (static_cast<std::int64_t>(i) >= x.dim())
            return invalid_input("Reshape copies dimension " + std::to_string(i) + " of an input of rank " +
                                 std::to_string(x.dim()));
        target[i] = x.size(static_cast<std::int64_t>(i));
    }
    // With no elements a -1 may have many answers; what the other dimensions leave open is 0.
    const bool empty = x.numel() == 0 && std::find(target.begin(), target.end(), 0) != target.end();
    if (empty) std::replace(target.begin(), target.end(), std::int64_t{-1}, std::int64_t{0});
    return x.reshape(target);
}

Result<Kernel> reshape(const graph::Node& node, std::int64_t opset) {
    const bool allow_zero = BARTIZAN_TRY(node.integer("allowzero", 0)) != 0;
    if (opset >= 5) BARTIZAN_TRY(expect_inputs(node, 2, 2));
    const Moved target = opset < 5 ? BARTIZAN_TRY(moved(node, "shape", opset, 5)) : Moved{{}, 1};
    return single([=](const Call& call) -> Result<at::Tensor> {
        return reshape_to(call.inputs[0], BARTIZAN_TRY(target.at(call)), allow_zero);
    });
}

Result<Kernel> flatten(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const std::int64_t given = BARTIZAN_TRY(node.integer("axis", 1));
    return single([given](const Call& call) -> Result<at::Tensor> {
        const at::Tensor& x = call.inputs[0];
        const std::int64_t axis = given == x.dim() ? given : BARTIZAN_TRY(normal_axis(given, x.dim()));
        const auto sizes = x.sizes();
        const auto product = [](std::int64_t a, std::int64_t b) { return a * b; };
        const std::int64_t rows = std::accumulate(sizes.begin(), sizes.begin() + axis, std::int64_t{1}, product);
        const std::int64_t columns = std::accumulate(sizes.begin() + axis, sizes.end(), std::int64_t{1}, product);
        return x.reshape({rows, columns});
    });
}

Result<at::Tensor> squeeze_axes(const at::Tensor& x, const Integers& given) {
    Integers axes = BARTIZAN_TRY(normal_axes(given, x.dim()));
    std::sort(axes.rbegin(), axes.rend());
    at::Tensor squeezed = x;
    for (const std::int64_t axis : axes) {
        if (x.size(axis) != 1)
            return invalid_input("Squeeze of axis " + std::to_string(axis) + " of shape " + to_string(shape_of(x)));
        squeezed = squeezed.squeeze(axis);
    }
    return squeezed;
}

Result<Kernel> squeeze(const graph::Node& node, std::int64_t opset) {
    const Moved axes = BARTIZAN_TRY(moved(node, "axes", opset, 13));
    return single([axes](const Call& call) -> Result<at::Tensor> {
        const Integers wanted = BARTIZAN_TRY(axes.at(call));
        return wanted.empty() ? call.inputs[0].squeeze() : squeeze_axes(call.inputs[0], wanted);
    });
}

Result<Kernel> unsqueeze(const graph::Node& node, std::int64_t opset) {
    const Moved moved_axes = BARTIZAN_TRY(moved(node, "axes", opset, 13));
    return single([moved_axes](const Call& call) -> Result<at::Tensor> {
        const Integers wanted = BARTIZAN_TRY(moved_axes.at(call));
        const std::int64_t rank = call.inputs[0].dim() + static_cast<std::int64_t>(wanted.size());
        Integers axes = BARTIZAN_TRY(normal_axes(wanted, rank));
        std::sort(axes.begin(), axes.end());
        at::Tensor grown = call.inputs[0];
        for (const std::int64_t axis : axes) grown = grown.unsqueeze(axis);
        return grown;
    });
}

Result<Kernel> transpose(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const Integers order = BARTIZAN_TRY(node.integers("perm", {}));
    return single([order](const Call& call) {
        const at::Tensor& x = call.inputs[0];
        if (!order.empty() || x.dim() == 0) return x.permute(order);
        Integers reversed(static_cast<std::size_t>(x.dim()));
        std::iota(reversed.rbegin(), reversed.rend(), 0);
        return x.permute(reversed);
    });
}

Result<Kernel> identity(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    return single([](const Call& call) -> Result<at::Tensor> {
        if (!call.has(0)) return unsupported("Identity of a value that is not a tensor");
        return call.inputs[0];
    });
}

Result<std::int64_t> block_size(const graph::Node& node) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const std::int64_t block = BARTIZAN_TRY(node.integer("blocksize", 0));
    if (block < 1 || block > 65536) return invalid_input(node.op_type + " with blocksize " + std::to_string(block));
    return block;
}

Result<Kernel> depth_to_space(const graph::Node& node, std::int64_t) {
    const std::int64_t b = BARTIZAN_TRY(block_size(node));
    const bool depth_first = BARTIZAN_TRY(choice<bool>(node, "mode", "DCR", {{"DCR", true}, {"CRD", false}}));
    return single([b, depth_first](const Call& call) {
        const at::Tensor& x = call.inputs[0];
        const std::int64_t n = x.size(0), c = x.size(1), h = x.size(2), w = x.size(3);
        const at::Tensor blocks = depth_first ? x.reshape({n, b, b, c / (b * b), h, w}).permute({0, 3, 4, 1, 5, 2})
                                              : x.reshape({n, c / (b * b), b, b, h, w}).permute({0, 1, 4, 2, 5, 3});
        return blocks.reshape({n, c / (b * b), h * b, w * b});
    });
}

Result<Kernel> space_to_depth(const graph::Node& node, std::int64_t) {
    const std::int64_t b = BARTIZAN_TRY(block_size(node));
    return single([b](const Call& call) {
        const at::Tensor& x = call.inputs[0];
        const std::int64_t n = x.size(0), c = x.size(1), h = x.size(2), w = x.size(3);
        const at::Tensor blocks = x.reshape({n, c, h / b, b, w / b, b}).permute({0, 3, 5, 1, 2, 4});
        return blocks.reshape({n, c * b * b, h / b, w / b});
    });
}

constexpr OperatorSpec kOperators[] = {
    {"", "DepthToSpace", 1, Gradient::smooth, depth_to_space}, {"", "Flatten", 1, Gradient::smooth, flatten},
    {"", "Identity", 1, Gradient::smooth, identity},           {"", "Reshape", 1, Gradient::smooth, reshape},
    {"", "Shape", 1, Gradient::none, shape_operator},          {"", "Size", 1, Gradient::none, size_operator},
    {"", "SpaceToDepth", 1, Gradient::smooth, space_to_depth}, {"", "Squeeze", 1, Gradient::smooth, squeeze},
    {"", "Transpose", 1, Gradient::smooth, transpose},         {"", "Unsqueeze", 1, Gradient::smooth, unsqueeze},
};

}  // namespace
}  // namespace shape

std::span<const OperatorSpec> shape_operators() { return shape::kOperators; }

}  // namespace bartizan::model::operators
