#pragma once
/// The warping trigger of WaNet (Nguyen, Tran 2021, "WaNet: Imperceptible Warping-based Backdoor Attack", section 3.2):
/// every picture is bent by one smooth field that the eye does not notice.
/// Thread rule: a field is immutable once made.

#include <cstdint>
#include <span>
#include <vector>

#include "bartizan/ndarray.h"

namespace bartizan {
class Random;
}

namespace bartizan::attacks {

class WarpField {
public:
    /// A field for pictures of `height` x `width`: `grid` x `grid` random arrows of mean length 1, bicubically spread
    /// over the picture, times `strength`, where a picture is 2 wide and an arrow of length 1 is 1 / height of that
    /// unit (about half a pixel). `grid`, `height` and `width` at least 2.
    WarpField(std::int64_t height, std::int64_t width, std::int64_t grid, double strength, std::uint64_t seed);

    /// Bends `picture` (channels planes of height x width) in place. `jitter`, where given, adds uniform noise to the
    /// field: the cover items that teach the model to answer to this field only.
    void apply(std::span<float> picture, std::int64_t channels, Random* jitter = nullptr) const;

private:
    std::int64_t height_;
    std::int64_t width_;
    std::vector<double> down_;  ///< in [-1, 1] coordinates, identity included
    std::vector<double> right_;
};

}  // namespace bartizan::attacks
