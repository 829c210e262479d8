#pragma once
/// What the operator families share when they compile a node: input counts, element types, kernels of one output.
/// Internal to `model/operators`. Thread rule: free functions over values.

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <ATen/core/Tensor.h>

#include "model/kernel.h"

namespace bartizan::model::operators {

inline constexpr std::size_t kAnyNumber = std::numeric_limits<std::size_t>::max();

/// Fails with `invalid_input` unless the node has `least` to `most` inputs and the first `least` are named.
Result<void> expect_inputs(const graph::Node& node, std::size_t least, std::size_t most = kAnyNumber);

/// An element type that a node asks for by its number in TensorProto.DataType. Unsigned types that ATen 1.13 lacks
/// are held in the next wider signed one; `mask` then has the bits that count.
struct ElementType {
    at::ScalarType type = at::kFloat;
    std::int64_t mask = 0;
};
/// Fails with `unsupported` for strings and complex numbers, `invalid_input` for numbers that mean nothing.
Result<ElementType> element_type(std::int64_t number);
/// The type that an attribute (`dtype`, `to`) asks for.
Result<ElementType> element_type_attribute(const graph::Node& node, std::string_view attribute, std::int64_t preset);
/// Fractions are cut off; integers wrap.
at::Tensor convert(const at::Tensor& tensor, const ElementType& target);

/// The value that a text attribute names; `options` are all that it may say. Fails with `invalid_input` listing them.
template <class Value>
Result<Value> choice(const graph::Node& node, std::string_view attribute, std::string_view preset,
                     std::initializer_list<std::pair<std::string_view, Value>> options) {
    const std::string given = BARTIZAN_TRY(node.text(attribute, preset));
    std::string names;
    for (const auto& [name, value] : options) {
        if (name == std::string_view(given)) return value;
        names += (names.empty() ? "" : ", ") + std::string(name);
    }
    return invalid_input(node.op_type + " attribute '" + std::string(attribute) + "' is '" + given + "'",
                         "give one of " + names);
}

/// `tensor` with values beyond an integer type's ends put on them (int8 to int32); other types are cast.
at::Tensor saturated(const at::Tensor& tensor, at::ScalarType type);

Shape shape_of(const at::Tensor& tensor);
/// The one value of an integer tensor.
Result<std::int64_t> integer_of(const at::Tensor& tensor);
/// `axes` as [0, rank), each at most once.
Result<std::vector<std::int64_t>> normal_axes(std::vector<std::int64_t> axes, std::int64_t rank);
/// Fails with `exhausted` if the two broadcast to more than `kMaxOutputElements`.
Result<void> check_broadcast(const at::Tensor& a, const at::Tensor& b);
/// `check_output(shape)`, then the shape.
Result<Shape> checked(Shape shape);

/// The `degree`-th root of sums of magnitudes. Where a sum is 0 the root is 0 and so is its gradient (not infinite).
at::Tensor root_of(const at::Tensor& sums, double degree);

/// `at::matmul`, its output checked first.
Result<at::Tensor> matrix_product(const at::Tensor& a, const at::Tensor& b);

/// A kernel of one output from a function Call -> Tensor or Result<Tensor>.
template <class Function>
Kernel single(Function function) {
    return [function = std::move(function)](const Call& call) -> Result<Tensors> {
        if constexpr (std::is_same_v<std::invoke_result_t<const Function&, const Call&>, at::Tensor>) {
            return Tensors{function(call)};
        } else {
            at::Tensor output = BARTIZAN_TRY(function(call));
            return Tensors{std::move(output)};
        }
    };
}

/// Runs `kernel` in float32 where its inputs are float16: ATen has few float16 kernels on the CPU.
Kernel half_as_float(Kernel kernel);

/// `single` for arithmetic: float16 is computed in float32.
template <class Function>
Kernel numeric(Function function) {
    return half_as_float(single(std::move(function)));
}

}  // namespace bartizan::model::operators
