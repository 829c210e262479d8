#pragma once
/// Temperature scaling (Guo et al. 2017, section 4.2): one number by which all logits are divided, so that confidence
/// means what it says. No answer changes.
/// Thread rule: pure functions.

#include <cstdint>
#include <span>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "graph/graph.h"

namespace bartizan::defences {

/// The temperature in [0.01, 100] with the least negative log-likelihood, to seven digits: it is convex in its inverse.
/// `logits` float32 [n, classes], labels within the classes. Fails with `invalid_input` when they do not fit together
/// or there are fewer than two rows.
Result<double> fit_temperature(const NdArray& logits, std::span<const std::int64_t> labels);

/// `model` with its first output's logits divided by `temperature`, before a last Softmax, LogSoftmax or Sigmoid if
/// there is one. Fails with `unsupported` when that output is no node's or not of floating-point numbers.
Result<graph::Graph> with_temperature(const graph::Graph& model, double temperature);

}  // namespace bartizan::defences
