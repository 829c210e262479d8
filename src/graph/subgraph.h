#pragma once
/// What a subgraph (the branch of an If, the body of a Loop or Scan) reads from the graph around it.
/// Thread rule: pure functions.

#include <string>
#include <vector>

#include "bartizan/result.h"
#include "graph/graph.h"

namespace onnx {
class AttributeProto;
}

namespace bartizan::graph {

/// The outer values that the attribute's subgraphs read, each once, in order of first use; none for an attribute
/// that holds no graph. Fails with `exhausted` when subgraphs nest too deep.
Result<std::vector<std::string>> captured_values(const onnx::AttributeProto& attribute, const Limits& limits);

}  // namespace bartizan::graph
