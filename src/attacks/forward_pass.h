#pragma once
/// One look at a model: the logits of a batch, and the way back to the input. The logits come out as plain rows, the
/// slope of the loss goes in as plain rows; in between runs LibTorch, and what it throws becomes an `Error`.
/// Thread rule: one pass per thread.

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "attacks/geometry.h"
#include "model/classifier.h"

namespace bartizan::attacks {

/// Rows of float32 numbers in a contiguous CPU tensor [n, ...], seen as spans.
class Rows {
public:
    Rows() = default;
    /// Over a float32 CPU tensor, copied if it is not contiguous.
    explicit Rows(const at::Tensor& tensor);
    /// Zeros shaped as `count` rows of `model_row`'s rows.
    static Rows zeros_like(const Rows& other);
    static Rows copy_of(const Rows& other);

    Row operator[](std::int64_t row) { return {data_ + row * width_, static_cast<std::size_t>(width_)}; }
    ConstRow operator[](std::int64_t row) const { return {data_ + row * width_, static_cast<std::size_t>(width_)}; }
    std::int64_t width() const { return width_; }
    const at::Tensor& tensor() const { return tensor_; }
    /// The first `count` rows, sharing the numbers.
    at::Tensor first(std::int64_t count) const;
    void copy_row(std::int64_t to, const Rows& source, std::int64_t from);

private:
    at::Tensor tensor_;
    float* data_ = nullptr;
    std::int64_t width_ = 0;
};

class ForwardPass {
public:
    enum class Way { forth, forth_and_back };

    /// Puts `x` [n, item shape] to the model. With `forth_and_back` the pass can be followed back.
    /// Fails as `Classifier::logits` does, or with `internal` if the logits have another shape than promised.
    static Result<ForwardPass> of(const model::Classifier& model, const at::Tensor& x, Way way);

    ConstRow logits(std::int64_t row) const { return logits_[row]; }
    std::int64_t rows() const { return count_; }
    std::int64_t classes() const { return logits_.width(); }

    /// The derivative of sum_i slopes_i . logits_i by the input, as rows. What is not finite becomes 0. With `again`
    /// the pass may be followed back once more. Fails with `unsupported` if no gradient reaches the input.
    Result<Rows> back(const at::Tensor& slopes, bool again = false);

private:
    at::Tensor input_;
    at::Tensor output_;  ///< what the model returned, with its graph
    Rows logits_;
    std::int64_t count_ = 0;
};

/// Fails with `unsupported` if the model gives no gradient.
Result<void> require_gradient(const model::Classifier& model);

}  // namespace bartizan::attacks
