#pragma once
/// Preprocessing in front of a model, as standard ONNX operators inside its file: fewer bits a pixel and smoothing (Xu,
/// Evans, Qi 2018), the losses of JPEG (Dziugaite et al. 2016). They stop attacks that do not know of them. None is a
/// defence against an attacker who does (Athalye, Carlini, Wagner 2018): `straight_through` is that attacker's model.
/// Thread rule: pure functions; what they return is immutable once made.

#include <cstdint>
#include <memory>
#include <string>

#include "bartizan/result.h"
#include "data/input_contract.h"
#include "graph/graph.h"
#include "model/classifier.h"

namespace bartizan::defences {

enum class Squeeze : std::uint8_t {
    bit_depth,  ///< each number rounded to one of 2^bits levels
    median,     ///< the median of each window, edges repeated; of an even number the upper one of the middle two
    mean,       ///< the mean of each window
    jpeg,       ///< 8x8 cosine transform in YCbCr without subsampling, quantised by the standard's example tables
};

struct Preprocessing {
    Squeeze kind = Squeeze::bit_depth;
    int bits = 4;      ///< 1 to 8
    int window = 2;    ///< 2 to 7 pixels
    int quality = 75;  ///< 1 to 100, as in libjpeg
};

/// "bit-depth 4", "jpeg 75": for people and for the sidecar.
std::string name_of(const Preprocessing& preprocessing);

/// A graph from [N, item] in data units to the same, preprocessed. Fails with `invalid_input` where a picture is needed
/// and items are none.
Result<graph::Graph> preprocessing_graph(const Preprocessing& preprocessing, const Shape& item_shape);

/// `model` with the preprocessing between its input, which stays as it is, and its first node. `item_shape`: of the
/// data, for models that take pictures flat. Fails with `unsupported` below opset 11, on several inputs, or on
/// subgraphs that read the input; `invalid_input` as above.
Result<graph::Graph> with_preprocessing(const graph::Graph& model, const Preprocessing& preprocessing,
                                        const data::InputContract& contract, const Shape& item_shape);

/// `inner` behind `preprocessing`, which is carried out on the way there and left out on the way back: gradients pass
/// as if it changed nothing (backward pass differentiable approximation, Athalye et al. 2018, section 4.1).
Result<std::unique_ptr<model::Classifier>> straight_through(std::shared_ptr<const model::Classifier> inner,
                                                            const Preprocessing& preprocessing);

}  // namespace bartizan::defences
