#pragma once
/// Curves as inline SVG: axes with ticks, one line with markers per series, a band where a series has intervals.
/// Drawn twice, wide and narrow (the style sheet shows one), so that its text keeps its size on a phone. Colours
/// are the style sheet's classes s0 to s5; dashes and markers tell series apart without colour.
/// Thread rule: pure functions. Points that are not finite are left out; all text is escaped.

#include <string>
#include <vector>

#include "bartizan/finding.h"

namespace bartizan::report {

/// The figure: title, plot, legend, and the numbers as a table to unfold.
std::string curve_figure(const Curve& curve);

/// At most `count` + 2 round numbers (1, 2, 2.5, 5 times a power of ten) that cover [low, high]; low < high.
std::vector<double> round_ticks(double low, double high, int count);

}  // namespace bartizan::report
