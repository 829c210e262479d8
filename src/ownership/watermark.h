#pragma once
/// A watermark by trigger set (Adi et al. 2018, "Turning Your Weakness Into a Strength"): inputs that mean nothing are
/// taught with labels drawn by chance under a secret. A model that was made without the secret gives each of those labels
/// with probability 1 / classes, whatever it is: the p-value is exact.
/// Thread rule: free functions; `embed` changes the model, alone.

#include <cstdint>
#include <optional>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "data/dataset.h"
#include "model/classifier.h"
#include "ownership/proof.h"

namespace bartizan::ownership {

struct WatermarkOptions {
    std::int64_t triggers = 100;
    int epochs = 5;
    double learning_rate = 0.01;
    /// Repeatable triggers, for tests; nothing: a secret of the system's, as a proof needs.
    std::optional<std::uint64_t> seed = {};
};

/// Inputs and labels of a watermark for items like those of `sample`: smooth patterns for pictures, mixed columns for
/// the rest. Fails with `internal` when the system gives no randomness.
Result<Proof> make_triggers(const data::Batch& sample, const data::Info& info, std::int64_t classes,
                            const WatermarkOptions& options);

/// Trains `model` (seen through `classifier`) on `items` and the triggers together. Fails as `training::train` does.
Result<void> embed(model::Model& model, const model::Classifier& classifier, const data::Batch& items,
                   const data::Info& info, const Proof& triggers, const WatermarkOptions& options, RunContext& ctx);

}  // namespace bartizan::ownership
