#include "model/batch_widening.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string>

namespace bartizan::model {
namespace batch_widening {
namespace {

/// The same shape with the batch in front as -1 (it follows from the rest) or, if -1 is taken, as 0 (copied).
/// Nothing if the batch is not in front.
std::optional<NdArray> without_batch(const NdArray& shape, std::int64_t batch) {
    if (shape.dtype() != DType::i64 || shape.size() < 1 || shape.values<std::int64_t>()[0] != batch)
        return std::nullopt;
    auto copy = NdArray::from<std::int64_t>(shape.shape(), shape.values<std::int64_t>());
    if (!copy.ok()) return std::nullopt;
    const auto values = copy->mutable_values<std::int64_t>();
    values[0] = std::ranges::find(values, -1) == values.end() ? -1 : 0;
    return std::move(copy).value();
}

bool is_reshape(const graph::Node& node) {
    return node.domain.empty() && node.op_type == "Reshape" && node.inputs.size() == 2;
}

/// A shape that is an initializer gets a new name with its new value: names stand for the same numbers in all views.
void free_initializer(graph::Graph& graph, graph::Node& reshape, std::int64_t batch) {
    const auto found = graph.initializers.find(reshape.inputs[1]);
    // What has no batch, a weight say, keeps its shape.
    if (found == graph.initializers.end() || graph.initializers.contains(reshape.inputs[0])) return;
    if (auto shape = without_batch(found->second, batch)) {
        reshape.inputs[1] += ".widened";
        graph.initializers[reshape.inputs[1]] = std::move(*shape);
    }
}

void free_constant(graph::Node& constant, std::int64_t batch) {
    const auto value = constant.attributes.find("value");
    if (value == constant.attributes.end() || !std::holds_alternative<NdArray>(value->second)) return;
    if (auto shape = without_batch(std::get<NdArray>(value->second), batch)) value->second = std::move(*shape);
}

}  // namespace
}  // namespace batch_widening

graph::Graph widen_batch(graph::Graph graph, std::int64_t batch) {
    std::set<std::string> shapes;
    for (graph::Node& node : graph.nodes) {
        if (!batch_widening::is_reshape(node)) continue;
        shapes.insert(node.inputs[1]);
        batch_widening::free_initializer(graph, node, batch);
    }
    for (graph::Node& node : graph.nodes)
        if (node.op_type == "Constant" && !node.outputs.empty() && shapes.contains(node.outputs[0]))
            batch_widening::free_constant(node, batch);
    for (graph::Value& input : graph.inputs)
        if (input.type.has_shape && !input.type.shape.empty()) input.type.shape[0] = -1;
    return graph;
}

}  // namespace bartizan::model
