#pragma once
/// Descent of one change a cell within a ball: shared by changes of all items (universal.h) and warps (warp.h).
/// Internal to `defences`: shows tensors. Thread rule: one walk, one thread.

#include <ATen/core/Tensor.h>

#include "defences/universal.h"

namespace bartizan::defences {

/// A row vector of one number a cell, shaped to go with a change [cells, ...].
at::Tensor beside(const at::Tensor& numbers, const at::Tensor& change);

/// Walks one change a cell down the loss with momentum and steps of falling length, and keeps it within the ball.
class BallWalk {
public:
    using Ball = UniversalOptions::Ball;

    /// `radius` as in UniversalOptions; `start` [cells, ...].
    BallWalk(const at::Tensor& start, Ball ball, double radius, int steps);

    /// The change after step number `step`, down the `slope` at `change`.
    at::Tensor next(const at::Tensor& change, const at::Tensor& slope, int step);

private:
    Ball ball_;
    int steps_;
    at::Tensor velocity_;
    double radius_ = 0;
};

}  // namespace bartizan::defences
