#include "training/augmentation.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "core/random.h"

namespace bartizan::training {
namespace augmentation {
namespace {

constexpr std::uint32_t kPurpose = 400'000;

bool is_channels(std::int64_t size) { return size == 1 || size == 3 || size == 4; }

/// `to` gets the picture `from` moved by (down, right), black where nothing came from; mirrored first.
void move_plane(const float* from, float* to, const PictureAxes& axes, std::int64_t down, std::int64_t right,
                bool mirrored) {
    for (std::int64_t row = 0; row < axes.rows; ++row)
        for (std::int64_t column = 0; column < axes.columns; ++column) {
            const std::int64_t y = row - down, shifted = column - right;
            const std::int64_t x = mirrored ? axes.columns - 1 - shifted : shifted;
            const bool inside = y >= 0 && y < axes.rows && shifted >= 0 && shifted < axes.columns;
            float* pixel = to + (row * axes.columns + column) * axes.inner;
            if (inside)
                std::copy_n(from + (y * axes.columns + x) * axes.inner, axes.inner, pixel);
            else
                std::fill_n(pixel, axes.inner, 0.0F);
        }
}

}  // namespace
}  // namespace augmentation

Result<PictureAxes> picture_axes(const Shape& item_shape, const Augmentation& wanted) {
    using augmentation::is_channels;
    PictureAxes axes;
    if (item_shape.size() == 2)
        axes = {1, item_shape[0], item_shape[1], 1};
    else if (item_shape.size() == 3 && is_channels(item_shape[0]))
        axes = {item_shape[0], item_shape[1], item_shape[2], 1};
    else if (item_shape.size() == 3 && is_channels(item_shape[2]))
        axes = {1, item_shape[0], item_shape[1], item_shape[2]};
    else
        return invalid_input("items of " + bartizan::to_string(item_shape) +
                                 " are no pictures: they cannot be cut or "
                                 "mirrored",
                             "leave crop and flip away");
    if (wanted.crop >= std::min(axes.rows, axes.columns))
        return invalid_input(
            fmt::format("a border of {} pixels around pictures of {} by {}", wanted.crop, axes.rows, axes.columns),
            "4 is usual for 32 by 32");
    return axes;
}

void augment(NdArray& x, std::span<const std::int64_t> ids, const PictureAxes& axes, const Augmentation& wanted,
             std::uint64_t seed, int epoch) {
    const auto values = x.mutable_values<float>();
    const auto plane = static_cast<std::size_t>(axes.rows * axes.columns * axes.inner);
    const std::size_t item = plane * static_cast<std::size_t>(axes.planes);
    std::vector<float> original(plane);
    const auto places = static_cast<std::uint64_t>(2 * wanted.crop + 1);
    for (std::size_t i = 0; i < ids.size(); ++i) {
        Random random(seed, static_cast<std::uint64_t>(ids[i]),
                      augmentation::kPurpose + static_cast<std::uint32_t>(epoch));
        const auto down = static_cast<std::int64_t>(random.below(places)) - wanted.crop;
        const auto right = static_cast<std::int64_t>(random.below(places)) - wanted.crop;
        const bool mirrored = wanted.flip && random.below(2) == 1;
        if (down == 0 && right == 0 && !mirrored) continue;
        for (std::int64_t p = 0; p < axes.planes; ++p) {
            float* picture = values.data() + i * item + static_cast<std::size_t>(p) * plane;
            std::copy_n(picture, plane, original.data());
            augmentation::move_plane(original.data(), picture, axes, down, right, mirrored);
        }
    }
}

}  // namespace bartizan::training
