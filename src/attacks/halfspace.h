#pragma once
/// The nearest point of a linear decision boundary within the data range (Croce & Hein 2020, "Fast Adaptive
/// Boundary", equation 7 and appendix), exact in each norm.
/// Thread rule: pure functions.

#include "attacks/geometry.h"

namespace bartizan::attacks {

/// `step` gets the shortest move (in `ball.norm`) that takes `point` onto {z : value + slope . (z - point) = 0}
/// without leaving [ball.low, ball.high]; where the range does not reach it, the move that comes nearest.
/// `ball.eps` is not looked at. `point` lies in the range.
void step_to_plane(const Ball& ball, ConstRow point, double value, ConstRow slope, Row step);

}  // namespace bartizan::attacks
