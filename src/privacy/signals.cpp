#include "privacy/signals.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace bartizan::privacy {
namespace {

/// log(exp(a) + exp(b) + ...) without overflow.
double log_sum(std::span<const float> logits, std::size_t but = SIZE_MAX) {
    double top = -INFINITY, sum = 0;
    for (std::size_t k = 0; k < logits.size(); ++k)
        if (k != but) top = std::max(top, static_cast<double>(logits[k]));
    for (std::size_t k = 0; k < logits.size(); ++k)
        if (k != but) sum += std::exp(static_cast<double>(logits[k]) - top);
    return top + std::log(sum);
}

/// x log x, 0 at 0.
double times_log(double weight, double probability) { return probability > 0 ? weight * std::log(probability) : 0; }

/// -(1 - p_y) log p_y - sum over the others of p_k log(1 - p_k)
double modified_entropy(std::span<const float> logits, std::size_t label, double all) {
    double out = 0;
    for (std::size_t k = 0; k < logits.size(); ++k) {
        const double log_p = static_cast<double>(logits[k]) - all;
        if (k == label)
            out -= -std::expm1(log_p) * log_p;
        else
            out -= times_log(std::exp(log_p), -std::expm1(log_p));
    }
    return out;
}

}  // namespace

Result<Signals> signals_of(const NdArray& logits, std::span<const std::int64_t> labels) {
    if (logits.rank() != 2 || logits.dtype() != DType::f32 || logits.shape()[0] != std::ssize(labels) ||
        logits.shape()[1] < 2)
        return invalid_input(fmt::format("logits of shape {} for {} labels", to_string(logits.shape()), labels.size()));
    const auto width = static_cast<std::size_t>(logits.shape()[1]);
    const std::span<const float> all = logits.values<float>();
    Signals out;
    for (std::size_t row = 0; row < labels.size(); ++row) {
        const std::span<const float> values = all.subspan(row * width, width);
        if (labels[row] < 0 || labels[row] >= static_cast<std::int64_t>(width))
            return invalid_input(fmt::format("item {} has label {}, there are {} classes", row, labels[row], width));
        if (!std::ranges::all_of(values, [](float value) { return std::isfinite(value); }))
            return invalid_input(fmt::format("the model's answer to item {} is not finite", row));
        const auto label = static_cast<std::size_t>(labels[row]);
        const double sum = log_sum(values), own = static_cast<double>(values[label]);
        out.confidence.push_back(std::exp(own - sum));
        out.negative_loss.push_back(own - sum);
        out.scaled.push_back(own - log_sum(values, label));
        out.negative_entropy.push_back(-modified_entropy(values, label, sum));
        out.correct.push_back(std::ranges::max_element(values) - values.begin() == labels[row] ? 1 : 0);
    }
    return out;
}

}  // namespace bartizan::privacy
