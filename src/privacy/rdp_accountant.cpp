#include "privacy/rdp_accountant.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <fmt/format.h>

namespace bartizan::privacy {
namespace rdp {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// log(exp(a) + exp(b)).
double log_sum(double a, double b) {
    const double high = std::max(a, b), low = std::min(a, b);
    return low == -kInfinity ? high : high + std::log1p(std::exp(low - high));
}

/// log(exp(a) - exp(b)), a >= b; -infinity where rounding has put b above a.
double log_difference(double a, double b) {
    if (b == -kInfinity) return a;
    return a <= b ? -kInfinity : a + std::log1p(-std::exp(b - a));
}

/// log(erfc(x)); by its asymptotic series where erfc itself underflows (Abramowitz and Stegun 7.1.23).
double log_erfc(double x) {
    constexpr double kFar = 25;
    if (x < kFar) return std::log(std::erfc(x));
    const double square = x * x;
    return -square - std::log(x * std::sqrt(std::numbers::pi)) +
           std::log1p(-0.5 / square + 0.75 / (square * square) - 1.875 / (square * square * square));
}

double log_binomial(double n, double k) { return std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1); }

/// Equation 10 of Mironov et al.: a whole order is a finite sum.
double log_moment_whole(double q, double sigma, std::int64_t order) {
    double sum = -kInfinity;
    const auto n = static_cast<double>(order);
    for (std::int64_t i = 0; i <= order; ++i) {
        const auto k = static_cast<double>(i);
        sum = log_sum(
            sum, log_binomial(n, k) + k * std::log(q) + (n - k) * std::log1p(-q) + (k * k - k) / (2 * sigma * sigma));
    }
    return sum;
}

/// Section 3.3: two series, one for each side of the point where the two densities cross.
double log_moment_fractional(double q, double sigma, double order) {
    constexpr double kSmall = -30;  // of the logarithm of a term, in nats: what follows no longer matters
    constexpr int kMostTerms = 10'000;
    const double crossing = sigma * sigma * std::log(1 / q - 1) + 0.5, scale = std::numbers::sqrt2 * sigma;
    double below = -kInfinity, above = -kInfinity, coefficient = 0;  // log |binomial(order, i)|
    bool positive = true;
    for (int term = 0; term < kMostTerms; ++term) {
        const double i = term, j = order - i;
        const double first = coefficient + i * std::log(q) + j * std::log1p(-q) + (i * i - i) / (2 * sigma * sigma) +
                             std::log(0.5) + log_erfc((i - crossing) / scale);
        const double second = coefficient + j * std::log(q) + i * std::log1p(-q) + (j * j - j) / (2 * sigma * sigma) +
                              std::log(0.5) + log_erfc((crossing - j) / scale);
        below = positive ? log_sum(below, first) : log_difference(below, first);
        above = positive ? log_sum(above, second) : log_difference(above, second);
        if (std::max(first, second) < kSmall) return log_sum(below, above);
        coefficient += std::log(std::abs(j)) - std::log(i + 1);
        positive = positive == (j > 0);
    }
    return kInfinity;
}

double epsilon_at(const SampledGaussian& mechanism, double order, double delta) {
    const double divergence = static_cast<double>(mechanism.steps) * renyi_divergence(mechanism, order);
    return divergence - (std::log(delta) + std::log(order)) / (order - 1) + std::log1p(-1 / order);
}

}  // namespace
}  // namespace rdp

Result<void> check(const SampledGaussian& mechanism) {
    constexpr double kLeastNoise = 1e-2, kMostNoise = 1e6;
    constexpr std::int64_t kMostSteps = 1'000'000'000;
    if (!(mechanism.rate > 0 && mechanism.rate <= 1))
        return invalid_input(fmt::format("a sampling rate of {} is not above 0 and at most 1", mechanism.rate));
    if (!(mechanism.noise >= kLeastNoise && mechanism.noise <= kMostNoise))
        return invalid_input(
            fmt::format("a noise multiplier of {} is not in {} to {}", mechanism.noise, kLeastNoise, kMostNoise));
    if (mechanism.steps < 1 || mechanism.steps > kMostSteps)
        return invalid_input(fmt::format("{} steps are not in 1 to {}", mechanism.steps, kMostSteps));
    return {};
}

double renyi_divergence(const SampledGaussian& mechanism, double order) {
    const double q = mechanism.rate, sigma = mechanism.noise;
    if (q == 1) return order / (2 * sigma * sigma);
    const double whole = std::round(order);
    const double moment = whole == order ? rdp::log_moment_whole(q, sigma, static_cast<std::int64_t>(order))
                                         : rdp::log_moment_fractional(q, sigma, order);
    return moment / (order - 1);
}

RenyiBound renyi_epsilon(const SampledGaussian& mechanism, double delta) {
    RenyiBound best{rdp::kInfinity, 0};
    const auto try_order = [&](double order) {
        const double epsilon = rdp::epsilon_at(mechanism, order, delta);
        if (epsilon < best.epsilon) best = {epsilon, order};
    };
    for (int tenths = 11; tenths < 110; ++tenths) try_order(tenths % 10 == 0 ? tenths / 10 : tenths / 10.0);
    for (int order = 12; order < 64; ++order) try_order(order);
    best.epsilon = std::max(best.epsilon, 0.0);
    return best;
}

}  // namespace bartizan::privacy
