#include "defences/ball_walk.h"

#include <cmath>
#include <cstdint>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/zeros_like.h>

namespace bartizan::defences {
namespace ball_walk {
namespace {

constexpr double kMomentum = 0.7;
constexpr double kStride = 0.3;  // of the radius, the first step; the last is a tenth of it
constexpr double kLeast = 1e-12;

at::Tensor lengths(const at::Tensor& change) { return change.flatten(1).square().sum(1).sqrt(); }

}  // namespace
}  // namespace ball_walk

at::Tensor beside(const at::Tensor& numbers, const at::Tensor& change) {
    std::vector<std::int64_t> shape(static_cast<std::size_t>(change.dim()), 1);
    shape[0] = numbers.size(0);
    return numbers.reshape(shape);
}

BallWalk::BallWalk(const at::Tensor& start, Ball ball, double radius, int steps)
    : ball_(ball), steps_(steps), velocity_(at::zeros_like(start)) {
    const auto entries = static_cast<double>(start.numel() / start.size(0));
    radius_ = ball == Ball::euclid ? radius * std::sqrt(entries) : radius;
}

at::Tensor BallWalk::next(const at::Tensor& change, const at::Tensor& slope, int step) {
    using namespace ball_walk;
    const at::NoGradGuard no_grad;
    const double length = kStride * radius_ * (1 - 0.9 * step / steps_);
    if (ball_ == Ball::largest) return (change.detach() - slope.sign() * length).clamp(-radius_, radius_);
    velocity_ = kMomentum * velocity_ + slope / (beside(lengths(slope), slope) + kLeast);
    const at::Tensor moved = change.detach() - velocity_ * (length / (beside(lengths(velocity_), slope) + kLeast));
    return moved * (radius_ / beside(lengths(moved).clamp_min(radius_), slope));
}

}  // namespace bartizan::defences
