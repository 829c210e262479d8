#pragma once
/// The activations that RNN, GRU and LSTM may name. Internal to `model/operators`.
/// Thread rule: plain values.

#include <cstddef>
#include <functional>
#include <initializer_list>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "bartizan/result.h"
#include "graph/graph.h"

namespace bartizan::model::operators {

using CellActivation = std::function<at::Tensor(const at::Tensor&)>;

/// `directions` times as many activations as `presets` names, read from `activations`, `activation_alpha` and
/// `activation_beta`; each activation takes the next value of those that it has a use for.
Result<std::vector<CellActivation>> read_cell_activations(const graph::Node& node, std::size_t directions,
                                                          std::initializer_list<std::string_view> presets);

}  // namespace bartizan::model::operators
