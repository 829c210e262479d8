#pragma once
/// Who makes which value: the promises of a `Graph` about names and order, checked and established.
/// Thread rule: pure functions.

#include "bartizan/result.h"
#include "graph/graph.h"

namespace bartizan::graph {

/// Fails with `invalid_input`, naming the node or value, when a value is made twice, used but never made, or
/// made from itself; when the graph has no outputs.
/// Puts the nodes in topological order; nodes that are in order already stay where they are.
Result<void> check_and_sort(Graph& graph);

}  // namespace bartizan::graph
