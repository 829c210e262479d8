#include "model/last_activation.h"

#include <algorithm>
#include <string_view>

namespace bartizan::model {
namespace last_activation {
namespace {

/// Operators that move numbers and do not change them.
constexpr std::string_view kMovers[] = {"Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Cast", "Dropout"};

const graph::Node* producer(const graph::Graph& graph, const std::string& value) {
    const auto found = std::ranges::find_if(graph.nodes, [&](const graph::Node& node) {
        return !value.empty() && !node.outputs.empty() && node.outputs[0] == value;
    });
    return found == graph.nodes.end() ? nullptr : &*found;
}

}  // namespace
}  // namespace last_activation

std::optional<LastNode> last_node(const graph::Graph& graph, std::size_t index) {
    if (index >= graph.outputs.size()) return std::nullopt;
    const graph::Node* node = last_activation::producer(graph, graph.outputs[index].name);
    while (node != nullptr && node->domain.empty() && !node->inputs.empty() &&
           std::ranges::find(last_activation::kMovers, node->op_type) != std::end(last_activation::kMovers))
        node = last_activation::producer(graph, node->inputs[0]);
    if (node == nullptr || node->inputs.empty()) return std::nullopt;
    return LastNode{node->domain.empty() ? node->op_type : node->domain + ":" + node->op_type, node->inputs[0]};
}

graph::Graph with_output(graph::Graph graph, const std::string& value) {
    graph.outputs = {{value, {}}};
    return graph;
}

}  // namespace bartizan::model
