#pragma once
/// `Model` over an ONNX graph. Internal to `model`: callers use model.h.

#include "graph/graph.h"
#include "model/model.h"

namespace bartizan::model {

ModelInfo describe(const graph::Graph& graph);

}  // namespace bartizan::model
