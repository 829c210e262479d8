#pragma once
/// Every data-poisoning attack of the catalogue behind one call: the poisoned set, its ground truth, and its trigger as
/// a function, whatever the layout of the pictures.
/// Thread rule: pure functions; the trigger may be called from several threads.

#include <cstdint>
#include <functional>
#include <optional>

#include "attacks/poisoning/images.h"
#include "attacks/poisoning/surrogate.h"
#include "bartizan/params.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "catalog/poisons.h"
#include "core/json.h"
#include "data/dataset.h"

namespace bartizan::attacks {

struct PoisonJob {
    const catalog::PoisonSpec* spec = nullptr;
    Params params;
    double rate = 0.05;
    std::int64_t target = 0;
    std::uint64_t seed = 0;
    const Surrogate* surrogate = nullptr;  ///< for attacks that need a model; label-flip uses it to be greedy
    const data::Batch* victims = nullptr;  ///< where the item to be misread comes from
    const RunContext* context = nullptr;   ///< of attacks that need a model: threads, when to stop
};

/// Items that the trigger should turn, with it: every item that is not of the target class (of the source class where
/// there is one). `y` is the target throughout, so that accuracy on the set is the attack's success.
struct TriggeredSet {
    NdArray x;
    std::vector<std::int64_t> y;
    std::vector<std::int64_t> y_true;
};

struct Poisoning {
    PoisonedImages set;                  ///< x in the layout that the data came in
    Json trigger;                        ///< what it is, in words and numbers
    std::optional<std::int64_t> source;  ///< only items of this class are turned
    /// `x` of the same layout with the trigger on every item; empty where there is none.
    std::function<Result<NdArray>(const NdArray& x)> stamp;
    /// The one item that shall be misread, of attacks without a trigger that are for one item.
    std::optional<TriggeredSet> victim;
};

/// Poisons `batch`, all of it in memory. The same seed gives the same set. Fails with `invalid_input` when the data is
/// not of the attack's kind, pictures leave [0, 1], a class is not in the data, too few items are eligible, or the
/// attack needs a model and has none; as the surrogate does where it has no gradients or features.
Result<Poisoning> poison(const data::Batch& batch, const PoisonJob& job);

/// The items of `batch` that the trigger should turn, with it. Leaves out the rows in `without` (ascending). Fails with
/// `invalid_input` when nothing is left.
Result<TriggeredSet> triggered_set(const data::Batch& batch, const Poisoning& poisoning, std::int64_t target,
                                   std::span<const std::int64_t> without = {});

}  // namespace bartizan::attacks
