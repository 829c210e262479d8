#pragma once
/// Trains a classifier in place: stochastic gradient descent with Nesterov momentum, on clean inputs or on the
/// worst inputs that projected gradient descent finds (Madry et al. 2018).
/// Same seed, same data: same weights, whatever the number of threads, and however often it was stopped and resumed.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "data/dataset.h"
#include "model/classifier.h"
#include "training/augmentation.h"
#include "training/schedule.h"

namespace bartizan::training {

/// The linf attacker that adversarial training trains against.
struct Adversary {
    double eps = 8.0 / 255;
    int steps = 7;
    double step = 0;  ///< length of a step; 0: 2.5 * eps / steps
};

/// How the loss is made. Which is which: src/catalog/hardening.cpp.
enum class Method : std::uint8_t {
    plain,     ///< cross-entropy on clean inputs
    pgd,       ///< on the worst inputs that projected gradient descent finds (Madry et al. 2018)
    trades,    ///< clean cross-entropy plus the divergence of nearby answers (Zhang et al. 2019)
    mart,      ///< boosted cross-entropy, weighted by doubt (Wang et al. 2020)
    fast,      ///< one step from a random start (Wong et al. 2020), with a guard against its collapse
    free,      ///< each batch several times; one gradient moves weights and inputs (Shafahi et al. 2019)
    gaussian,  ///< on noisy inputs, for smoothing certificates (Cohen et al. 2019)
};

struct Objective {
    Method method = Method::plain;
    Adversary adversary;
    double weight = 6;    ///< beta of TRADES, lambda of MART
    double sigma = 0.25;  ///< deviation of the noise, in data units
    /// Share of the clean loss in `pgd`, `fast` and `free` (Goodfellow et al. 2015, section 6); 0: the worst inputs
    /// alone.
    double clean_weight = 0;
    int replays = 4;  ///< of each batch by `free`

    bool adversarial() const { return method != Method::plain && method != Method::gaussian; }
};

/// Where `train` notes how far it has come, after each epoch.
struct Resumption {
    std::filesystem::path file;  ///< empty: nowhere
    bool resume = false;         ///< goes on from the file, if there is one
};

struct Options {
    int epochs = 5;
    std::int64_t batch_size = 128;
    double learning_rate = 0.05;  ///< peak
    Schedule schedule = Schedule::one_cycle;
    double momentum = 0.9;
    double weight_decay = 5e-4;
    Objective objective;
    /// Float32 [rows of the data set, classes]: what `plain` is to answer in place of the label (distillation); rows
    /// are found by their ids. Empty: the labels.
    NdArray soft_targets;
    double weight_perturbation = 0;  ///< gamma of adversarial weight perturbation (Wu et al. 2020); 0: none
    double averaging = 0;            ///< decay of the running average of weights that is kept; 0: none
    bool last_layer_only = false;    ///< the extractor before the last linear layer stays as it is (transfer learning)
    double validation_share =
        0.02;                   ///< of the rows, held out; at most 1000 of them; 0: none, and the last epoch is kept
    Augmentation augmentation;  ///< of training rows; those held out stay as they are
    int patience = 0;           ///< epochs without a better one after which training ends; 0: all epochs
    Resumption resumption;
};

struct Epoch {
    int number = 0;  ///< from 1
    double loss = 0;
    double validation_accuracy = 0;
    std::optional<double> validation_robust_accuracy;  ///< under the adversary's attack
    double seconds = 0;
};

struct Outcome {
    std::vector<Epoch> epochs;
    int best_epoch = 0;    ///< whose weights the model holds: best on held-out rows (robust ones, if adversarial)
    int collapsed_at = 0;  ///< `fast`: the epoch whose robustness was only apparent; PGD went on from the best; 0: none
    bool stopped_early = false;  ///< by `patience`
    int resumed_after = 0;       ///< the epoch that a checkpoint held; 0: begun at the beginning
    bool cancelled = false;      ///< asked to stop before the last epoch
};

/// Trains `model`, seen through `classifier` (which wraps that same model).
/// Fails with `unsupported` (`last_layer_only` without such a layer, or under batch normalisation, which would learn
/// its statistics), `invalid_input` (no labels, a label outside the classes, fewer than two rows, divergence),
/// `cancelled` before the first epoch is over; later it stops with the best weights so far. A checkpoint that is of
/// another training is refused with `conflict`; one that is not needed any more is for the caller to remove.
Result<Outcome> train(model::Model& model, const model::Classifier& classifier, const data::Dataset& dataset,
                      const Options& options, RunContext& ctx);

}  // namespace bartizan::training
