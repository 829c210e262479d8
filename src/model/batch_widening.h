#pragma once
/// Frees a graph that was exported with a fixed batch: reshapes that name the batch take it from their input instead.
/// Whether that is right must be checked by running both. Internal to `model`.
/// Thread rule: pure functions.

#include <cstdint>

#include "graph/graph.h"

namespace bartizan::model {

/// `batch` is what the file insists on.
graph::Graph widen_batch(graph::Graph graph, std::int64_t batch);

}  // namespace bartizan::model
