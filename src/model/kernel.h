#pragma once
/// Operators: how a node of the graph becomes something that runs. A family file (operators/elementwise.cpp, say)
/// offers a table of `OperatorSpec`; operators/catalog.cpp lists the families. `compile` reads and checks the
/// attributes once, when the model is loaded; the `Kernel` it returns runs many times.
/// Internal to `model`: the only header here that shows tensors.
/// Thread rule: a `Kernel` may be called from several threads at once.

#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "bartizan/result.h"
#include "graph/graph.h"
#include "model/model.h"

namespace bartizan::model {

struct NamedTensor {
    std::string name;
    at::Tensor tensor;
    bool trainable = true;  ///< false: a running statistic, kept with the weights but not descended on
};

using Tensors = std::vector<at::Tensor>;

/// One run of one node.
struct Call {
    std::span<const at::Tensor> inputs;  ///< undefined where an optional input is left out
    Mode mode = Mode::evaluation;

    bool has(std::size_t index) const { return index < inputs.size() && inputs[index].defined(); }
};

/// Outputs in the node's order (fewer are allowed when the rest are not wanted). May throw c10::Error on a shape
/// mismatch: the executor turns it into an `Error` with the node's place.
using Kernel = std::function<Result<Tensors>(const Call&)>;

enum class Gradient {
    smooth,  ///< autograd through the operator is right almost everywhere
    zero,    ///< exists but vanishes: Sign, Floor, Round, comparisons
    none,    ///< does not exist: ArgMax, trees, integer outputs
};

struct OperatorSpec {
    std::string_view domain;  ///< "" or "ai.onnx.ml"
    std::string_view op_type;
    std::int64_t since;  ///< first opset with this meaning; the newest one not above the model's is used
    Gradient gradient;
    /// Fails with `invalid_input` on bad attributes, `unsupported` on a mode that is not built.
    Result<Kernel> (*compile)(const graph::Node& node, std::int64_t opset);
};

/// The operator of a node under an opset. Fails with `unsupported` naming operator, domain and opset.
Result<const OperatorSpec*> find_operator(const graph::Node& node, std::int64_t opset);
/// Every operator, for `doctor`, the documentation and the tests.
std::vector<const OperatorSpec*> all_operators();

/// What an operator may make at most; checked before it is allocated.
inline constexpr std::int64_t kMaxOutputElements = std::int64_t{1} << 30;
/// Fails with `exhausted` when an output of this shape is larger than that, `invalid_input` if negative.
Result<void> check_output(const Shape& shape);

/// Values of an integer tensor input (shapes, axes), at most 4096 of them.
Result<std::vector<std::int64_t>> integers_of(const at::Tensor& tensor);
/// `axis` in [-rank, rank) as [0, rank).
Result<std::int64_t> normal_axis(std::int64_t axis, std::int64_t rank);

}  // namespace bartizan::model
