#pragma once
/// Finds the scores among a model's outputs and brings them into the form of logits [n, classes]. Internal to `model`.
/// Thread rule: immutable once made.

#include <cstddef>
#include <cstdint>
#include <vector>

#include <ATen/core/Tensor.h>

#include "bartizan/result.h"

namespace bartizan::model {

class OutputAdapter {
public:
    enum class Kind {
        logits,         ///< [n, k] as they are
        probabilities,  ///< [n, k]: their logarithms
        score,          ///< [n, 1] or [n]: 0 against the score
        probability,    ///< [n, 1] or [n] in [0, 1]: logarithms of 1 - p and p
    };

    /// Looks at the outputs of a trial run on `rows` rows: the first floating-point one with several numbers a row is
    /// taken, else the first with one. Fails with `invalid_input` if none can be scores.
    static Result<OutputAdapter> make(const std::vector<at::Tensor>& outputs, std::int64_t rows);

    /// What the trial cannot tell for sure: numbers that are in [0, 1] by chance are scores all the same.
    void not_probabilities();

    /// Logits [n, classes] of type `type`.
    at::Tensor apply(const std::vector<at::Tensor>& outputs, at::ScalarType type) const;

    Kind kind() const { return kind_; }
    std::size_t index() const { return index_; }
    std::int64_t classes() const { return classes_; }

private:
    Kind kind_ = Kind::logits;
    std::size_t index_ = 0;
    std::int64_t classes_ = 0;
};

}  // namespace bartizan::model
