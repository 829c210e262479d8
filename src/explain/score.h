#pragma once
/// One class's logit as a function of the input, with its gradient: what attributions are taken of. Logits, not
/// probabilities: a softmax saturates, and mixes the classes.
/// Thread rule: immutable; one thread at a time.

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "bartizan/result.h"
#include "model/classifier.h"

namespace bartizan::explain {

class Score {
public:
    Score(std::shared_ptr<const model::Classifier> classifier, std::int64_t target)
        : classifier_(std::move(classifier)), target_(target) {}

    /// Numbers of one input.
    std::size_t width() const;
    /// The logit of each of the rows [n, width].
    Result<std::vector<double>> values(std::span<const float> rows) const;
    /// The gradients [n, width] too. Fails with `unsupported` on a model without one.
    Result<std::vector<float>> gradients(std::span<const float> rows) const;

    std::int64_t target() const { return target_; }
    const model::Classifier& classifier() const { return *classifier_; }
    /// The same class of another model.
    Score on(std::shared_ptr<const model::Classifier> classifier) const { return {std::move(classifier), target_}; }

private:
    std::shared_ptr<const model::Classifier> classifier_;
    std::int64_t target_;
};

}  // namespace bartizan::explain
