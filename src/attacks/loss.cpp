#include "attacks/loss.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace bartizan::attacks {
namespace {

constexpr std::int64_t kRatioClasses = 4;
constexpr double kTiny = 1e-12;

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

/// The classes with the four largest logits, largest first.
std::array<std::size_t, 4> four_largest(ConstRow logits) {
    std::array<std::size_t, 4> best{};
    std::size_t found = 0;
    for (std::size_t i = 0; i < logits.size(); ++i) {
        if (found == 4 && !(logits[i] > logits[best[3]])) continue;
        std::size_t place = found < 4 ? found++ : 3;
        for (; place > 0 && logits[i] > logits[best[place - 1]]; --place) best[place] = best[place - 1];
        best[place] = i;
    }
    return best;
}

std::size_t best_other(ConstRow logits, std::size_t label) {
    std::size_t best = label == 0 ? 1 : 0;
    for (std::size_t i = 0; i < logits.size(); ++i)
        if (i != label && logits[i] > logits[best]) best = i;
    return best;
}

/// log softmax of `wanted`; `slope` gets onehot(wanted) - softmax, scaled.
double log_probability(ConstRow logits, std::size_t wanted, Row slope) {
    const double top = *std::ranges::max_element(logits);
    double others = 0;
    for (std::size_t i = 0; i < logits.size(); ++i)
        if (i != wanted) others += std::exp(logits[i] - top);
    const double own = std::exp(logits[wanted] - top);
    // Scaled so that the entry of `wanted` is 1: the rest then sum to -1 even where the softmax is saturated.
    std::size_t heaviest = best_other(logits, wanted);
    double scale = 0;
    for (std::size_t i = 0; i < logits.size(); ++i)
        if (i != wanted) scale += std::exp(static_cast<double>(logits[i]) - logits[heaviest]);
    for (std::size_t i = 0; i < logits.size(); ++i)
        slope[i] = i == wanted
                       ? 1.0F
                       : static_cast<float>(-std::exp(static_cast<double>(logits[i]) - logits[heaviest]) / scale);
    // log1p keeps the digits that log(1 - p) would lose.
    return own > others ? -std::log1p(others / own) : logits[wanted] - top - std::log(own + others);
}

double difference(ConstRow logits, std::size_t up, std::size_t down, Row slope) {
    std::ranges::fill(slope, 0.0F);
    slope[up] += 1;
    slope[down] -= 1;
    return static_cast<double>(logits[up]) - logits[down];
}

/// (z_up - z_down) / (z_first - the mean of z over `below`).
double ratio(ConstRow logits, std::size_t up, std::size_t down, std::size_t first, std::span<const std::size_t> below,
             Row slope) {
    const double part = 1.0 / static_cast<double>(below.size());
    double base = 0;
    for (const std::size_t i : below) base += part * logits[i];
    const double bottom = logits[first] - base + kTiny;
    const double top = static_cast<double>(logits[up]) - logits[down];
    std::ranges::fill(slope, 0.0F);
    slope[up] += static_cast<float>(1 / bottom);
    slope[down] -= static_cast<float>(1 / bottom);
    const double through_bottom = -top / (bottom * bottom);
    slope[first] += static_cast<float>(through_bottom);
    for (const std::size_t i : below) slope[i] -= static_cast<float>(through_bottom * part);
    return top / bottom;
}

}  // namespace

Loss loss_for(Loss loss, std::int64_t classes) {
    if (classes >= kRatioClasses) return loss;
    if (loss == Loss::dlr) return Loss::margin;
    if (loss == Loss::targeted_dlr) return Loss::targeted_margin;
    return loss;
}

double loss_with_slope(Loss loss, ConstRow logits, Aim aim, Row slope) {
    const std::size_t label = at(aim.label), target = at(aim.target);
    switch (loss) {
        case Loss::cross_entropy: {
            const double log_p = log_probability(logits, label, slope);
            for (float& value : slope) value = -value;
            return -log_p;
        }
        case Loss::targeted_cross_entropy:
            return log_probability(logits, target, slope);
        case Loss::margin:
            return difference(logits, best_other(logits, label), label, slope);
        case Loss::targeted_margin:
            return difference(logits, target, label, slope);
        case Loss::dlr: {
            const auto top = four_largest(logits);
            return ratio(logits, best_other(logits, label), label, top[0], std::span(&top[2], 1), slope);
        }
        case Loss::targeted_dlr: {
            const auto top = four_largest(logits);
            return ratio(logits, target, label, top[0], std::span(&top[2], 2), slope);
        }
    }
    return 0;
}

std::int64_t predicted(ConstRow logits) {
    std::size_t best = 0;
    for (std::size_t i = 0; i < logits.size(); ++i) {
        if (std::isnan(logits[i])) return static_cast<std::int64_t>(i);
        if (logits[i] > logits[best]) best = i;
    }
    return static_cast<std::int64_t>(best);
}

double margin_of(ConstRow logits, std::int64_t label) {
    return static_cast<double>(logits[at(label)]) - logits[best_other(logits, at(label))];
}

std::int64_t wrong_class(ConstRow logits, std::int64_t label, std::int64_t rank) {
    std::vector<std::int64_t> order(logits.size());
    std::iota(order.begin(), order.end(), std::int64_t{0});
    std::erase(order, label);
    std::ranges::stable_sort(order, [&](std::int64_t a, std::int64_t b) { return logits[at(a)] > logits[at(b)]; });
    return order[at(rank)];
}

}  // namespace bartizan::attacks
