#pragma once
/// Many classifiers over one input as one ONNX graph that holds their vote: the file needs no program of ours to be
/// run, and tells the certificate of each answer. Thread rule: a pure function.

#include <cstdint>
#include <span>

#include "bartizan/result.h"
#include "graph/graph.h"

namespace bartizan::training {

/// Output "votes" float32 [N, classes]: how many networks say so (its first maximum is the answer); output "radius"
/// int64 [N]: `Vote::radius` (vote.h). `networks` have the same single input, and [N, classes] as first output.
/// Fails with `unsupported` below opset 11, `invalid_input` on networks that do not go together.
Result<graph::Graph> vote_graph(std::span<const graph::Graph> networks, std::int64_t classes);

}  // namespace bartizan::training
