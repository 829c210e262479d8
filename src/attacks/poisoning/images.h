#pragma once
/// Poisoned picture sets for drills and tests, with the ground truth: BadNets (Gu et al. 2017), blend (Chen et al.
/// 2017), the clean-label signal SIG (Barni et al. 2019), TaCT (Tang et al. 2021) and WaNet (Nguyen, Tran 2021). The
/// trigger is a function, so that its success can be measured. Thread rule: pure functions.

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
    tact,     ///< the patch of badnets; only items of one source class become the target, covers keep their labels
    wanet,    ///< a smooth warp; label becomes the target; covers are warped otherwise and keep their labels
    corners,  ///< the patch in all four corners (Turner et al. 2019); of items of the target class, labels stay
};

struct PoisonOptions {
    double rate = 0.05;          ///< of all items; of the target class for `sig`; in (0, 1]
    std::int64_t target = 0;     ///< the class that the trigger shall call
    double blend = 0.2;          ///< a, in (0, 1]
    double signal = 60.0 / 255;  ///< D, in (0, 1]
    std::uint64_t seed = 0;      ///< which items, the noise of `blend`, the field of `wanet`
    std::int64_t source = 1;     ///< `tact`: the class whose items the trigger shall turn; not the target
    double covers = 1;           ///< `tact`, `wanet`: cover items for each poisoned one, in [0, 10]
    std::int64_t grid = 4;       ///< `wanet`: arrows along a side of the field, in [2, 64]
    double strength = 1;         ///< `wanet`: s of the paper, in (0, 10]
};

struct PoisonedImages {
    NdArray x;
    std::vector<std::int64_t> y;
    std::vector<std::int64_t> rows;    ///< the ground truth: which items are poison, ascending
    std::vector<std::int64_t> covers;  ///< changed items with their true labels, ascending; `tact` and `wanet` only
};

/// `x` float32 [n, channels, height, width] in [0, 1] with the trigger on every item.
Result<NdArray> with_trigger(const NdArray& x, Trigger trigger, const PoisonOptions& options);

/// The set with round(rate x items) of its eligible items poisoned (at least one). The same seed gives the same set.
/// Fails with `invalid_input` on other shapes, labels that do not fit, options out of range, pictures under 4 x 4, or
/// fewer eligible items than the rate or the covers ask for.
Result<PoisonedImages> poison_images(const NdArray& x, std::span<const std::int64_t> y, Trigger trigger,
                                     const PoisonOptions& options);

}  // namespace bartizan::attacks
