#pragma once
/// Adds nodes to a graph under names of their own. Internal to `defences`.
/// Thread rule: one weaver, one thread; the graph is changed.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bartizan/ndarray.h"
#include "graph/graph.h"

namespace bartizan::defences {

class Weaver {
public:
    using Attributes = std::map<std::string, graph::Attribute, std::less<>>;

    /// New nodes come last in `graph`; their names begin with `prefix`, which no name in the graph may do.
    Weaver(graph::Graph& graph, std::string prefix) : graph_(graph), prefix_(std::move(prefix)) {}

    /// Returns the name of the node's one output.
    std::string node(const std::string& op_type, std::vector<std::string> inputs, Attributes attributes = {});
    std::string floats(Shape shape, const std::vector<float>& values);
    std::string integers(const std::vector<std::int64_t>& values);
    std::string scalar(double value) { return floats({}, {static_cast<float>(value)}); }

private:
    std::string fresh() { return prefix_ + std::to_string(count_++); }

    graph::Graph& graph_;
    std::string prefix_;
    int count_ = 0;
};

/// A prefix that no name in `graph` begins with.
std::string free_prefix(const graph::Graph& graph, const std::string& wanted);
/// Every node of `graph` reads `to` where it read `from`. Fails with `unsupported` where a subgraph reads it.
Result<void> read_instead(graph::Graph& graph, const std::string& from, const std::string& to);

}  // namespace bartizan::defences
