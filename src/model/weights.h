#pragma once
/// The numbers of an ONNX model, shared by every graph that is a view of it (the graph of the file, the same without
/// its last softmax). Internal to `model`.
/// Thread rule: read by many threads; training changes the tensors in place, alone.

#include <map>
#include <memory>
#include <string>

#include <ATen/core/Tensor.h>

#include "bartizan/result.h"
#include "graph/graph.h"

namespace bartizan::model {

struct Weights {
    std::map<std::string, at::Tensor> tensors;  ///< by initializer name
    /// Set once training has been given the tensors: from then on nothing that depends on them may be computed ahead.
    bool live = false;
};

Result<std::shared_ptr<Weights>> make_weights(const graph::Graph& graph);

/// Names of the initializers that training changes: weights and biases of convolutions, dense and recurrent layers
/// and normalisations; not running statistics, not constants such as a mean that is subtracted.
std::vector<std::string> trainable_names(const graph::Graph& graph);

}  // namespace bartizan::model
