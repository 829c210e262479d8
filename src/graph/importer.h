#pragma once
/// ModelProto to `Graph`: every field is checked as it is read; see graph.h for the promises that hold after.
/// Failures: `invalid_input`, `unsupported`, `exhausted`; all name the node, tensor or value.
/// Thread rule: pure function.

#include <filesystem>

#include "bartizan/result.h"
#include "graph/graph.h"

namespace onnx {
class ModelProto;
}

namespace bartizan::graph {

/// The initializers' bytes are taken out of `model`. `folder` confines external data; empty: external data is refused.
Result<Graph> import_model(onnx::ModelProto& model, const std::filesystem::path& folder, const Limits& limits);

}  // namespace bartizan::graph
