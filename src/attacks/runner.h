#pragma once
/// Runs an attack over a whole data set: shards it over cores (one intra-op thread each: for small models about
/// twice the speed of intra-op threading), leaves out what is misclassified already, keeps the numbers.
/// Samples are cut into chunks whose size does not depend on the number of threads, so neither do the results.

#include <cstdint>
#include <optional>
#include <vector>

#include "attacks/attack.h"
#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "data/dataset.h"

namespace bartizan::attacks {

struct RunResult {
    std::int64_t samples = 0;          ///< finished; fewer than asked if stopped early
    std::int64_t clean_correct = 0;
    std::int64_t robust_correct = 0;   ///< correct, and no adversarial example found
    double max_perturbation = 0;       ///< over successful rows, in the threat model's norm
    double mean_perturbation = 0;
    double median_perturbation = 0;
    double queries_mean = 0;           ///< per attacked sample
    double gradients_mean = 0;
    double seconds = 0;
    bool complete = true;
    NdArray adversarial;               ///< float32 [samples, item shape]; clean rows where the attack failed
    std::vector<std::uint8_t> success;           ///< per sample: fooled by the attack
    std::vector<std::uint8_t> clean_ok;          ///< per sample: correct before
    std::vector<std::int64_t> labels, predicted_clean, predicted_adversarial, ids;
    std::vector<double> perturbation;            ///< per sample, in the norm; 0 where not fooled
    std::vector<std::int64_t> queries;           ///< per sample

    double clean_accuracy() const;
    double robust_accuracy() const;
    /// Share of the attacked (first correct) samples that were fooled.
    double success_rate() const;
};

struct RunOptions {
    std::int64_t chunk = 32;  ///< samples handed to one thread at a time, at most; fewer when few are left
};

/// Attacks every row of `batch`. Stops early, with what was finished, when `ctx` says so.
Result<RunResult> run(const model::Classifier& model, const Attack& attack, const ThreatModel& threat,
                      const data::Batch& batch, RunContext& ctx, const RunOptions& options = {});

}  // namespace bartizan::attacks
