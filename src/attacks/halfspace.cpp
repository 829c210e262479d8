#include "attacks/halfspace.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace bartizan::attacks {
namespace {

constexpr int kMaxPieces = 100;  // each step settles at least one coordinate; a handful is usual

/// The plane seen from a point: to get there, the coordinates must together gain `gap` along -sign * slope.
struct Way {
    const Ball& ball;
    ConstRow point;
    ConstRow slope;
    double sign;  ///< of the value at the point
    double gap;   ///< how much |slope| . move must be

    bool rises(std::size_t i) const { return sign * slope[i] < 0; }
    double room(std::size_t i) const {
        return rises(i) ? static_cast<double>(ball.high) - point[i] : static_cast<double>(point[i]) - ball.low;
    }
    double steepness(std::size_t i) const { return std::abs(static_cast<double>(slope[i])); }
    float signed_move(std::size_t i, double moved) const { return static_cast<float>(rises(i) ? moved : -moved); }
};

/// How far coordinate i would go for a multiplier of 1: as far as all others (linf), or by its steepness (l2).
double pace(Norm norm, double steepness) { return norm == Norm::linf ? 1.0 : steepness; }

/// The multiplier at which the capped moves close the gap. The gain is concave in it: Newton steps from below climb
/// to the root and end on its linear piece exactly. Infinite when the range is too small.
double closing_multiplier(const Way& way) {
    double multiplier = 0;
    for (int round = 0; round < kMaxPieces; ++round) {
        double capped = 0, per_unit = 0;
        for (std::size_t i = 0; i < way.slope.size(); ++i) {
            const double s = way.steepness(i);
            if (s == 0) continue;
            const double p = pace(way.ball.norm, s), most = way.room(i);
            if (multiplier * p >= most)
                capped += s * most;
            else
                per_unit += s * p;
        }
        if (per_unit <= 0) return std::numeric_limits<double>::infinity();
        const double next = (way.gap - capped) / per_unit;
        if (next <= multiplier * (1 + 1e-12)) return multiplier;
        multiplier = next;
    }
    return multiplier;
}

/// l1: the steepest coordinates go as far as they can until the gap is closed.
void spend_steepest(const Way& way, Row step) {
    std::vector<std::size_t> order(step.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto flatter = [&](std::size_t a, std::size_t b) {
        return way.steepness(a) != way.steepness(b) ? way.steepness(a) < way.steepness(b) : a > b;
    };
    std::ranges::make_heap(order, flatter);
    std::ranges::fill(step, 0.0F);
    double gap = way.gap;
    while (gap > 0 && !order.empty()) {
        std::ranges::pop_heap(order, flatter);
        const std::size_t i = order.back();
        order.pop_back();
        const double s = way.steepness(i);
        if (s == 0) return;
        const double moved = std::min(way.room(i), gap / s);
        step[i] = way.signed_move(i, moved);
        gap -= s * moved;
    }
}

}  // namespace

void step_to_plane(const Ball& ball, ConstRow point, double value, ConstRow slope, Row step) {
    const Way way{ball, point, slope, value >= 0 ? 1.0 : -1.0, std::abs(value)};
    if (ball.norm == Norm::l1) return spend_steepest(way, step);
    const double multiplier = closing_multiplier(way);
    for (std::size_t i = 0; i < step.size(); ++i) {
        const double s = way.steepness(i);
        step[i] = s == 0 ? 0.0F : way.signed_move(i, std::min(multiplier * pace(ball.norm, s), way.room(i)));
    }
}

}  // namespace bartizan::attacks
