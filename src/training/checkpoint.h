#pragma once
/// Where a training stood at the end of an epoch, as a file: what a run that was stopped half-way goes on from, to the
/// same weights as if nothing had happened. A file from outside: checked, and never larger in memory than on disk.
/// Thread rule: plain values.

#include <filesystem>
#include <map>
#include <string>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "training/trainer.h"

namespace bartizan::training {

struct Checkpoint {
    std::string fingerprint;  ///< of model, data and options: only the very same training goes on
    Outcome outcome;          ///< so far
    double best = -1;         ///< score of the best epoch
    double steps_done = 0;    ///< of the running average
    int waited = 0;           ///< epochs since the best one
    /// Tensors by kind and number: "state.0" (weights and running statistics), "velocity.0", "average.0", "kept.0",
    /// "carried" (changes of `free` training). All float32 or float64.
    std::map<std::string, NdArray> arrays;
};

/// Atomically, as .npz. Fails as `formats::write_npz` does.
Result<void> save_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);
/// Fails with `not_found`, `invalid_input` (no checkpoint, a broken one), `exhausted`.
Result<Checkpoint> load_checkpoint(const std::filesystem::path& path);

}  // namespace bartizan::training
