#pragma once
/// The geometry of a threat model, one sample at a time: norms, projection on a ball cut with the data range, the
/// worst point for a linear loss, random points. All of it exact up to float32 rounding: what comes out lies within
/// radius and range to 1e-6. Plain loops over floats: a row costs a few microseconds, and no tensors are made.
/// Thread rule: pure functions and plain values.

#include <span>

#include "attacks/attack.h"
#include "core/random.h"

namespace bartizan::attacks {

using Row = std::span<float>;
using ConstRow = std::span<const float>;

/// The inputs that an attacker may choose: a norm ball around a clean input, cut with the data range.
struct Ball {
    Norm norm = Norm::linf;
    double eps = 0;
    float low = 0;
    float high = 1;
};

/// `threat` as a ball. Fails with `unsupported` for l0, `invalid_input` on a negative radius or an empty range.
Result<Ball> ball_of(const ThreatModel& threat);

/// Length of `delta` in the norm.
double length(Norm norm, ConstRow delta);
/// Length of a - b in the norm.
double distance(Norm norm, ConstRow a, ConstRow b);

/// Moves `x` to the nearest point (in l2) of the ball around `center`, which lies in the data range.
void project(const Ball& ball, ConstRow center, Row x);

/// The point of the ball around `center` where `slope` . x is largest: what a linear loss asks for.
void worst_linear_point(const Ball& ball, ConstRow center, ConstRow slope, Row out);

/// A random point of the ball: uniform in the cube (linf), on a random direction (l2, l1).
void random_point(const Ball& ball, ConstRow center, Random& random, Row out);

/// `x` += the step of length `step` of steepest ascent: signs (linf), the normalised slope (l2), the signs of the
/// `moved` largest coordinates, shared out evenly (l1; Tramer & Boneh 2019, section 4.1). `x` may leave the ball.
void ascend(Norm norm, double step, std::int64_t moved, ConstRow slope, Row x);

}  // namespace bartizan::attacks
