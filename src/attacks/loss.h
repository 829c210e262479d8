#pragma once
/// What an attack climbs on: losses of one row of logits, with their slope, in closed form. No autograd is spent on
/// them, and the cross-entropy of a saturated softmax keeps a slope where float32 would round it to zero.
/// Every loss is larger the better it is for the attacker.
/// Thread rule: pure functions.

#include <cstdint>

#include "attacks/geometry.h"

namespace bartizan::attacks {

enum class Loss {
    cross_entropy,           ///< -log p(label)
    targeted_cross_entropy,  ///< log p(target)
    margin,                  ///< best other logit - logit of the label
    targeted_margin,         ///< logit of the target - logit of the label
    dlr,                     ///< difference of logits ratio (Croce & Hein 2020, equation 6)
    targeted_dlr,            ///< its targeted form (equation 7)
};

/// What is wanted of one row: away from `label`, in the targeted losses towards `target`.
struct Aim {
    std::int64_t label = 0;
    std::int64_t target = 0;
};

/// The loss that takes the place of `loss` where there are too few classes for it: the ratios need four.
Loss loss_for(Loss loss, std::int64_t classes);

/// The loss of `logits`; `slope` gets its derivative by the logits. Slopes of the cross-entropies are scaled to a
/// largest entry of 1: attacks use their direction alone.
double loss_with_slope(Loss loss, ConstRow logits, Aim aim, Row slope);

/// The first class with the largest logit; a NaN counts as largest.
std::int64_t predicted(ConstRow logits);

/// logit of `label` - best other logit: negative when the row is misclassified.
double margin_of(ConstRow logits, std::int64_t label);

/// The class in place `rank` when sorted by falling logit, without `label`; rank 0 is the most likely wrong class.
std::int64_t wrong_class(ConstRow logits, std::int64_t label, std::int64_t rank);

}  // namespace bartizan::attacks
