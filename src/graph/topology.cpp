#include "graph/topology.h"

#include <cstddef>
#include <functional>
#include <queue>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace bartizan::graph {
namespace {

/// Made by no node: an input or an initializer.
constexpr std::size_t kGiven = static_cast<std::size_t>(-1);
/// The node that makes each value.
using Producers = std::unordered_map<std::string_view, std::size_t>;

std::string maker(const Graph& graph, std::size_t index) {
    return index == kGiven ? "an input or initializer" : graph.nodes[index].place();
}

Result<void> add_given(Producers& producers, std::string_view name, std::string_view kind) {
    if (name.empty()) return invalid_input("an " + std::string(kind) + " has no name");
    if (!producers.emplace(name, kGiven).second)
        return invalid_input("the name '" + std::string(name) + "' is given to two inputs or initializers");
    return {};
}

Result<Producers> find_producers(const Graph& graph) {
    Producers producers;
    for (const Value& input : graph.inputs) BARTIZAN_TRY(add_given(producers, input.name, "input"));
    for (const auto& [name, unused] : graph.initializers) BARTIZAN_TRY(add_given(producers, name, "initializer"));
    for (const auto& [name, unused] : graph.string_initializers)
        BARTIZAN_TRY(add_given(producers, name, "initializer"));
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        for (const std::string& output : graph.nodes[i].outputs) {
            if (output.empty()) continue;
            const auto [found, added] = producers.emplace(output, i);
            if (!added)
                return invalid_input("value '" + output + "' is made by " + maker(graph, found->second) + " and by " +
                                     graph.nodes[i].place());
        }
    }
    return producers;
}

Result<void> check_outputs(const Graph& graph, const Producers& producers) {
    if (graph.outputs.empty()) return invalid_input("the graph has no outputs");
    std::unordered_map<std::string_view, int> seen;
    for (const Value& output : graph.outputs) {
        if (!producers.contains(output.name))
            return invalid_input("graph output '" + output.name + "' is made by no node");
        if (seen[output.name]++ > 0) return invalid_input("graph output '" + output.name + "' is listed twice");
    }
    return {};
}

/// For each node: how many of its inputs wait for a node, and which nodes wait for it.
struct Waiting {
    std::vector<std::size_t> missing;
    std::vector<std::vector<std::size_t>> followers;
};

Result<Waiting> find_waiting(const Graph& graph, const Producers& producers) {
    Waiting waiting{std::vector<std::size_t>(graph.nodes.size()),
                    std::vector<std::vector<std::size_t>>(graph.nodes.size())};
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        for (const std::string_view input : values_read(graph.nodes[i])) {
            const auto found = producers.find(input);
            if (found == producers.end())
                return invalid_input(graph.nodes[i].place() + ": input '" + std::string(input) +
                                     "' is made by no node");
            if (found->second == kGiven) continue;
            ++waiting.missing[i];
            waiting.followers[found->second].push_back(i);
        }
    }
    return waiting;
}

/// Kahn 1962, "Topological sorting of large networks"; the first ready node in file order goes first.
std::vector<std::size_t> topological_order(Waiting& waiting) {
    std::priority_queue<std::size_t, std::vector<std::size_t>, std::greater<>> ready;
    for (std::size_t i = 0; i < waiting.missing.size(); ++i)
        if (waiting.missing[i] == 0) ready.push(i);
    std::vector<std::size_t> order;
    order.reserve(waiting.missing.size());
    while (!ready.empty()) {
        order.push_back(ready.top());
        ready.pop();
        for (const std::size_t follower : waiting.followers[order.back()])
            if (--waiting.missing[follower] == 0) ready.push(follower);
    }
    return order;
}

/// A node on a cycle: among the nodes left over each waits for another, so walking back must come round.
std::size_t node_on_cycle(const Graph& graph, const Producers& producers, const Waiting& waiting) {
    std::size_t at = 0;
    while (waiting.missing[at] == 0) ++at;
    std::vector<bool> visited(graph.nodes.size());
    while (!visited[at]) {
        visited[at] = true;
        for (const std::string_view input : values_read(graph.nodes[at])) {
            const std::size_t before = producers.find(input)->second;
            if (before == kGiven || waiting.missing[before] == 0) continue;
            at = before;
            break;
        }
    }
    return at;
}

}  // namespace

std::vector<std::string_view> values_read(const Node& node) {
    std::vector<std::string_view> names;
    for (const std::string& input : node.inputs)
        if (!input.empty()) names.push_back(input);
    for (const auto& [unused, attribute] : node.attributes)
        if (const auto* opaque = std::get_if<Opaque>(&attribute))
            names.insert(names.end(), opaque->captures.begin(), opaque->captures.end());
    return names;
}

Result<void> check_and_sort(Graph& graph) {
    const Producers producers = BARTIZAN_TRY(find_producers(graph));
    BARTIZAN_TRY(check_outputs(graph, producers));
    Waiting waiting = BARTIZAN_TRY(find_waiting(graph, producers));
    const std::vector<std::size_t> order = topological_order(waiting);
    if (order.size() < graph.nodes.size())
        return invalid_input(graph.nodes[node_on_cycle(graph, producers, waiting)].place() +
                             ": its inputs depend on its own output");
    std::vector<Node> sorted;
    sorted.reserve(order.size());
    for (const std::size_t index : order) sorted.push_back(std::move(graph.nodes[index]));
    graph.nodes = std::move(sorted);
    return {};
}

}  // namespace bartizan::graph
