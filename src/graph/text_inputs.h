#pragma once
/// The inputs of a text model: token ids, and what follows from them. Models exported from transformers ask for an
/// attention mask and token types beside the ids; for single texts both follow from the ids, so they are computed inside
/// the graph and the model has one input.
/// Thread rule: the graph is changed; nobody else may use it meanwhile.

#include <cstdint>

#include "graph/graph.h"

namespace bartizan::graph {

struct TextInputs {
    std::int64_t length = -1;     ///< tokens that the model insists on; -1: any number
    std::int64_t vocabulary = 0;  ///< rows of its table of embeddings; 0: there is none to be seen
    std::string embedded;         ///< the value that holds the embeddings of the ids; empty: not found
};

/// Leaves the ids as the one input. `padding`: the id that the mask leaves out; -1: the mask is all ones. Fails with
/// `unsupported` naming an input that is neither ids, mask nor types, or ids that are no whole numbers [n, length].
Result<TextInputs> keep_ids_alone(Graph& graph, std::int64_t padding);

}  // namespace bartizan::graph
