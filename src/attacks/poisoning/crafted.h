#pragma once
/// Poison whose items keep their true labels and are bent with the help of a surrogate model: label-consistent (Turner,
/// Tsipras, Madry 2019), feature collision (Shafahi et al. 2018) and gradient matching (Geiping et al. 2021).
/// Internal to `attacks/poisoning`: callers use poison.h, which has checked classes and the kind of data.
/// Thread rule: free functions; chunks of items are worked on at once, each on a thread of its own.

#include <cstdint>
#include <vector>

#include "attacks/poisoning/poison.h"

namespace bartizan::attacks {

/// Items of the target class are made hard to learn by projected gradient ascent, so that the corner patch is what a
/// model learns of them. Section 4 of the paper, with adversarial perturbations in linf.
Result<Poisoning> poison_label_consistent(const data::Batch& batch, const PoisonJob& job);

/// Items of the target class that lie where the victim lies in feature space and look as before: the forward-backward
/// splitting of algorithm 1, with a step of its own for each item that shrinks until the objective falls. The
/// objective, in units of the way from the base b to the victim t, is
///     |phi(x) - phi(t)|^2 / |phi(b) - phi(t)|^2 + beta |x - b|^2 / |b - t|^2.
/// Bases are those of the target class that are nearest in feature space.
Result<Poisoning> poison_feature_collision(const data::Batch& batch, const PoisonJob& job);

/// Items of the target class within an linf ball whose training gradient points where the gradient that would turn the
/// victim points (algorithm 1: cosine, signed Adam, restarts, a lower rate at 3/8, 5/8 and 7/8 of the way). Chunks of
/// `kMatchedTogether` items are matched by themselves. No augmentation is modelled. Needs second derivatives of the
/// surrogate by weights and inputs.
Result<Poisoning> poison_gradient_matching(const data::Batch& batch, const PoisonJob& job);
inline constexpr std::int64_t kMatchedTogether = 256;

/// The item of `job.victims` that `item` names, as a set of its own whose label is the target: accuracy on it is the
/// attack's success. Fails with `invalid_input` where there is none, it is of the target class, of another shape than
/// `batch` or outside [0, 1].
Result<TriggeredSet> victim_of(const data::Batch& batch, const PoisonJob& job);

/// Round(rate x items) rows of the target class by chance, ascending, at least one. Fails with `invalid_input` when
/// there are not so many.
Result<std::vector<std::int64_t>> rows_of_target(const data::Batch& batch, const PoisonJob& job);

}  // namespace bartizan::attacks
