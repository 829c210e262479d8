#pragma once
/// What a patch that calls a class costs, for all classes at once: Neural Cleanse (trigger.h) with a fixed weight of the
/// mask's size, a few large steps and a handful of items. The loss that is reached compares classes and models as well as
/// the smallest patch does, in a tenth of the time; the patch itself is worth showing only after more steps, which
/// trigger.h takes for one class.
/// Thread rule: free functions; chunks of classes are spread over `ctx.threads()`. Same seed, same numbers.

#include <cstdint>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "data/dataset.h"
#include "defences/trigger.h"
#include "model/classifier.h"

namespace bartizan::defences {

struct SketchOptions {
    int steps = 40;
    std::int64_t rows = 16;       ///< clean items that the patch of a class is sought on, at most
    std::int64_t samples = 128;   ///< items that its success is measured on, at most
    double cost = 24;             ///< of a mask over the whole item, in nats
    double rate = 0.4;            ///< of Adam
};

/// One for each class, in their order. `size` is the loss in pixels: of the mask, and for each nat of cross-entropy that
/// is left as many as a nat may cost. So a class that no patch reaches is large, not small. `found`: it sends 95 % of
/// the items there. Fails as `reverse_triggers` does.
Result<std::vector<ReversedTrigger>> sketch_triggers(const model::Classifier& classifier, const data::Batch& clean,
                                                     const SketchOptions& options, RunContext& ctx);

}  // namespace bartizan::defences
