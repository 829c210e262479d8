#include "quality/small_network.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace bartizan::quality {
namespace small_network {

constexpr std::size_t kHidden = SmallNetwork::kHidden;
constexpr float kMeanDecay = 0.9F, kSquareDecay = 0.999F, kTiny = 1e-8F;

/// A tile of the products below: four rows by sixteen columns stay in eight registers of eight floats.
constexpr std::size_t kTileRows = 4, kTileColumns = 16;
static_assert(kHidden % kTileColumns == 0);
using Lanes = float __attribute__((vector_size(32)));

/// out[r][h] = sum over k of rows[r][k] * weights[k][h], for four rows and all hidden units.
__attribute__((target_clones("avx512f", "fma", "default"))) void multiply_rows(const float* const* rows,
                                                                               const float* weights, std::size_t width,
                                                                               float* out) {
    for (std::size_t column = 0; column < kHidden; column += kTileColumns) {
        Lanes sum[kTileRows][2] = {};
        const float* from = weights + column;
        for (std::size_t k = 0; k < width; ++k, from += kHidden) {
            Lanes low, high;
            std::memcpy(&low, from, sizeof low);
            std::memcpy(&high, from + 8, sizeof high);
#pragma GCC unroll 4
            for (std::size_t r = 0; r < kTileRows; ++r) {
                sum[r][0] += low * rows[r][k];
                sum[r][1] += high * rows[r][k];
            }
        }
        for (std::size_t r = 0; r < kTileRows; ++r) std::memcpy(out + r * kHidden + column, sum[r], sizeof sum[r]);
    }
}

/// out[k][h] = sum over r of rows[r][k] * errors[r][h], for four inputs k from `first` on and all hidden units.
__attribute__((target_clones("avx512f", "fma", "default"))) void multiply_columns(const float* const* rows,
                                                                                  std::size_t count, std::size_t first,
                                                                                  const float* errors, float* out) {
    for (std::size_t column = 0; column < kHidden; column += kTileColumns) {
        Lanes sum[kTileRows][2] = {};
        const float* from = errors + column;
        for (std::size_t r = 0; r < count; ++r, from += kHidden) {
            Lanes low, high;
            std::memcpy(&low, from, sizeof low);
            std::memcpy(&high, from + 8, sizeof high);
            const float* x = rows[r] + first;
#pragma GCC unroll 4
            for (std::size_t k = 0; k < kTileRows; ++k) {
                sum[k][0] += low * x[k];
                sum[k][1] += high * x[k];
            }
        }
        for (std::size_t k = 0; k < kTileRows; ++k) std::memcpy(out + k * kHidden + column, sum[k], sizeof sum[k]);
    }
}

__attribute__((target_clones("avx512f", "fma", "default"))) void adam(float* value, const float* gradient, float* mean,
                                                                      float* square, std::size_t count, float rate) {
    for (std::size_t i = 0; i < count; ++i) {
        mean[i] += (1 - kMeanDecay) * (gradient[i] - mean[i]);
        square[i] += (1 - kSquareDecay) * (gradient[i] * gradient[i] - square[i]);
        value[i] -= rate * mean[i] / (std::sqrt(square[i]) + kTiny);
    }
}

/// Over the hidden units; eight sums at a time, added up in an order of their own.
float dot(const float* a, const float* b) {
    float sum[8] = {};
    for (std::size_t i = 0; i < kHidden; i += 8)
        for (std::size_t lane = 0; lane < 8; ++lane) sum[lane] += a[i + lane] * b[i + lane];
    return ((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7]));
}

void add_scaled(float* out, const float* in, float scale) {
    for (std::size_t i = 0; i < kHidden; ++i) out[i] += scale * in[i];
}

/// Logits to probabilities in place.
void softmax(std::span<float> row) {
    const float top = *std::ranges::max_element(row);
    float sum = 0;
    for (float& value : row) sum += value = std::exp(value - top);
    for (float& value : row) value /= sum;
}

}  // namespace small_network

SmallNetwork::SmallNetwork(std::size_t width, std::size_t classes, Random& random)
    : width_(width),
      classes_(classes),
      first_(width * kHidden),
      first_bias_(kHidden),
      second_(classes * kHidden),
      second_bias_(classes) {
    const float first = std::sqrt(2 / static_cast<float>(width)), second = std::sqrt(1 / float{kHidden});
    for (float& weight : first_.value) weight = first * random.normal();
    for (float& weight : second_.value) weight = second * random.normal();
}

void SmallNetwork::Weights::step(float rate) {
    small_network::adam(value.data(), gradient.data(), mean.data(), square.data(), value.size(), rate);
}

void SmallNetwork::forward(const Matrix& features, std::span<const std::uint32_t> rows, float* out) {
    using small_network::kTileRows;
    inputs_.clear();
    for (const std::uint32_t row : rows) inputs_.push_back(features.row(row).data());
    while (inputs_.size() % kTileRows != 0) inputs_.push_back(inputs_.back());  // the last tile is computed in full
    hidden_.resize(inputs_.size() * kHidden);
    for (std::size_t i = 0; i < inputs_.size(); i += kTileRows)
        small_network::multiply_rows(inputs_.data() + i, first_.value.data(), width_, hidden_.data() + i * kHidden);
    for (std::size_t i = 0; i < rows.size(); ++i) {
        float* hidden = hidden_.data() + i * kHidden;
        for (std::size_t h = 0; h < kHidden; ++h) hidden[h] = std::max(0.0F, hidden[h] + first_bias_.value[h]);
        const std::span<float> row(out + i * classes_, classes_);
        for (std::size_t k = 0; k < classes_; ++k)
            row[k] = second_bias_.value[k] + small_network::dot(second_.value.data() + k * kHidden, hidden);
        small_network::softmax(row);
    }
}

void SmallNetwork::probabilities(const Matrix& features, std::span<const std::uint32_t> rows, float* out) {
    constexpr std::size_t kAtOnce = 256;
    for (std::size_t at = 0; at < rows.size(); at += kAtOnce)
        forward(features, rows.subspan(at, std::min(kAtOnce, rows.size() - at)), out + at * classes_);
}

/// From the errors of the answers to the gradients of all weights but the first (Rumelhart et al. 1986).
void SmallNetwork::second_gradients(std::size_t rows) {
    for (Weights* weights : {&second_, &second_bias_, &first_bias_}) std::ranges::fill(weights->gradient, 0.0F);
    error_.assign(rows * kHidden, 0);
    for (std::size_t i = 0; i < rows; ++i) {
        const float* of_answer = outputs_.data() + i * classes_;
        const float* hidden = hidden_.data() + i * kHidden;
        float* error = error_.data() + i * kHidden;
        for (std::size_t k = 0; k < classes_; ++k) {
            second_bias_.gradient[k] += of_answer[k];
            small_network::add_scaled(second_.gradient.data() + k * kHidden, hidden, of_answer[k]);
            small_network::add_scaled(error, second_.value.data() + k * kHidden, of_answer[k]);
        }
        for (std::size_t h = 0; h < kHidden; ++h) {
            if (hidden[h] <= 0) error[h] = 0;
            first_bias_.gradient[h] += error[h];
        }
    }
}

void SmallNetwork::first_gradients(std::size_t rows) {
    using small_network::kTileRows;
    std::size_t input = 0;
    for (; input + kTileRows <= width_; input += kTileRows)
        small_network::multiply_columns(inputs_.data(), rows, input, error_.data(),
                                        first_.gradient.data() + input * kHidden);
    for (; input < width_; ++input) {
        float* gradient = first_.gradient.data() + input * kHidden;
        std::fill_n(gradient, kHidden, 0.0F);
        for (std::size_t i = 0; i < rows; ++i)
            small_network::add_scaled(gradient, error_.data() + i * kHidden, inputs_[i][input]);
    }
}

double SmallNetwork::learn(const Matrix& features, std::span<const std::int64_t> labels,
                           std::span<const std::uint32_t> rows, float rate) {
    outputs_.resize(rows.size() * classes_);
    forward(features, rows, outputs_.data());
    const float scale = 1 / static_cast<float>(rows.size());
    double loss = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::span<float> p(outputs_.data() + i * classes_, classes_);
        float& right = p[static_cast<std::size_t>(labels[rows[i]])];
        loss -= std::log(std::max(1e-12F, right));
        right -= 1;
        for (float& error : p) error *= scale;
    }
    second_gradients(rows.size());
    first_gradients(rows.size());
    ++steps_;
    // Both corrections for the zeros that the averages began with (algorithm 1, lines 10 and 11), in the rate.
    const double t = steps_;
    const auto corrected = static_cast<float>(rate * std::sqrt(1 - std::pow(double{small_network::kSquareDecay}, t)) /
                                              (1 - std::pow(double{small_network::kMeanDecay}, t)));
    for (Weights* weights : {&first_, &first_bias_, &second_, &second_bias_}) weights->step(corrected);
    return loss * scale;
}

}  // namespace bartizan::quality
