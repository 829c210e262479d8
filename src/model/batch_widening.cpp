#include "model/batch_widening.h"

#include <algorithm>
#include <set>
#include <string>

namespace bartizan::model {
namespace {

/// The same shape with the batch in front as -1 (it follows from the rest) or, if -1 is taken, as 0 (copied).
void free_batch(NdArray& shape, std::int64_t batch) {
    if (shape.dtype() != DType::i64 || shape.size() < 1 || shape.values<std::int64_t>()[0] != batch) return;
    auto copy = NdArray::from<std::int64_t>(shape.shape(), shape.values<std::int64_t>());
    if (!copy.ok()) return;
    const auto values = copy->mutable_values<std::int64_t>();
    values[0] = std::ranges::find(values, -1) == values.end() ? -1 : 0;
    shape = std::move(copy).value();
}

}  // namespace

graph::Graph widen_batch(graph::Graph graph, std::int64_t batch) {
    std::set<std::string> shapes;
    for (const graph::Node& node : graph.nodes)
        if (node.domain.empty() && node.op_type == "Reshape" && node.inputs.size() == 2) shapes.insert(node.inputs[1]);
    for (auto& [name, array] : graph.initializers)
        if (shapes.contains(name)) free_batch(array, batch);
    for (graph::Node& node : graph.nodes) {
        if (node.op_type != "Constant" || node.outputs.empty() || !shapes.contains(node.outputs[0])) continue;
        const auto value = node.attributes.find("value");
        if (value != node.attributes.end() && std::holds_alternative<NdArray>(value->second))
            free_batch(std::get<NdArray>(value->second), batch);
    }
    for (graph::Value& input : graph.inputs)
        if (input.type.has_shape && !input.type.shape.empty()) input.type.shape[0] = -1;
    return graph;
}

}  // namespace bartizan::model
