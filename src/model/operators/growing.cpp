// Outputs larger than their inputs: Expand, Tile, Pad. The size is checked before anything is made.
#include <ATen/ExpandUtils.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/where.h>

#include "model/operators/build.h"
#include "model/operators/families.h"

namespace bartizan::model::operators {
namespace growing {
namespace {

using Integers = std::vector<std::int64_t>;

Result<Kernel> expand(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 2, 2));
    return single([](const Call& call) -> Result<at::Tensor> {
        const Integers wanted = BARTIZAN_TRY(integers_of(call.inputs[1]));
        BARTIZAN_TRY(check_output(wanted));
        const Shape target = BARTIZAN_TRY(checked(at::infer_size(call.inputs[0].sizes(), wanted)));
        return call.inputs[0].expand(target);
    });
}

Result<at::Tensor> repeat(const at::Tensor& x, const Integers& repeats) {
    if (static_cast<std::int64_t>(repeats.size()) != x.dim())
        return invalid_input("Tile of rank " + std::to_string(x.dim()) + " given " + std::to_string(repeats.size()) +
                             " repeats");
    BARTIZAN_TRY(check_output(repeats));
    Shape target = shape_of(x);
    for (std::size_t i = 0; i < target.size(); ++i) target[i] *= repeats[i];  // both bounded: no overflow
    BARTIZAN_TRY(check_output(target));
    return x.repeat(repeats);
}

Result<Kernel> tile(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 2, 2));
    return single([](const Call& call) -> Result<at::Tensor> {
        return repeat(call.inputs[0], BARTIZAN_TRY(integers_of(call.inputs[1])));
    });
}

/// Version 1: a count and an axis.
Result<Kernel> tile_along_axis(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 3, 3));
    return single([](const Call& call) -> Result<at::Tensor> {
        const at::Tensor& x = call.inputs[0];
        const std::int64_t count = BARTIZAN_TRY(integer_of(call.inputs[1].to(at::kLong)));
        const std::int64_t axis = BARTIZAN_TRY(integer_of(call.inputs[2].to(at::kLong)));
        Integers repeats(static_cast<std::size_t>(x.dim()), 1);
        repeats[static_cast<std::size_t>(BARTIZAN_TRY(normal_axis(axis, x.dim())))] = count;
        return repeat(x, repeats);
    });
}

enum class PadMode { constant, reflect, edge, wrap };

Result<PadMode> pad_mode(const graph::Node& node) {
    return choice<PadMode>(node, "mode", "constant",
                           {{"constant", PadMode::constant},
                            {"reflect", PadMode::reflect},
                            {"edge", PadMode::edge},
                            {"wrap", PadMode::wrap}});
}

/// Which element of a dimension of `size` stands at each place of the padded one.
at::Tensor padded_index(PadMode mode, std::int64_t size, std::int64_t before, std::int64_t after) {
    const at::Tensor place = at::arange(-before, size + after, at::kLong);
    if (mode == PadMode::edge) return place.clamp(0, size - 1);
    if (mode == PadMode::wrap) return place.remainder(size);
    if (size == 1) return place * 0;
    const std::int64_t period = 2 * (size - 1);
    const at::Tensor phase = place.remainder(period);
    return at::where(phase < size, phase, period - phase);
}

/// `pads` holds what goes before each dimension, then what goes after each.
Result<at::Tensor> pad_with(const at::Tensor& x, PadMode mode, const Integers& pads, const at::Scalar& value) {
    const auto rank = static_cast<std::size_t>(x.dim());
    if (pads.size() != 2 * rank)
        return invalid_input("Pad of rank " + std::to_string(rank) + " given " + std::to_string(pads.size()) + " pads");
    Shape shape = shape_of(x);
    Integers innermost_first;
    for (std::size_t i = 0; i < rank; ++i) {
        for (const std::int64_t pad : {pads[i], pads[rank + i]})
            if (pad > kMaxOutputElements || pad < -kMaxOutputElements)
                return exhausted("Pad by " + std::to_string(pad) + " elements");
        shape[i] += pads[i] + pads[rank + i];
        innermost_first.insert(innermost_first.begin(), {pads[i], pads[rank + i]});
    }
    BARTIZAN_TRY(check_output(shape));
    if (mode == PadMode::constant) return at::constant_pad_nd(x, innermost_first, value);
    if (x.numel() == 0) return invalid_input("Pad of an empty tensor with its own elements");
    at::Tensor padded = x;
    for (std::size_t i = 0; i < rank; ++i) {
        if (pads[i] == 0 && pads[rank + i] == 0) continue;
        const auto axis = static_cast<std::int64_t>(i);
        padded = padded.index_select(axis, padded_index(mode, x.size(axis), pads[i], pads[rank + i]));
    }
    return padded;
}

Result<Kernel> pad_by_attributes(const graph::Node& node, std::int64_t opset) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const Integers pads = BARTIZAN_TRY(node.integers(opset < 2 ? "paddings" : "pads", {}));
    const double value = BARTIZAN_TRY(node.real("value", 0));
    const PadMode mode = BARTIZAN_TRY(pad_mode(node));
    return numeric([=](const Call& call) { return pad_with(call.inputs[0], mode, pads, value); });
}

/// Pads for the axes that are named, as pads for all.
Result<Integers> spread_pads(const Integers& pads, const Integers& axes, std::int64_t rank) {
    if (pads.size() != 2 * axes.size())
        return invalid_input("Pad given " + std::to_string(pads.size()) + " pads for " + std::to_string(axes.size()) +
                             " axes");
    const Integers normal = BARTIZAN_TRY(normal_axes(axes, rank));
    Integers all(static_cast<std::size_t>(2 * rank), 0);
    for (std::size_t i = 0; i < normal.size(); ++i) {
        all[static_cast<std::size_t>(normal[i])] = pads[i];
        all[static_cast<std::size_t>(normal[i] + rank)] = pads[normal.size() + i];
    }
    return all;
}

Result<Kernel> pad_by_inputs(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 2, 4));
    const PadMode mode = BARTIZAN_TRY(pad_mode(node));
    return numeric([mode](const Call& call) -> Result<at::Tensor> {
        const at::Tensor& x = call.inputs[0];
        Integers pads = BARTIZAN_TRY(integers_of(call.inputs[1]));
        if (call.has(3)) pads = BARTIZAN_TRY(spread_pads(pads, BARTIZAN_TRY(integers_of(call.inputs[3])), x.dim()));
        return pad_with(x, mode, pads, call.has(2) ? call.inputs[2].item() : at::Scalar(0));
    });
}

constexpr OperatorSpec kOperators[] = {
    {"", "Expand", 8, Gradient::smooth, expand},      {"", "Pad", 1, Gradient::smooth, pad_by_attributes},
    {"", "Pad", 11, Gradient::smooth, pad_by_inputs}, {"", "Tile", 1, Gradient::smooth, tile_along_axis},
    {"", "Tile", 6, Gradient::smooth, tile},
};

}  // namespace
}  // namespace growing

std::span<const OperatorSpec> growing_operators() { return growing::kOperators; }

}  // namespace bartizan::model::operators
