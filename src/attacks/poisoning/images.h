#pragma once
/// Poisoned picture sets for drills and tests, with the ground truth: BadNets (Gu et al. 2017), blend (Chen et al.
/// 2017) and the clean-label signal SIG (Barni et al. 2019). The trigger is a function, so that its success can be
/// measured. Thread rule: pure functions.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"

namespace bartizan::attacks {

enum class Trigger {
    badnets,  ///< a 3 x 3 checkerboard one pixel from the lower right corner; label becomes the target
    blend,    ///< (1 - a) x + a K with fixed noise K; label becomes the target
    sig,      ///< plus D sin(2 pi 6 column / width), in items of the target class only; labels stay
};

struct PoisonOptions {
    double rate = 0.05;          ///< of all items; of the target class for `sig`; in (0, 1]
    std::int64_t target = 0;     ///< the class that the trigger shall call
    double blend = 0.2;          ///< a, in (0, 1]
    double signal = 60.0 / 255;  ///< D, in (0, 1]
    std::uint64_t seed = 0;      ///< which items, and the noise of `blend`
};

struct PoisonedImages {
    NdArray x;
    std::vector<std::int64_t> y;
    std::vector<std::int64_t> rows;  ///< the ground truth: which items were changed, ascending
};

/// `x` float32 [n, channels, height, width] in [0, 1] with the trigger on every item.
Result<NdArray> with_trigger(const NdArray& x, Trigger trigger, const PoisonOptions& options);

/// The set with round(rate x items) of its eligible items poisoned (at least one). The same seed gives the same set.
/// Fails with `invalid_input` on other shapes, labels that do not fit, options out of range, pictures under 4 x 4, or
/// fewer eligible items than the rate asks for.
Result<PoisonedImages> poison_images(const NdArray& x, std::span<const std::int64_t> y, Trigger trigger,
                                     const PoisonOptions& options);

}  // namespace bartizan::attacks
