#pragma once
/// Trains a classifier with differential privacy (DP-SGD, Abadi et al. 2016, arXiv:1607.00133): each step takes a
/// Poisson sample of the rows, clips each row's gradient, adds Gaussian noise to their sum. What that promises: whoever
/// sees the weights, whatever else they know, can tell whether a row was in the data only as well as epsilon allows.
/// The noise and the samples come from the operating system's generator, so no two runs are alike, unless a seed is
/// given: then the promise holds only towards those who do not know the seed.

#include <cstdint>
#include <optional>
#include <vector>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "data/dataset.h"
#include "model/classifier.h"
#include "privacy/prv_accountant.h"

namespace bartizan::training {

struct PrivateOptions {
    int epochs = 10;
    std::int64_t batch_size = 512;  ///< rows of a step on average
    double learning_rate = 0.5;     ///< held for two thirds of the steps, then down to zero
    double momentum = 0.9;
    double clip = 1;     ///< longest gradient of a row
    double epsilon = 8;  ///< promised; the noise follows from it, unless `noise` is given
    double delta = 1e-5;
    double noise = 0;  ///< deviation over `clip`; 0: from `epsilon`
    std::optional<std::uint64_t> seed;
};

struct PrivateEpoch {
    int number = 0;      ///< from 1
    double loss = 0;     ///< mean over the rows drawn
    double clipped = 0;  ///< share of the rows drawn whose gradient was longer than the bound
    double epsilon = 0;  ///< spent so far, upper bound
    double seconds = 0;
};

struct PrivateOutcome {
    std::vector<PrivateEpoch> epochs;
    privacy::SampledGaussian mechanism;  ///< what was done: its steps are those that were made
    privacy::PrivacyLossBound spent;     ///< epsilon at `delta`, numerically
    privacy::RenyiBound renyi;           ///< and by Renyi's bound
    std::int64_t rows = 0;
};

/// Trains `model`, seen through `classifier` (which wraps that same model), on all rows of `dataset`; the weights it
/// starts from must not depend on them. Fails with `unsupported` where the gradients of single rows cannot be told
/// apart (batch normalisation, recurrent layers, shared weights), `invalid_input` (labels, delta not below 1 / rows, an
/// epsilon out of reach, divergence), `cancelled` before the first epoch is over; later it stops, and accounts for the
/// steps made.
Result<PrivateOutcome> train_privately(model::Model& model, const model::Classifier& classifier,
                                       const data::Dataset& dataset, const PrivateOptions& options, RunContext& ctx);

}  // namespace bartizan::training
