#pragma once
/// The bytes of an ONNX file, walked before protobuf parses them: names the byte where a file breaks off, and
/// bounds what parsing would allocate (two bytes of a file can become an object of 250).
/// Knows which fields hold messages; reads no values. Cost: one pass over the structure, weights are skipped.
/// Source: https://protobuf.dev/programming-guides/encoding/ and onnx.in.proto.
/// Thread rule: pure function.

#include <cstddef>
#include <span>

#include "bartizan/result.h"
#include "graph/graph.h"

namespace bartizan::graph {

enum class WireRoot { model, tensor };

/// Fails with `invalid_input` naming the byte, or `exhausted` when the parsed messages would be too many, too
/// deep or too large.
Result<void> check_wire(std::span<const std::byte> bytes, WireRoot root, const Limits& limits);

/// How deep messages may nest: protobuf's own recursion limit is set to it too.
int message_depth(const Limits& limits);

}  // namespace bartizan::graph
