#pragma once
/// Training pictures changed in ways that do not change what they show: shifted by some pixels, mirrored.
/// Thread rule: free functions over values.

#include <cstdint>
#include <span>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"

namespace bartizan::training {

struct Augmentation {
    int crop = 0;       ///< pixels of black border; from picture and border a piece as large as the picture is cut
    bool flip = false;  ///< left and right change places in every other picture

    bool any() const { return crop > 0 || flip; }
};

/// Which axes of an item are rows and columns: [H,W], [C,H,W] or [H,W,C] with 1, 3 or 4 channels.
struct PictureAxes {
    std::int64_t planes = 1;  ///< pictures before the rows
    std::int64_t rows = 0, columns = 0;
    std::int64_t inner = 1;  ///< numbers of one pixel that lie side by side
};

/// Fails with `invalid_input` on items that are no pictures, or a border of a whole picture's width.
Result<PictureAxes> picture_axes(const Shape& item_shape, const Augmentation& augmentation);

/// Changes each picture of `x`, float32 [n, item shape], in place; the same seed, epoch and id give the same change.
void augment(NdArray& x, std::span<const std::int64_t> ids, const PictureAxes& axes, const Augmentation& augmentation,
             std::uint64_t seed, int epoch);

}  // namespace bartizan::training
