#pragma once
/// Frees a graph that was exported with a batch of 1: reshapes that name the 1 copy the batch from their input instead.
/// Whether that is right must be checked by running both. Internal to `model`.
/// Thread rule: pure functions.

#include "graph/graph.h"

namespace bartizan::model {

graph::Graph widen_batch(graph::Graph graph);

}  // namespace bartizan::model
