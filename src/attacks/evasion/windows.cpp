#include "attacks/evasion/windows.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace bartizan::attacks::evasion {
namespace {

constexpr std::int64_t kMostChannels = 4;  // as a last dimension, this few are channels

/// Sum of 1 / (k + 1)^power for k from the distance to the centre up to the larger half side.
double peak_height(std::int64_t height, std::int64_t width, std::int64_t row, std::int64_t column, int power) {
    const std::int64_t away = std::max(std::abs(row - height / 2), std::abs(column - width / 2));
    double sum = 0;
    for (std::int64_t k = away; k < std::max(height, width) / 2 + 1; ++k)
        sum += std::pow(static_cast<double>(k + 1), -power);
    return sum;
}

void scale_to_unit(Norm norm, Row values) {
    const double size = length(norm, values);
    if (size <= 0) return;
    for (float& value : values) value = static_cast<float>(value / size);
}

}  // namespace

PictureLayout layout_of(std::span<const std::int64_t> shape) {
    if (shape.size() == 3 && shape[2] <= kMostChannels && shape[0] > kMostChannels)
        return {shape[2], shape[0], shape[1], 1, shape[1] * shape[2], shape[2]};
    if (shape.size() == 3) return {shape[0], shape[1], shape[2], shape[1] * shape[2], shape[2], 1};
    if (shape.size() == 2) return {1, shape[0], shape[1], 0, shape[1], 1};
    std::int64_t numbers = 1;
    for (const std::int64_t dimension : shape) numbers *= dimension;
    return {1, 1, numbers, 0, numbers, 1};
}

Window window_of_area(const PictureLayout& layout, double area, bool odd) {
    const auto side_for = [&](double wanted, std::int64_t most) {
        auto side = std::max<std::int64_t>(std::llround(wanted), odd ? 3 : 1);
        if (odd && side % 2 == 0) ++side;
        return std::min(side, most);
    };
    const double side = std::sqrt(area);
    const std::int64_t shorter = std::min(layout.height, layout.width);
    const std::int64_t short_side = side_for(side, shorter);
    // A long thin picture: the window takes its whole height, and the rest in width.
    const double rest = static_cast<double>(shorter) < side ? area / static_cast<double>(shorter) : side;
    const std::int64_t long_side = side_for(rest, std::max(layout.height, layout.width));
    const bool wide = layout.width >= layout.height;
    return {0, 0, wide ? short_side : long_side, wide ? long_side : short_side};
}

Window placed(const PictureLayout& layout, Window window, Random& random) {
    window.row = static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(layout.height - window.height + 1)));
    window.column =
        static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(layout.width - window.width + 1)));
    return window;
}

std::vector<float> two_peaks(Norm norm, std::int64_t height, std::int64_t width, bool upright) {
    const int power = norm == Norm::l1 ? 4 : 2;
    const bool split_rows = height >= 2 && (upright || width < 2);
    const std::int64_t length_of_split = split_rows ? height : width;
    const std::int64_t first = length_of_split / 2;
    std::vector<float> values(static_cast<std::size_t>(height * width));
    std::vector<float> halves[2];
    for (std::int64_t r = 0; r < height; ++r)
        for (std::int64_t c = 0; c < width; ++c) {
            const std::int64_t along = split_rows ? r : c;
            const bool second = along >= first;
            const std::int64_t part = second ? length_of_split - first : first;
            const std::int64_t row = split_rows && second ? r - first : r;
            const std::int64_t column = !split_rows && second ? c - first : c;
            const double peak = peak_height(split_rows ? part : height, split_rows ? width : part, row, column, power);
            values[static_cast<std::size_t>(r * width + c)] = static_cast<float>(second ? -peak : peak);
            halves[second ? 1 : 0].push_back(static_cast<float>(peak));
        }
    // Both peaks weigh the same before they are joined.
    const double weights[2] = {length(norm, halves[0]), length(norm, halves[1])};
    for (float& value : values) value = static_cast<float>(value / std::max(1e-30, weights[value < 0 ? 1 : 0]));
    scale_to_unit(norm, values);
    return values;
}

}  // namespace bartizan::attacks::evasion
