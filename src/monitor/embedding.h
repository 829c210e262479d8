#pragma once
/// What a gateway sees of a query without the model's inside: the answer, and a few figures of the input. Enough for
/// the detectors of theft and drift: perturbed inputs are rougher, inputs of another kind lie elsewhere. Thread rule:
/// immutable once made.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace bartizan::monitor {

/// Scores as probabilities: as they are where they are some, else through a softmax.
std::vector<double> probabilities_of(std::span<const float> scores);

/// The answer of a classifier to one query.
struct Answer {
    std::int64_t said = 0;      ///< class of the largest score
    double confidence = 0;      ///< its probability; scores that are none are put through a softmax
    std::vector<float> scores;  ///< logarithms of the probabilities, less their mean; at most `kMostScores` of them
};
inline constexpr std::size_t kMostScores = 32;
Answer read_answer(std::span<const float> output);

class Embedding {
public:
    static constexpr std::size_t kProjections = 16;
    /// `shape` of an item. Projections are drawn from `seed`.
    Embedding(std::vector<std::int64_t> shape, std::uint64_t seed);

    /// Names of the columns that follow the scores: "mean", "deviation", "roughness", ..., then the features themselves
    /// of a short row, or projections of a long one.
    const std::vector<std::string>& columns() const { return columns_; }
    /// Appends a value for each column. `row`: as many elements as the shape has.
    void append(std::span<const float> row, std::vector<float>& out) const;
    std::size_t length() const { return length_; }

private:
    std::size_t length_ = 1;
    std::size_t line_ = 1;  ///< elements of the last axis
    std::vector<float> projections_;
    std::vector<std::string> columns_;
};

}  // namespace bartizan::monitor
