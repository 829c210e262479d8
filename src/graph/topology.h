#pragma once
/// Who makes which value: the promises of a `Graph` about names and order, checked and established.
/// Thread rule: pure functions.

#include <string_view>
#include <vector>

#include "bartizan/result.h"
#include "graph/graph.h"

namespace bartizan::graph {

/// Fails with `invalid_input`, naming the node or value, when a value is made twice, used but never made, or
/// made from itself; when the graph has no outputs.
/// Puts the nodes in topological order; nodes that are in order already stay where they are.
Result<void> check_and_sort(Graph& graph);

/// The values that the node reads: the inputs that it is given, and those that its subgraphs capture. The views
/// live as long as the node.
std::vector<std::string_view> values_read(const Node& node);

}  // namespace bartizan::graph
