#pragma once
/// Finds the softmax or sigmoid that a graph ends in, and the same graph without it: behind them scores saturate and
/// hide gradients. Internal to `model`.
/// Thread rule: pure functions.

#include <cstddef>
#include <optional>
#include <string>

#include "graph/graph.h"

namespace bartizan::model {

struct LastNode {
    std::string op_type;  ///< with its domain in front where it is not the default one
    std::string input;    ///< the value that goes into it
};

/// The node that makes output `index`, looking through reshapes and casts. Nothing where the output is an input or a
/// constant.
std::optional<LastNode> last_node(const graph::Graph& graph, std::size_t index);

/// The graph with `value` as its only output, its shape unknown.
graph::Graph with_output(graph::Graph graph, const std::string& value);

}  // namespace bartizan::model
