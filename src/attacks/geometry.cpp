#include "attacks/geometry.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

namespace bartizan::attacks {
namespace {

constexpr int kMaxNewton = 100;     // each step settles at least one coordinate; a handful is usual
constexpr int kMaxTightenings = 4;  // rounding to float32 may leave the ball by a hair
constexpr double kRounding = 5e-7;

float clamp_to(float value, float low, float high) { return std::min(std::max(value, low), high); }

/// How far coordinate i may move from `center` in the direction of `sign`.
double room(const Ball& ball, float center, double sign) {
    return sign > 0 ? static_cast<double>(ball.high) - center : static_cast<double>(center) - ball.low;
}

void project_linf(const Ball& ball, ConstRow center, Row x) {
    const auto eps = static_cast<float>(ball.eps);
    for (std::size_t i = 0; i < x.size(); ++i) {
        const float low = std::max(center[i] - eps, ball.low);
        const float high = std::min(center[i] + eps, ball.high);
        x[i] = clamp_to(x[i], low, high);
    }
}

/// The factor t for which clamp(t * direction) has length `radius`, starting from below. The squared length is
/// t^2 * (free part) + (clipped part): solving for t with the present parts, again and again, climbs to the root.
double fitting_factor(const Ball& ball, double radius, ConstRow center, ConstRow direction) {
    double t = 0;
    for (int round = 0; round < kMaxNewton; ++round) {
        double free = 0, clipped = 0;
        for (std::size_t i = 0; i < center.size(); ++i) {
            const double d = direction[i];
            const double most = room(ball, center[i], d);
            if (t * std::abs(d) >= most && d != 0)
                clipped += most * most;
            else
                free += d * d;
        }
        if (free <= 0 || clipped >= radius * radius) return t;
        const double next = std::sqrt((radius * radius - clipped) / free);
        if (next <= t * (1 + 1e-12)) return t;
        t = next;
    }
    return t;
}

void place(const Ball& ball, double factor, ConstRow center, ConstRow direction, Row out) {
    for (std::size_t i = 0; i < out.size(); ++i) {
        const double moved = center[i] + factor * direction[i];
        out[i] = clamp_to(static_cast<float>(std::clamp(moved, -1e30, 1e30)), ball.low, ball.high);
    }
}

/// Scratch space that a thread keeps: one row of floats.
std::vector<float>& scratch(std::size_t size) {
    thread_local std::vector<float> row;
    row.resize(size);
    return row;
}

void project_l2(const Ball& ball, double radius, ConstRow center, Row x) {
    std::vector<float>& direction = scratch(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) direction[i] = x[i] - center[i];
    place(ball, std::min(1.0, fitting_factor(ball, radius, center, direction)), center, direction, x);
}

/// The threshold at which soft-thresholded and capped moves add up to `radius`. The sum falls with the threshold and
/// is linear between its corners: Newton steps, kept inside a shrinking bracket, end on the right piece exactly.
double fitting_threshold(const Ball& ball, double radius, ConstRow center, ConstRow direction) {
    double low = 0, high = 0;
    for (const float d : direction) high = std::max(high, std::abs(static_cast<double>(d)));
    double threshold = 0;
    for (int round = 0; round < kMaxNewton; ++round) {
        double sum = 0;
        std::int64_t sloping = 0;
        for (std::size_t i = 0; i < center.size(); ++i) {
            const double d = direction[i];
            const double moved = std::abs(d) - threshold;
            if (moved <= 0) continue;
            const double most = room(ball, center[i], d);
            if (moved > most) {
                sum += most;
            } else {
                sum += moved;
                ++sloping;
            }
        }
        if (std::abs(sum - radius) <= 1e-12 * radius) return threshold;
        (sum > radius ? low : high) = threshold;
        const double newton = sloping > 0 ? threshold + (sum - radius) / static_cast<double>(sloping) : -1;
        const double next = newton > low && newton < high ? newton : (low + high) / 2;
        if (next == threshold) return threshold;
        threshold = next;
    }
    return high;
}

void project_l1(const Ball& ball, double radius, ConstRow center, Row x) {
    std::vector<float>& direction = scratch(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) direction[i] = x[i] - center[i];
    const double threshold = fitting_threshold(ball, radius, center, direction);
    for (std::size_t i = 0; i < x.size(); ++i) {
        const double d = direction[i];
        const double moved = std::clamp(std::abs(d) - threshold, 0.0, room(ball, center[i], d));
        x[i] = clamp_to(static_cast<float>(center[i] + std::copysign(moved, d)), ball.low, ball.high);
    }
}

void clamp_to_range(const Ball& ball, Row x) {
    for (float& value : x) value = clamp_to(value, ball.low, ball.high);
}

/// Fills coordinates to their room in the order of their slope until the radius is spent.
void fill_largest(const Ball& ball, ConstRow center, ConstRow slope, Row out) {
    std::vector<std::size_t> order(out.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    const auto smaller = [&](std::size_t a, std::size_t b) {
        return std::abs(slope[a]) != std::abs(slope[b]) ? std::abs(slope[a]) < std::abs(slope[b]) : a > b;
    };
    std::ranges::make_heap(order, smaller);
    std::ranges::copy(center, out.begin());
    double left = ball.eps;
    while (left > 0 && !order.empty()) {
        std::ranges::pop_heap(order, smaller);
        const std::size_t i = order.back();
        order.pop_back();
        if (slope[i] == 0) return;
        const double moved = std::min(left, room(ball, center[i], slope[i]));
        out[i] = clamp_to(static_cast<float>(center[i] + std::copysign(moved, slope[i])), ball.low, ball.high);
        left -= moved;
    }
}

/// The largest `count` coordinates of |slope|: the value of the smallest of them.
float smallest_of_largest(std::int64_t count, ConstRow slope) {
    std::vector<float>& sizes = scratch(slope.size());
    for (std::size_t i = 0; i < slope.size(); ++i) sizes[i] = std::abs(slope[i]);
    const auto nth =
        sizes.begin() + std::clamp<std::int64_t>(count - 1, 0, static_cast<std::int64_t>(sizes.size()) - 1);
    std::nth_element(sizes.begin(), nth, sizes.end(), std::greater<>());
    return *nth;
}

void ascend_sparsely(double step, std::int64_t moved, ConstRow slope, Row x) {
    const float least = smallest_of_largest(moved, slope);
    const auto takes_part = [&](float s) { return s != 0 && std::abs(s) >= least; };
    const auto count = std::ranges::count_if(slope, takes_part);
    if (count == 0) return;
    const auto share = static_cast<float>(step / static_cast<double>(count));
    for (std::size_t i = 0; i < x.size(); ++i)
        if (takes_part(slope[i])) x[i] += std::copysign(share, slope[i]);
}

}  // namespace

Result<Ball> ball_of(const ThreatModel& threat) {
    if (threat.norm == Norm::l0) return unsupported("this attack has no l0 form", "choose --norm linf, l2 or l1");
    if (!(threat.eps >= 0) || !std::isfinite(threat.eps))
        return invalid_input("eps " + std::to_string(threat.eps) + " is not a radius", "give a number of 0 or more");
    if (!(threat.low < threat.high) || !std::isfinite(threat.low) || !std::isfinite(threat.high))
        return invalid_input("the data range from " + std::to_string(threat.low) + " to " +
                             std::to_string(threat.high) + " is empty");
    return Ball{threat.norm, threat.eps, static_cast<float>(threat.low), static_cast<float>(threat.high)};
}

double length(Norm norm, ConstRow delta) {
    double sum = 0, largest = 0;
    std::int64_t changed = 0;
    for (const float value : delta) {
        const double d = value;
        switch (norm) {
            case Norm::linf:
                largest = std::max(largest, std::abs(d));
                break;
            case Norm::l2:
                sum += d * d;
                break;
            case Norm::l1:
                sum += std::abs(d);
                break;
            case Norm::l0:
                changed += d != 0 ? 1 : 0;
                break;
        }
    }
    if (norm == Norm::l0) return static_cast<double>(changed);
    return norm == Norm::linf ? largest : norm == Norm::l2 ? std::sqrt(sum) : sum;
}

double distance(Norm norm, ConstRow a, ConstRow b) {
    double sum = 0, largest = 0;
    std::int64_t changed = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double d = std::abs(static_cast<double>(a[i]) - b[i]);
        largest = std::max(largest, d);
        sum += norm == Norm::l2 ? d * d : d;
        changed += d != 0 ? 1 : 0;
    }
    if (norm == Norm::l0) return static_cast<double>(changed);
    return norm == Norm::linf ? largest : norm == Norm::l2 ? std::sqrt(sum) : sum;
}

void project(const Ball& ball, ConstRow center, Row x) {
    if (ball.norm == Norm::linf) return project_linf(ball, center, x);
    double radius = ball.eps;
    for (int round = 0; round < kMaxTightenings; ++round) {
        // Moving to the range is the projection on the range, and if that lies in the ball, on both.
        if (round == 0 && distance(ball.norm, x, center) <= ball.eps) return clamp_to_range(ball, x);
        if (ball.norm == Norm::l2)
            project_l2(ball, radius, center, x);
        else
            project_l1(ball, radius, center, x);
        const double excess = distance(ball.norm, x, center) - ball.eps;
        if (excess <= kRounding) return;
        radius = std::max(0.0, radius - 2 * excess);
    }
}

void worst_linear_point(const Ball& ball, ConstRow center, ConstRow slope, Row out) {
    if (ball.norm == Norm::l1) {
        fill_largest(ball, center, slope, out);
    } else if (ball.norm == Norm::l2) {
        place(ball, fitting_factor(ball, ball.eps, center, slope), center, slope, out);
    } else {
        std::ranges::copy(center, out.begin());
        ascend(Norm::linf, ball.eps, 0, slope, out);
    }
    project(ball, center, out);
}

void random_point(const Ball& ball, ConstRow center, Random& random, Row out) {
    if (ball.norm == Norm::linf) {
        const auto eps = static_cast<float>(ball.eps);
        random.fill_uniform(out, -eps, eps);
    } else {
        random.fill_normal(out);
        const double scale = ball.eps / std::max(1e-30, length(ball.norm, out));
        for (float& value : out) value = static_cast<float>(value * scale);
    }
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += center[i];
    project(ball, center, out);
}

void ascend(Norm norm, double step, std::int64_t moved, ConstRow slope, Row x) {
    if (norm == Norm::l1) return ascend_sparsely(step, moved, slope, x);
    if (norm == Norm::linf) {
        const auto size = static_cast<float>(step);
        for (std::size_t i = 0; i < x.size(); ++i) x[i] += slope[i] > 0 ? size : slope[i] < 0 ? -size : 0.0F;
        return;
    }
    const double norm_of_slope = length(norm, slope);
    if (norm_of_slope <= 0) return;
    const auto scale = static_cast<float>(step / norm_of_slope);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += scale * slope[i];
}

}  // namespace bartizan::attacks
