// Parts of tensors put together and taken apart: Concat, Split, Slice, ReverseSequence.
#include <algorithm>
#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/where.h>

#include "model/operators/build.h"
#include "model/operators/families.h"

namespace bartizan::model::operators {
namespace joining {
namespace {

using Integers = std::vector<std::int64_t>;

Result<at::Tensor> concat_along(std::span<const at::Tensor> inputs, std::int64_t given) {
    const std::int64_t axis = BARTIZAN_TRY(normal_axis(given, inputs[0].dim()));
    Shape shape = shape_of(inputs[0]);
    for (const at::Tensor& next : inputs.subspan(1)) {
        if (next.dim() != inputs[0].dim())
            return invalid_input("Concat of ranks " + std::to_string(inputs[0].dim()) + " and " +
                                 std::to_string(next.dim()));
        shape[static_cast<std::size_t>(axis)] += next.size(axis);
        BARTIZAN_TRY(check_output(shape));
    }
    return at::cat(at::TensorList(inputs.data(), inputs.size()), axis);
}

Result<Kernel> concat(const graph::Node& node, std::int64_t opset) {
    BARTIZAN_TRY(expect_inputs(node, std::max<std::size_t>(1, node.inputs.size())));
    if (opset >= 4 && !node.has("axis")) return invalid_input("Concat without its attribute 'axis'");
    const std::int64_t axis = BARTIZAN_TRY(node.integer("axis", 1));
    return single([axis](const Call& call) { return concat_along(call.inputs, axis); });
}

/// Sizes of equal parts. From opset 18 on the last one may be smaller; before, it may not.
Result<Integers> equal_parts(std::int64_t size, std::int64_t parts, bool last_smaller) {
    if (!last_smaller && size % parts != 0)
        return invalid_input("Split of " + std::to_string(size) + " elements into " + std::to_string(parts) +
                             " equal parts");
    const std::int64_t each = (size + parts - 1) / parts;
    Integers sizes;
    for (std::int64_t left = size; static_cast<std::int64_t>(sizes.size()) < parts; left -= sizes.back())
        sizes.push_back(std::min(each, left));
    return sizes;
}

Result<Tensors> split_into(const at::Tensor& x, std::int64_t axis, const Integers& sizes, std::size_t outputs) {
    if (sizes.size() != outputs)
        return invalid_input("Split gives " + std::to_string(sizes.size()) + " sizes for " + std::to_string(outputs) +
                             " outputs");
    BARTIZAN_TRY(check_output(sizes));  // none is negative
    return x.split_with_sizes(sizes, axis);
}

Result<Kernel> split(const graph::Node& node, std::int64_t opset) {
    BARTIZAN_TRY(expect_inputs(node, 1, opset < 13 && opset >= 2 ? 1 : 2));
    const std::int64_t given_axis = BARTIZAN_TRY(node.integer("axis", 0));
    const Integers given = opset < 13 ? BARTIZAN_TRY(node.integers("split", {})) : Integers{};
    const std::size_t outputs = node.outputs.size();
    if (outputs == 0) return invalid_input("Split without outputs");
    return Kernel([=](const Call& call) -> Result<Tensors> {
        const at::Tensor& x = call.inputs[0];
        const std::int64_t axis = BARTIZAN_TRY(normal_axis(given_axis, x.dim()));
        Integers sizes = given;
        if (call.has(1)) sizes = BARTIZAN_TRY(integers_of(call.inputs[1]));
        const auto parts = static_cast<std::int64_t>(outputs);
        if (sizes.empty()) sizes = BARTIZAN_TRY(equal_parts(x.size(axis), parts, opset >= 18));
        return split_into(x, axis, sizes, outputs);
    });
}

/// One axis of a Slice, with numpy's rules: negative positions count from the end, then all are clamped.
struct Range {
    std::int64_t start;
    std::int64_t end;
    std::int64_t step;
};

at::Tensor slice_axis(const at::Tensor& x, std::int64_t axis, Range range) {
    const std::int64_t size = x.size(axis);
    const auto from_end = [size](std::int64_t index) { return index < 0 ? index + size : index; };
    const std::int64_t step = std::clamp(range.step, -size - 1, size + 1);  // longer steps see one element, too
    if (range.step > 0) {
        const std::int64_t start = std::clamp<std::int64_t>(from_end(range.start), 0, size);
        const std::int64_t end = std::clamp<std::int64_t>(from_end(range.end), start, size);
        return x.slice(axis, start, end, step);
    }
    const std::int64_t start = std::clamp<std::int64_t>(from_end(range.start), -1, size - 1);
    const std::int64_t end = std::clamp<std::int64_t>(from_end(range.end), -1, start);
    return x.flip(axis).slice(axis, size - 1 - start, size - 1 - end, -step);
}

/// What a Slice is told: by attributes below opset 10, by inputs from there on.
struct SliceArguments {
    Integers starts;
    Integers ends;
    Integers axes;
    Integers steps;
};

Result<at::Tensor> slice_by(const at::Tensor& x, SliceArguments arguments) {
    const std::size_t count = arguments.starts.size();
    if (arguments.axes.empty()) {
        arguments.axes.resize(count);
        std::iota(arguments.axes.begin(), arguments.axes.end(), 0);
    }
    if (arguments.steps.empty()) arguments.steps.assign(count, 1);
    if (arguments.ends.size() != count || arguments.axes.size() != count || arguments.steps.size() != count)
        return invalid_input("Slice with " + std::to_string(count) + " starts, " +
                             std::to_string(arguments.ends.size()) + " ends, " + std::to_string(arguments.axes.size()) +
                             " axes, " + std::to_string(arguments.steps.size()) + " steps");
    const Integers axes = BARTIZAN_TRY(normal_axes(arguments.axes, x.dim()));
    at::Tensor part = x;
    for (std::size_t i = 0; i < count; ++i) {
        if (arguments.steps[i] == 0) return invalid_input("Slice with step 0");
        part = slice_axis(part, axes[i], {arguments.starts[i], arguments.ends[i], arguments.steps[i]});
    }
    return part;
}

Result<Kernel> slice_by_attributes(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    SliceArguments arguments;
    arguments.starts = BARTIZAN_TRY(node.integers("starts", {}));
    arguments.ends = BARTIZAN_TRY(node.integers("ends", {}));
    arguments.axes = BARTIZAN_TRY(node.integers("axes", {}));
    return single([arguments](const Call& call) { return slice_by(call.inputs[0], arguments); });
}

Result<Kernel> slice_by_inputs(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 3, 5));
    return single([](const Call& call) -> Result<at::Tensor> {
        SliceArguments arguments;
        arguments.starts = BARTIZAN_TRY(integers_of(call.inputs[1]));
        arguments.ends = BARTIZAN_TRY(integers_of(call.inputs[2]));
        if (call.has(3)) arguments.axes = BARTIZAN_TRY(integers_of(call.inputs[3]));
        if (call.has(4)) arguments.steps = BARTIZAN_TRY(integers_of(call.inputs[4]));
        return slice_by(call.inputs[0], std::move(arguments));
    });
}

/// Entry t of a sequence of length l comes from l - 1 - t; what lies past the length stays.
at::Tensor reverse(const at::Tensor& x, const at::Tensor& lengths, std::int64_t time_axis) {
    const std::int64_t batch_axis = 1 - time_axis;
    const at::Tensor time = at::arange(x.size(time_axis), at::kLong).unsqueeze(batch_axis);
    const at::Tensor length = lengths.to(at::kLong).unsqueeze(time_axis);
    at::Tensor source = at::where(time < length, length - 1 - time, time);
    for (std::int64_t d = 2; d < x.dim(); ++d) source = source.unsqueeze(-1);
    return x.gather(time_axis, source.expand(x.sizes()));
}

Result<Kernel> reverse_sequence(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 2, 2));
    const std::int64_t time_axis = BARTIZAN_TRY(node.integer("time_axis", 0));
    const std::int64_t batch_axis = BARTIZAN_TRY(node.integer("batch_axis", 1));
    if (time_axis < 0 || time_axis > 1 || batch_axis != 1 - time_axis)
        return invalid_input("ReverseSequence with time_axis " + std::to_string(time_axis) + " and batch_axis " +
                             std::to_string(batch_axis));
    return single([time_axis](const Call& call) -> Result<at::Tensor> {
        const at::Tensor& x = call.inputs[0];
        const at::Tensor& lengths = call.inputs[1];
        if (x.dim() < 2 || lengths.dim() != 1 || lengths.size(0) != x.size(1 - time_axis))
            return invalid_input("ReverseSequence of shape " + to_string(shape_of(x)) + " with lengths of shape " +
                                 to_string(shape_of(lengths)));
        return reverse(x, lengths, time_axis);
    });
}

constexpr OperatorSpec kOperators[] = {
    {"", "Concat", 1, Gradient::smooth, concat},
    {"", "ReverseSequence", 10, Gradient::smooth, reverse_sequence},
    {"", "Slice", 1, Gradient::smooth, slice_by_attributes},
    {"", "Slice", 10, Gradient::smooth, slice_by_inputs},
    {"", "Split", 1, Gradient::smooth, split},
};

}  // namespace
}  // namespace joining

std::span<const OperatorSpec> joining_operators() { return joining::kOperators; }

}  // namespace bartizan::model::operators
