#include "privacy/one_run.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <boost/math/distributions/binomial.hpp>

namespace bartizan::privacy {
namespace {

/// The chance that randomised response with this epsilon is right so often, plus what delta adds.
double chance(std::int64_t m, std::int64_t r, std::int64_t v, double epsilon, double delta) {
    const double q = 1 / (1 + std::exp(-epsilon));
    const boost::math::binomial_distribution<> right(static_cast<double>(r), q);
    const auto at_least = [&](std::int64_t k) {
        return k <= 0 ? 1.0 : boost::math::cdf(boost::math::complement(right, static_cast<double>(k - 1)));
    };
    const double beta = at_least(v);
    if (delta == 0) return beta;
    double alpha = 0, sum = 0;
    for (std::int64_t i = 1; i <= v; ++i) {
        sum += boost::math::pdf(right, static_cast<double>(v - i));
        alpha = std::max(alpha, sum / static_cast<double>(i));
    }
    return std::min(1.0, beta + alpha * 2 * static_cast<double>(m) * delta);
}

}  // namespace

double epsilon_lower_bound(std::int64_t canaries, std::int64_t guesses, std::int64_t right, double delta,
                           double significance) {
    if (guesses <= 0 || right <= 0 || right > guesses || guesses > canaries) return 0;
    if (chance(canaries, guesses, right, 0, delta) > significance) return 0;
    double low = 0, high = 1;
    while (high < 64 && chance(canaries, guesses, right, high, delta) <= significance) low = high, high *= 2;
    for (int i = 0; i < 60; ++i) {
        const double middle = (low + high) / 2;
        (chance(canaries, guesses, right, middle, delta) <= significance ? low : high) = middle;
    }
    return low;
}

OneRun audit_one_run(std::span<const double> scores, std::span<const std::uint8_t> member, std::int64_t guesses,
                     double delta) {
    std::vector<std::size_t> order(scores.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return scores[a] > scores[b]; });
    const auto half = static_cast<std::size_t>(std::min<std::int64_t>(guesses, std::ssize(scores)) / 2);
    OneRun out{.canaries = std::ssize(scores), .guesses = static_cast<std::int64_t>(2 * half)};
    for (std::size_t i = 0; i < half; ++i) {
        out.right += member[order[i]] != 0 ? 1 : 0;
        out.right += member[order[order.size() - 1 - i]] == 0 ? 1 : 0;
    }
    out.epsilon = epsilon_lower_bound(out.canaries, out.guesses, out.right, delta);
    return out;
}

}  // namespace bartizan::privacy
