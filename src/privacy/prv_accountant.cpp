#include "privacy/prv_accountant.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "privacy/fourier.h"

namespace bartizan::privacy {
namespace prv {
namespace {

constexpr double kDeltaShare = 1e-3;  // of delta, spent on the error of the computation
constexpr double kMargin = 3;         // beyond the largest loss that matters

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::numbers::sqrt2); }

/// Which of the two data sets holds the record.
enum class Direction : std::uint8_t { removed, added };

/// The loss of one step: log of the ratio of the densities with and without the record, at what was released.
class Loss {
public:
    Loss(const SampledGaussian& mechanism, Direction direction)
        : q_(mechanism.rate), sigma_(mechanism.noise), direction_(direction) {}

    /// Chance of a loss of at most `t`.
    double cdf(double t) const {
        if (direction_ == Direction::added) return 1 - normal_cdf(release_at(-t) / sigma_);
        const double x = release_at(t);
        return (1 - q_) * normal_cdf(x / sigma_) + q_ * normal_cdf((x - 1) / sigma_);
    }

    /// Mean, over the release: it is smooth there, so that the trapezoid rule converges faster than any power
    /// (Trefethen and Weideman 2014). What lies beyond the range is less than 1e-40.
    double mean() const {
        constexpr int kPoints = 20'000;
        constexpr double kReach = 14;        // deviations
        constexpr double kLargeRatio = 500;  // its exponential would overflow before long
        const double begin = -kReach * sigma_, end = 1 + kReach * sigma_, width = (end - begin) / kPoints;
        double sum = 0;
        for (int i = 0; i <= kPoints; ++i) {
            const double x = begin + i * width, ratio = (2 * x - 1) / (2 * sigma_ * sigma_);
            const double loss = ratio > kLargeRatio ? ratio + std::log(q_) : std::log1p(q_ * std::expm1(ratio));
            const double plain = density(x), mixed = (1 - q_) * plain + q_ * density(x - 1);
            sum += direction_ == Direction::removed ? mixed * loss : -plain * loss;
        }
        return sum * width;
    }

private:
    double density(double x) const {
        return std::exp(-x * x / (2 * sigma_ * sigma_)) / (sigma_ * std::sqrt(2 * std::numbers::pi));
    }

    /// Where the ratio mixture over plain is exp(t); it rises with the release, and never falls below 1 - q.
    double release_at(double t) const {
        const double least = std::log1p(-q_);
        if (t <= least) return -std::numeric_limits<double>::infinity();
        const double ratio = t + std::log(-std::expm1(least - t)) - std::log(q_);
        return sigma_ * sigma_ * ratio + 0.5;
    }

    double q_, sigma_;
    Direction direction_;
};

struct Grid {
    double mesh = 0;
    std::int64_t half = 0;  ///< losses from -half * mesh to half * mesh, in 2 * (half + 1) places, a power of two
    std::size_t size() const { return static_cast<std::size_t>(2 * (half + 1)); }
};

/// Theorem 5.5 and remark 5.6: so fine that the errors of all steps together stay below `error`, so wide that what is
/// cut off stays below `spare`.
Result<Grid> grid_for(const SampledGaussian& mechanism, double error, double spare) {
    constexpr double kMostPoints = 1 << 24;
    const auto steps = static_cast<double>(mechanism.steps);
    SampledGaussian once = mechanism;
    once.steps = 1;
    const double widest = std::max({renyi_epsilon(mechanism, spare / 4).epsilon,
                                    renyi_epsilon(once, spare / (8 * steps)).epsilon, error}) +
                          kMargin;
    Grid grid{.mesh = error / std::sqrt(steps / 2 * std::log(12 / spare))};
    const double points = 2 * (widest / grid.mesh + 1);
    if (!(points < kMostPoints))
        return exhausted(
            fmt::format("epsilon would take a grid of {:.2g} points: it is larger than can be told apart", points));
    grid.half = static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(points))) / 2 - 1;
    return grid;
}

/// The losses of one step on the grid, with zero first and the negative ones at the end, and the shift that keeps their
/// mean (algorithm 2).
struct Discretised {
    std::vector<double> chance;
    double shift = 0;
};

Discretised discretise(const Loss& loss, const Grid& grid) {
    Discretised out{std::vector<double>(grid.size(), 0.0)};
    const double edge = (static_cast<double>(grid.half) + 0.5) * grid.mesh;
    const double first = loss.cdf(-edge);
    double before = first, mean = 0;
    for (std::int64_t m = -grid.half; m <= grid.half; ++m) {
        const double middle = static_cast<double>(m) * grid.mesh;
        const double after = loss.cdf(middle + grid.mesh / 2);
        if (after > before) {
            const std::size_t place = static_cast<std::size_t>(m < 0 ? m + static_cast<std::int64_t>(grid.size()) : m);
            out.chance[place] = after - before;
            mean += middle * (after - before);
        }
        before = after;
    }
    const double mass = before - first;
    for (double& chance : out.chance) chance /= mass;
    out.shift = loss.mean() - mean / mass;
    return out;
}

/// Losses of all steps in ascending order, and what epsilon comes to for a delta.
class Composed {
public:
    /// `chance` of all steps together, laid out as that of one; `shift` of one.
    Composed(const std::vector<double>& chance, double shift_of_one, const Grid& grid, std::int64_t steps) {
        const double shift = static_cast<double>(steps) * shift_of_one;
        std::vector<double> ascending(chance.begin() + grid.half + 2, chance.end());
        ascending.insert(ascending.end(), chance.begin(), chance.begin() + grid.half + 1);
        const std::size_t size = ascending.size();
        loss_.resize(size);
        above_.resize(size);
        scaled_.resize(size);
        double above = 0, scaled = 0;
        for (std::size_t i = size; i-- > 0;) {
            loss_[i] = static_cast<double>(static_cast<std::int64_t>(i) - grid.half) * grid.mesh + shift;
            above += ascending[i];
            scaled += ascending[i] * std::exp(-loss_[i]);
            above_[i] = above;
            scaled_[i] = scaled;
        }
    }

    /// Least epsilon >= 0 whose delta, E[(1 - exp(epsilon - loss))+], is at most the one given.
    double epsilon(double delta) const {
        std::size_t low = 0, high = loss_.size();  // delta falls as epsilon grows
        while (low < high) {
            const std::size_t middle = (low + high) / 2;
            if (above_[middle] - std::exp(loss_[middle]) * scaled_[middle] > delta)
                low = middle + 1;
            else
                high = middle;
        }
        if (low == loss_.size()) return loss_.back();
        return std::max(0.0, std::log((above_[low] - delta) / scaled_[low]));
    }

private:
    std::vector<double> loss_;    ///< ascending
    std::vector<double> above_;   ///< chance of a loss at least that
    std::vector<double> scaled_;  ///< and the sum of chance * exp(-loss) there
};

}  // namespace
}  // namespace prv

Result<PrivacyLossBound> privacy_loss_epsilon(const SampledGaussian& mechanism, double delta, double error) {
    constexpr double kLeastDelta = 1e-10, kMostDelta = 0.5;
    BARTIZAN_TRY(check(mechanism));
    if (!(delta >= kLeastDelta && delta <= kMostDelta))
        return invalid_input(fmt::format("a delta of {} is not in {} to {}", delta, kLeastDelta, kMostDelta));
    const double spare = delta * prv::kDeltaShare;
    const prv::Grid grid = BARTIZAN_TRY(prv::grid_for(mechanism, error, spare));
    PrivacyLossBound worst;
    prv::Discretised removed = prv::discretise(prv::Loss(mechanism, prv::Direction::removed), grid);
    prv::Discretised added = prv::discretise(prv::Loss(mechanism, prv::Direction::added), grid);
    const Pair chances =
        convolution_powers({std::move(removed.chance), std::move(added.chance)}, static_cast<double>(mechanism.steps));
    for (const auto& losses : {prv::Composed(chances.first, removed.shift, grid, mechanism.steps),
                               prv::Composed(chances.second, added.shift, grid, mechanism.steps)}) {
        worst.low = std::max(worst.low, losses.epsilon(delta + spare) - error);
        worst.estimate = std::max(worst.estimate, losses.epsilon(delta));
        worst.high = std::max(worst.high, losses.epsilon(delta - spare) + error);
    }
    return worst;
}

Result<double> noise_for(double epsilon, double delta, double rate, std::int64_t steps) {
    constexpr double kEnough = 1.001;  // ratio of the bounds when the search ends
    SampledGaussian mechanism{rate, 1, steps};
    BARTIZAN_TRY(check(mechanism));
    const auto renyi_holds = [&](double noise) {
        mechanism.noise = noise;
        return renyi_epsilon(mechanism, delta).epsilon <= epsilon;
    };
    double low = 1e-2, high = 1e6;
    if (!(epsilon > 0) || !renyi_holds(high))
        return invalid_input(fmt::format("no noise gives an epsilon of {} at delta {}", epsilon, delta));
    while (high / low > kEnough) {
        const double middle = std::sqrt(low * high);
        (renyi_holds(middle) ? high : low) = middle;
    }
    // The Renyi bound is never below the exact value, so its noise is enough; the exact one is searched below it.
    for (low = high / 2; high / low > kEnough;) {
        mechanism.noise = std::sqrt(low * high);
        const auto bound = privacy_loss_epsilon(mechanism, delta);
        (bound.ok() && bound->high <= epsilon ? high : low) = mechanism.noise;
    }
    return high;
}

}  // namespace bartizan::privacy
