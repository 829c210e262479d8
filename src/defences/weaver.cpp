#include "defences/weaver.h"

#include <algorithm>
#include <span>
#include <variant>

namespace bartizan::defences {

std::string Weaver::node(const std::string& op_type, std::vector<std::string> inputs, Attributes attributes) {
    graph::Node& added = graph_.nodes.emplace_back();
    added.op_type = op_type;
    added.name = fresh();
    added.inputs = std::move(inputs);
    added.outputs = {added.name};
    added.attributes = std::move(attributes);
    return added.name;
}

std::string Weaver::floats(Shape shape, const std::vector<float>& values) {
    const std::string name = fresh();
    graph_.initializers.emplace(name, NdArray::from<float>(std::move(shape), std::span<const float>(values)).value());
    return name;
}

std::string Weaver::integers(const std::vector<std::int64_t>& values) {
    const std::string name = fresh();
    graph_.initializers.emplace(
        name, NdArray::from<std::int64_t>({std::ssize(values)}, std::span<const std::int64_t>(values)).value());
    return name;
}

std::string free_prefix(const graph::Graph& graph, const std::string& wanted) {
    std::string prefix = wanted + "/";
    const auto begins = [&prefix](const std::string& name) { return name.starts_with(prefix); };
    const auto taken = [&] {
        for (const auto& [name, array] : graph.initializers)
            if (begins(name)) return true;
        return std::ranges::any_of(graph.inputs, begins, &graph::Value::name) ||
               std::ranges::any_of(graph.nodes, [&](const graph::Node& node) {
                   return begins(node.name) || std::ranges::any_of(node.outputs, begins);
               });
    };
    for (int i = 2; taken(); ++i) prefix = wanted + std::to_string(i) + "/";
    return prefix;
}

Result<void> read_instead(graph::Graph& graph, const std::string& from, const std::string& to) {
    for (graph::Node& node : graph.nodes) {
        for (std::string& input : node.inputs)
            if (input == from) input = to;
        for (const auto& [name, attribute] : node.attributes)
            if (const auto* opaque = std::get_if<graph::Opaque>(&attribute))
                if (std::ranges::find(opaque->captures, from) != opaque->captures.end())
                    return unsupported(node.place() + " holds a subgraph that reads '" + from + "'");
    }
    return {};
}

}  // namespace bartizan::defences
