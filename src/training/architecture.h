#pragma once
/// The reference architectures, as ONNX graphs with fresh weights: demo models, shadow models, baselines. A graph
/// made here runs, trains and is exported like any graph that came from a file.
/// Thread rule: pure functions.

#include <cstdint>
#include <span>
#include <string_view>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "graph/graph.h"

namespace bartizan::training {

struct Architecture {
    std::string_view name;     ///< "cnn-small"
    std::string_view summary;  ///< one sentence
    double learning_rate;      ///< peak, that suits it
    /// A graph from [N, input] to logits [N, classes]. Fails with `invalid_input` on inputs it cannot take.
    Result<graph::Graph> (*build)(const Shape& input, std::int64_t classes, std::uint64_t seed);
};

/// mlp, cnn-small, resnet-small, resnet18-cifar.
std::span<const Architecture> architectures();
/// Fails with `invalid_input`, naming those that exist.
Result<const Architecture*> find_architecture(std::string_view name);

/// What a network of ours takes for items of this shape: [C,H,W] for images ([H,W] becomes [1,H,W], [H,W,C] becomes
/// [C,H,W]), the flat length for everything else.
Shape network_input(const Shape& item_shape, bool is_image);

}  // namespace bartizan::training
