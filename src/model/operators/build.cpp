#include "model/operators/build.h"

#include <algorithm>

#include <ATen/ExpandUtils.h>
#include <ATen/TensorOperators.h>

namespace bartizan::model::operators {

Result<void> expect_inputs(const graph::Node& node, std::size_t least, std::size_t most) {
    const std::size_t count = node.inputs.size();
    if (count < least || count > most)
        return invalid_input(node.op_type + " given " + std::to_string(count) + " inputs, wants " +
                             (count < least ? "at least " + std::to_string(least) : "at most " + std::to_string(most)));
    for (std::size_t i = 0; i < least; ++i)
        if (node.inputs[i].empty()) return invalid_input(node.op_type + " without its input " + std::to_string(i));
    return {};
}

Result<ElementType> element_type(std::int64_t number) {
    switch (number) {
        case 1:
            return ElementType{at::kFloat, 0};
        case 2:
            return ElementType{at::kByte, 0};
        case 3:
            return ElementType{at::kChar, 0};
        case 4:
            return ElementType{at::kInt, 0xFFFF};
        case 5:
            return ElementType{at::kShort, 0};
        case 6:
            return ElementType{at::kInt, 0};
        case 7:
            return ElementType{at::kLong, 0};
        case 9:
            return ElementType{at::kBool, 0};
        case 10:
            return ElementType{at::kHalf, 0};
        case 11:
            return ElementType{at::kDouble, 0};
        case 12:
            return ElementType{at::kLong, 0xFFFFFFFF};
        case 13:
            return ElementType{at::kLong, 0};
        case 16:
            return ElementType{at::kBFloat16, 0};
        case 8:
            return unsupported("element type STRING");
        case 14:
        case 15:
            return unsupported("complex element type");
        default:
            break;
    }
    if (number > 16 && number <= 32) return unsupported("element type number " + std::to_string(number));
    return invalid_input("element type number " + std::to_string(number));
}

Result<ElementType> element_type_attribute(const graph::Node& node, std::string_view attribute, std::int64_t preset) {
    const std::int64_t number = BARTIZAN_TRY(node.integer(attribute, preset));
    return element_type(number).within(node.op_type + " attribute '" + std::string(attribute) + "'");
}

at::Tensor convert(const at::Tensor& tensor, const ElementType& target) {
    at::Tensor converted = tensor.to(target.type);
    return target.mask == 0 ? converted : converted.bitwise_and(target.mask);
}

at::Tensor saturated(const at::Tensor& tensor, at::ScalarType type) {
    switch (type) {
        case at::kByte: return tensor.clamp(0, 255).to(type);
        case at::kChar: return tensor.clamp(-128, 127).to(type);
        case at::kShort: return tensor.clamp(-32768, 32767).to(type);
        case at::kInt: return tensor.to(at::kDouble).clamp(-2147483648.0, 2147483647.0).to(type);
        default: return tensor.to(type);
    }
}

Shape shape_of(const at::Tensor& tensor) { return tensor.sizes().vec(); }

Result<std::int64_t> integer_of(const at::Tensor& tensor) {
    const std::vector<std::int64_t> values = BARTIZAN_TRY(integers_of(tensor));
    if (values.size() != 1) return invalid_input("one integer wanted, given " + std::to_string(values.size()));
    return values[0];
}

Result<std::vector<std::int64_t>> normal_axes(std::vector<std::int64_t> axes, std::int64_t rank) {
    std::vector<bool> seen(static_cast<std::size_t>(std::max<std::int64_t>(rank, 0)));
    for (std::int64_t& axis : axes) {
        axis = BARTIZAN_TRY(normal_axis(axis, rank));
        if (seen[static_cast<std::size_t>(axis)]) return invalid_input("axis " + std::to_string(axis) + " given twice");
        seen[static_cast<std::size_t>(axis)] = true;
    }
    return axes;
}

Result<void> check_broadcast(const at::Tensor& a, const at::Tensor& b) {
    if (a.sizes() == b.sizes() || b.numel() == 1 || a.numel() == 1) return {};
    return check_output(at::infer_size(a.sizes(), b.sizes()));
}

Result<Shape> checked(Shape shape) {
    BARTIZAN_TRY(check_output(shape));
    return shape;
}

at::Tensor root_of(const at::Tensor& sums, double degree) {
    const at::Tensor nothing = sums.eq(0);
    const at::Tensor root = sums.masked_fill(nothing, 1).pow(1 / degree);
    return root.masked_fill(nothing, 0);
}

namespace {
bool is_half(const at::Tensor& tensor) { return tensor.defined() && tensor.scalar_type() == at::kHalf; }
}  // namespace

Kernel half_as_float(Kernel kernel) {
    return [kernel = std::move(kernel)](const Call& call) -> Result<Tensors> {
        if (std::none_of(call.inputs.begin(), call.inputs.end(), is_half)) return kernel(call);
        Tensors widened;
        for (const at::Tensor& input : call.inputs) widened.push_back(is_half(input) ? input.to(at::kFloat) : input);
        Tensors outputs = BARTIZAN_TRY(kernel(Call{widened, call.mode}));
        for (at::Tensor& output : outputs)
            if (output.defined() && output.scalar_type() == at::kFloat) output = output.to(at::kHalf);
        return outputs;
    };
}

}  // namespace bartizan::model::operators
