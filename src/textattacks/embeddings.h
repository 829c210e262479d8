#pragma once
/// Word vectors: which words mean nearly the same. Read from text files as GloVe and word2vec write them: a word and its
/// numbers on each line, an optional first line with the two counts.
/// Thread rule: immutable once opened.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::textattacks {

class Embeddings {
public:
    /// Fails with `invalid_input` naming the line, `exhausted` beyond 2 GiB or two million words.
    static Result<Embeddings> open(const std::filesystem::path& path);
    static Result<Embeddings> parse(std::string_view text);

    struct Neighbour {
        std::string word;
        double similarity;  ///< cosine
    };
    /// The `count` nearest words of at least this similarity, the nearest first; none for an unknown word.
    std::vector<Neighbour> nearest(std::string_view word, std::size_t count, double least) const;
    std::size_t size() const { return words_.size(); }

private:
    std::size_t width_ = 0;
    std::vector<std::string> words_;
    std::vector<float> values_;  ///< of length 1 each
    std::unordered_map<std::string, std::size_t> index_;
};

}  // namespace bartizan::textattacks
