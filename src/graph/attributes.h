#pragma once
/// AttributeProto to `Attribute` and back.
/// Failures: `invalid_input` for a type that is absent or unknown; those of the tensor reader.
/// Thread rule: pure functions.

#include <cstdint>

#include "bartizan/result.h"
#include "graph/graph.h"
#include "graph/tensor_reader.h"

namespace onnx {
class AttributeProto;
}

namespace bartizan::graph {

/// Memory that a copy of the attribute takes; tensors share theirs.
std::uint64_t copy_bytes(const Attribute& attribute);

Result<Attribute> attribute_from_onnx(const onnx::AttributeProto& proto, TensorReader& tensors);

}  // namespace bartizan::graph
