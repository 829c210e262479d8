#pragma once
/// A small text classifier (Kim 2014, "Convolutional Neural Networks for Sentence Classification"): embeddings learnt
/// with the rest, convolutions over three and five tokens, the largest answer of each filter, one linear layer.
/// Thread rule: pure function.

#include <cstdint>

#include "bartizan/result.h"
#include "graph/graph.h"

namespace bartizan::training {

struct TextCnnOptions {
    std::int64_t vocabulary = 4000;  ///< tokens
    std::int64_t length = 64;        ///< of a text, in tokens
    std::int64_t classes = 2;
    std::int64_t width = 64;         ///< of an embedding
    std::int64_t filters = 64;       ///< of each length
    std::uint64_t seed = 0;
};

/// From ids "input_ids" [N, length] (int64) to "logits" [N, classes]. Fails with `invalid_input` on sizes out of range.
Result<graph::Graph> build_text_cnn(const TextCnnOptions& options);

}  // namespace bartizan::training
