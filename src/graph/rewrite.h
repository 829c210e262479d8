#pragma once
/// Rewrites that keep what a graph computes.
/// Thread rule: the graph is changed; nobody else may use it meanwhile.

#include <cstdint>

#include "graph/graph.h"

namespace bartizan::graph {

/// Removes the nodes and initializers on which no graph output depends; the graph must be in topological order.
/// Inputs stay: they are the model's interface. Returns how many nodes and initializers went.
std::int64_t remove_unused(Graph& graph);

}  // namespace bartizan::graph
