#include "privacy/attribute.h"

#include <algorithm>
#include <cmath>

namespace bartizan::privacy {
namespace attribute_parts {
namespace {

constexpr int kSteps = 300;
constexpr double kRidges[] = {1e-3, 1e-2, 0.05, 0.2, 1};

/// The value of the largest worth, for each record.
template <class Worth>
Guesses largest(const AttributeCase& known, Worth worth) {
    Guesses out;
    for (std::size_t i = 0; i < known.records(); ++i) {
        std::size_t best = 0;
        for (std::size_t v = 1; v < known.values; ++v)
            if (worth(i, v) > worth(i, best)) best = v;
        out.push_back(static_cast<std::int64_t>(best));
    }
    return out;
}

/// Scores [values] of a standardised row with a 1 behind it, as probabilities.
void softmax(std::span<const double> row, const std::vector<double>& weights, std::size_t values, std::span<double> out) {
    double top = -INFINITY, sum = 0;
    for (std::size_t v = 0; v < values; ++v) {
        out[v] = 0;
        for (std::size_t d = 0; d < row.size(); ++d) out[v] += weights[v * row.size() + d] * row[d];
        top = std::max(top, out[v]);
    }
    for (std::size_t v = 0; v < values; ++v) sum += out[v] = std::exp(out[v] - top);
    for (std::size_t v = 0; v < values; ++v) out[v] /= sum;
}

/// The largest eigenvalue of the features' second moment, by power iteration: what a step may not exceed.
double steepness(const std::vector<double>& rows, std::size_t width) {
    const std::size_t n = rows.size() / width;
    std::vector<double> at(width, 1 / std::sqrt(static_cast<double>(width)));
    double value = 1;
    for (int round = 0; round < 20; ++round) {
        std::vector<double> next(width, 0);
        for (std::size_t i = 0; i < n; ++i) {
            double dot = 0;
            for (std::size_t d = 0; d < width; ++d) dot += rows[i * width + d] * at[d];
            for (std::size_t d = 0; d < width; ++d) next[d] += dot * rows[i * width + d] / static_cast<double>(n);
        }
        value = 0;
        for (const double one : next) value += one * one;
        value = std::sqrt(value);
        for (std::size_t d = 0; d < width; ++d) at[d] = next[d] / std::max(value, 1e-30);
    }
    return value;
}

}  // namespace
}  // namespace attribute_parts

Guesses by_imputation(const AttributeCase& known) {
    return attribute_parts::largest(
        known, [&](std::size_t i, std::size_t v) { return known.imputation[i * known.values + v]; });
}

Guesses by_confidence(const AttributeCase& known) {
    return attribute_parts::largest(
        known, [&](std::size_t i, std::size_t v) { return known.prior[v] * known.likelihood[i * known.values + v]; });
}

Guesses by_csmia(const AttributeCase& known) {
    Guesses out;
    for (std::size_t i = 0; i < known.records(); ++i) {
        const auto likelihood = std::span(known.likelihood).subspan(i * known.values, known.values);
        const auto right = std::span(known.right).subspan(i * known.values, known.values);
        const bool any = std::ranges::find(right, std::uint8_t{1}) != right.end();
        std::size_t best = 0;
        bool found = false;
        for (std::size_t v = 0; v < known.values; ++v) {
            if (any && right[v] == 0) continue;
            if (!found || (any ? likelihood[v] > likelihood[best] : likelihood[v] < likelihood[best])) best = v;
            found = true;
        }
        out.push_back(static_cast<std::int64_t>(best));
    }
    return out;
}

Guesses by_both(const AttributeCase& known) {
    return attribute_parts::largest(known, [&](std::size_t i, std::size_t v) {
        return known.imputation[i * known.values + v] * known.likelihood[i * known.values + v];
    });
}

Accuracy accuracy_of(const Guesses& guesses, std::span<const std::int64_t> truth) {
    std::int64_t hits = 0;
    for (std::size_t i = 0; i < truth.size(); ++i) hits += guesses[i] == truth[i] ? 1 : 0;
    const auto n = std::ssize(truth);
    return {static_cast<double>(hits) / static_cast<double>(std::max<std::int64_t>(1, n)), wilson_interval(hits, n)};
}

Accuracy lift_of(const Guesses& first, const Guesses& second, std::span<const std::int64_t> truth) {
    const auto n = static_cast<double>(std::max<std::size_t>(1, truth.size()));
    double sum = 0, square = 0;
    for (std::size_t i = 0; i < truth.size(); ++i) {
        const double difference = (first[i] == truth[i] ? 1.0 : 0.0) - (second[i] == truth[i] ? 1.0 : 0.0);
        sum += difference;
        square += difference * difference;
    }
    const double mean = sum / n, reach = 1.959963984540054 * std::sqrt(std::max(0.0, square / n - mean * mean) / n);
    return {mean, {mean - reach, mean + reach}};
}

SoftmaxRegression::SoftmaxRegression(std::span<const float> x, std::size_t width, std::span<const std::int64_t> y,
                                     std::size_t values, double ridge)
    : width_(width), values_(values), mean_(width, 0), deviation_(width, 0), weights_(values * (width + 1), 0) {
    const auto n = static_cast<double>(y.size());
    for (std::size_t i = 0; i < x.size(); ++i) mean_[i % width] += x[i] / n;
    for (std::size_t i = 0; i < x.size(); ++i) deviation_[i % width] += std::pow(x[i] - mean_[i % width], 2) / n;
    for (double& value : deviation_) value = value > 0 ? std::sqrt(value) : 1;
    const std::vector<double> rows = standardised(x);
    const std::size_t all = width + 1;
    // The logistic loss curves by at most half the features' second moment.
    const double step = 1 / (attribute_parts::steepness(rows, all) / 2 + ridge);
    std::vector<double> before = weights_, ahead = weights_, probability(values);
    for (int round = 0; round < attribute_parts::kSteps; ++round) {
        std::vector<double> slope(weights_.size(), 0);
        for (std::size_t i = 0; i < y.size(); ++i) {
            const auto row = std::span(rows).subspan(i * all, all);
            attribute_parts::softmax(row, ahead, values, probability);
            probability[static_cast<std::size_t>(y[i])] -= 1;
            for (std::size_t v = 0; v < values; ++v)
                for (std::size_t d = 0; d < all; ++d) slope[v * all + d] += probability[v] * row[d] / n;
        }
        before = weights_;
        const double momentum = static_cast<double>(round) / (round + 3);
        for (std::size_t k = 0; k < weights_.size(); ++k) {
            weights_[k] = ahead[k] - step * (slope[k] + (k % all == width_ ? 0 : ridge) * ahead[k]);
            ahead[k] = weights_[k] + momentum * (weights_[k] - before[k]);
        }
    }
}

SoftmaxRegression SoftmaxRegression::with_best_ridge(std::span<const float> x, std::size_t width,
                                                     std::span<const std::int64_t> y, std::size_t values) {
    const std::size_t first = y.size() * 2 / 3;
    double best = attribute_parts::kRidges[0], least = INFINITY;
    for (const double ridge : attribute_parts::kRidges) {
        const SoftmaxRegression fit(x.first(first * width), width, y.first(first), values, ridge);
        const std::vector<double> found = fit.probabilities(x.subspan(first * width));
        double loss = 0;
        for (std::size_t i = first; i < y.size(); ++i)
            loss -= std::log(std::max(found[(i - first) * values + static_cast<std::size_t>(y[i])], 1e-12));
        if (loss < least) best = ridge, least = loss;
    }
    return {x, width, y, values, best};
}

std::vector<double> SoftmaxRegression::standardised(std::span<const float> x) const {
    std::vector<double> out;
    out.reserve(x.size() + x.size() / width_);
    for (std::size_t i = 0; i < x.size(); ++i) {
        out.push_back((x[i] - mean_[i % width_]) / deviation_[i % width_]);
        if (i % width_ == width_ - 1) out.push_back(1);
    }
    return out;
}

std::vector<double> SoftmaxRegression::probabilities(std::span<const float> x) const {
    const std::vector<double> rows = standardised(x);
    const std::size_t all = width_ + 1, n = rows.size() / all;
    std::vector<double> out(n * values_);
    for (std::size_t i = 0; i < n; ++i)
        attribute_parts::softmax(std::span(rows).subspan(i * all, all), weights_, values_,
                                 std::span(out).subspan(i * values_, values_));
    return out;
}

}  // namespace bartizan::privacy
