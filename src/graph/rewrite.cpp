#include "graph/rewrite.h"

#include <algorithm>
#include <string>
#include <unordered_set>

#include "graph/topology.h"

namespace bartizan::graph {

std::int64_t remove_unused(Graph& graph) {
    // Copies of the names: the nodes that they lie in are moved below.
    std::unordered_set<std::string> used;
    for (const Value& output : graph.outputs) used.insert(output.name);
    std::vector<bool> kept(graph.nodes.size());
    // Backwards, so that whoever reads a value has been seen before whoever makes it.
    for (std::size_t i = graph.nodes.size(); i-- > 0;) {
        const Node& node = graph.nodes[i];
        kept[i] = std::ranges::any_of(node.outputs, [&](const std::string& name) { return used.contains(name); });
        if (!kept[i]) continue;
        for (const std::string_view name : values_read(node)) used.emplace(name);
    }
    std::vector<Node> nodes;
    for (std::size_t i = 0; i < kept.size(); ++i)
        if (kept[i]) nodes.push_back(std::move(graph.nodes[i]));
    const std::size_t nodes_removed = graph.nodes.size() - nodes.size();
    graph.nodes = std::move(nodes);
    const auto unused = [&](const auto& entry) { return !used.contains(entry.first); };
    const std::size_t arrays_removed = std::erase_if(graph.initializers, unused);
    const std::size_t strings_removed = std::erase_if(graph.string_initializers, unused);
    return static_cast<std::int64_t>(nodes_removed + arrays_removed + strings_removed);
}

}  // namespace bartizan::graph
