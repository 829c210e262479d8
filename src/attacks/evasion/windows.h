#pragma once
/// The windows of the Square attack: an item seen as a picture, rectangles in it, and the pattern that spreads a
/// change over a rectangle (Andriushchenko et al. 2020, section 3.3, equation 2).
/// Thread rule: pure functions and plain values.

#include <cstdint>
#include <span>
#include <vector>

#include "attacks/geometry.h"

namespace bartizan::attacks::evasion {

/// How the numbers of an item lie in its picture: value (channel, row, column) is at
/// channel * channel_step + row * row_step + column * column_step.
struct PictureLayout {
    std::int64_t channels = 1, height = 1, width = 1;
    std::int64_t channel_step = 0, row_step = 0, column_step = 1;
};

/// [C, H, W] or [H, W, C] (told apart by the smaller end), [H, W], or anything else as one row of numbers.
PictureLayout layout_of(std::span<const std::int64_t> item_shape);

struct Window {
    std::int64_t row = 0, column = 0, height = 1, width = 1;

    bool contains(std::int64_t r, std::int64_t c) const {
        return r >= row && r < row + height && c >= column && c < column + width;
    }
};

/// A window of about `area` pixels that fits: a square where it can be, else as high as the picture. With `odd` its
/// sides are odd and at least 3, where the picture allows.
Window window_of_area(const PictureLayout& layout, double area, bool odd);
/// The same window at a random place.
Window placed(const PictureLayout& layout, Window window, Random& random);

/// Calls `visit(offset, place)` for each number of one channel in a window; `place` counts row by row from 0.
template <class Visit>
void for_each_in(const PictureLayout& layout, std::int64_t channel, const Window& window, const Visit& visit) {
    std::size_t place = 0;
    for (std::int64_t r = window.row; r < window.row + window.height; ++r)
        for (std::int64_t c = window.column; c < window.column + window.width; ++c)
            visit(
                static_cast<std::size_t>(channel * layout.channel_step + r * layout.row_step + c * layout.column_step),
                place++);
}

/// Two peaks of opposite sign, of length 1 in the norm, row by row: side by side or, with `upright`, one above the
/// other. Weights fall from the peaks with the second power of the distance (l2) or the fourth (l1).
std::vector<float> two_peaks(Norm norm, std::int64_t height, std::int64_t width, bool upright);

}  // namespace bartizan::attacks::evasion
