#pragma once
/// Removes a trojan from a finished model with a few hundred clean items. No method is safe on every model, so all are
/// tried from the same weights. Of those that cost no more accuracy than allowed the one is kept after which a trigger
/// works least; where several leave a tenth of the items or less, the most accurate of these.
/// Thread rule: changes the weights of `model`; alone. Same seed, same weights.

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "data/dataset.h"
#include "defences/trigger.h"
#include "model/classifier.h"

namespace bartizan::training {

enum class RepairMethod : std::uint8_t {
    fine_pruning,  ///< inputs of the last layer that sleep on clean items cut off, then tuned (Liu et al. 2018)
    anp,           ///< channels that are sensitive to a push on their weights cut off (Wu, Wang 2021)
    i_bau,         ///< trained against one change for all items (Zeng et al. 2022), first-order: no implicit gradient
    ft_sam,        ///< tuned towards flat minima, away from heavy weights (Zhu et al. 2023)
    unlearning,    ///< the reversed trigger on clean items with their true labels (Wang et al. 2019, section VI-C)
    /// that, and the strongest change for all items that leads to the target, sought anew every few steps: whatever
    /// else the class answers to, an inverted trigger being only nearly the attacker's
    unlearning_change,
    unlearning_warp,  ///< that, and the strongest warp to the target; pictures of which a warp turns half
};
std::string_view to_string(RepairMethod method);

struct RepairOptions {
    double allowed_loss = 0.03;  ///< of accuracy, as a fraction of all items
    int steps = 200;             ///< descent steps of each method
    std::int64_t batch = 64;
    double rate = 0.01;
    data::InputContract contract = {};  ///< what the classifier puts before the model
};

/// What one state of the model is worth on held-out items.
struct RepairWorth {
    std::int64_t samples = 0, correct = 0;
    std::int64_t tried = 0;         ///< items of other classes than the target
    std::int64_t fooled = 0;        ///< of these by the given trigger
    std::int64_t fooled_again = 0;  ///< of these by a trigger reversed anew, no larger than the given one
    std::int64_t moved = 0;         ///< of these by one change for all items (defences/universal.h)
    std::int64_t warped = 0;        ///< of these by one warp of all items (defences/warp.h); 0 where they are no pictures

    double accuracy() const { return samples == 0 ? 0 : static_cast<double>(correct) / static_cast<double>(samples); }
    /// Items that the best of these sends to the target. A change or a warp counts only if it sent half of the items
    /// there `before` the repair: one that did not is no trigger, and clean models too answer to it a little.
    std::int64_t turned(const RepairWorth& before) const;
    double success(const RepairWorth& before) const;
};

struct RepairCandidate {
    RepairMethod method = RepairMethod::unlearning;
    RepairWorth worth;
    bool allowed = false;  ///< it costs no more accuracy than allowed
};

struct RepairOutcome {
    RepairWorth before;
    std::vector<RepairCandidate> candidates;
    std::optional<std::size_t> chosen;  ///< whose weights the model holds; nothing: none was better, as before
};

/// `clean` to learn from, `held_out` to judge by: labelled rows in [0, 1]. `classifier` wraps `model`. Fails with
/// `invalid_input` on too few rows, `unsupported` without weights that can be trained, `cancelled` (the model then is
/// as it was).
Result<RepairOutcome> repair(model::Model& model, const model::Classifier& classifier, const data::Batch& clean,
                             const data::Batch& held_out, const defences::ReversedTrigger& trigger,
                             const RepairOptions& options, RunContext& ctx);

}  // namespace bartizan::training
