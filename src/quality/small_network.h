#pragma once
/// A classifier with one hidden layer of 64 rectified units, trained by Adam (Kingma and Ba 2015, algorithm 1) on the
/// cross-entropy: the little that confident learning needs, without a tensor library.
/// Thread rule: one network per thread; a network uses one thread, so its numbers do not depend on how many there are.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/random.h"
#include "quality/neighbours.h"

namespace bartizan::quality {

class SmallNetwork {
public:
    static constexpr std::size_t kHidden = 64;

    /// Weights drawn from `random` (He et al. 2015).
    SmallNetwork(std::size_t width, std::size_t classes, Random& random);

    /// One step on these rows of `features` [items, width]; `labels` in [0, classes). Returns the mean loss before it.
    double learn(const Matrix& features, std::span<const std::int64_t> labels, std::span<const std::uint32_t> rows,
                 float rate);

    /// Softmax of each row: `out` [rows, classes].
    void probabilities(const Matrix& features, std::span<const std::uint32_t> rows, float* out);

private:
    /// One array of weights with what Adam remembers of its gradients.
    struct Weights {
        explicit Weights(std::size_t count) : value(count, 0), gradient(count, 0), mean(count, 0), square(count, 0) {}
        std::vector<float> value, gradient, mean, square;
        void step(float rate);
    };

    void forward(const Matrix& features, std::span<const std::uint32_t> rows, float* out);
    void second_gradients(std::size_t rows);
    void first_gradients(std::size_t rows);

    std::size_t width_, classes_;
    Weights first_;        ///< [width, hidden]
    Weights first_bias_;   ///< [hidden]
    Weights second_;       ///< [classes, hidden]
    Weights second_bias_;  ///< [classes]
    std::vector<const float*> inputs_;
    std::vector<float> hidden_, error_, outputs_;  ///< of the rows at hand
    int steps_ = 0;
};

}  // namespace bartizan::quality
