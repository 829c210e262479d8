#pragma once
/// The nodes of a preprocessing, added to a graph behind a value that has the form of the model's input.
/// Internal to `defences`. Thread rule: one weaver, one thread.

#include <string>

#include "defences/preprocessing.h"
#include "defences/weaver.h"

namespace bartizan::defences {

/// Fails with `unsupported` on models whose input cannot be preprocessed: opset below 11, several inputs, not float32.
Result<void> check_preprocessable(const graph::Graph& model);

/// Nodes from `input`, of `type` and as `contract` has it, to the same preprocessed; returns the last one's name.
Result<std::string> weave_preprocessing(Weaver& weaver, const std::string& input, const graph::TensorType& type,
                                        const Preprocessing& wanted, const data::InputContract& contract,
                                        const Shape& item_shape);

}  // namespace bartizan::defences
