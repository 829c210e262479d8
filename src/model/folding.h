#pragma once
/// Rewrites of a graph that keep its meaning and make it faster to run. Internal to `model`.
/// Thread rule: pure functions.

#include "graph/graph.h"

namespace bartizan::model {

/// Puts each BatchNormalization (in evaluation mode, with constant statistics) behind a convolution into the
/// convolution's weights: w' = w * s / sqrt(v + eps), b' = (b - m) * s / sqrt(v + eps) + t.
graph::Graph fold_batch_norm(graph::Graph graph);

/// Moves each Relu behind the MaxPool that is its only user: max(relu(x)) = relu(max(x)), gradients too, over a
/// quarter of the values.
graph::Graph pool_before_relu(graph::Graph graph);

}  // namespace bartizan::model
