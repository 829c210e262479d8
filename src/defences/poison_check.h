#pragma once
/// All detectors of poisoned items on one training set: the model that was trained on it, the items with the labels it
/// was trained with, and a few items that are trusted. A detector that lacks what it needs is named, with the reason.
/// Thread rule: `check_poison` uses the threads of its context.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "defences/activation_clusters.h"
#include "defences/fusion.h"
#include "defences/scan.h"
#include "data/input_contract.h"
#include "model/classifier.h"

namespace bartizan::defences {

/// The model, whole and cut (model/feature_view.h).
struct PoisonModel {
    std::shared_ptr<const model::Classifier> classifier;
    std::shared_ptr<const model::Classifier> features;  ///< null: there are none, and `no_features` says why
    std::string no_features = {};
};

struct Labelled {
    NdArray x;  ///< float32 [n, item shape]
    std::vector<std::int64_t> y;
};

struct PoisonOptions {
    double rate = 0.01;             ///< trusted items that the votes together may be wrong about
    std::int64_t blends = 20;       ///< forward passes of STRIP for each item; 0: without it
    std::int64_t most_clean = 200;  ///< trusted items of each class that are used
};

struct NotApplicable {
    std::string_view detector;  ///< "scan", "strip", "beatrix", "neighbours", "clusters"
    std::string reason;
};

struct PoisonReport {
    PoisonCheck fused;  ///< classes first, then suspects
    ScanResult scan;
    Votes votes;
    std::vector<ClassClusters> clusters;  ///< to look at, not a verdict
    std::vector<double> spectral;         ///< of each item; a ranking within its class. Empty: no features
    std::vector<double> suspicion;        ///< of each item: how many detectors speak against it, then how loudly
    std::vector<NotApplicable> not_applicable;
    std::int64_t trusted = 0;   ///< items that were used
    double scan_seconds = 0;    ///< SCAn alone, the features being there
    double feature_seconds = 0;
};

/// `trusted` may be null: then nothing can be told from chance, and the verdict is inconclusive. Fails as the model
/// does, with `invalid_input` where a label is no class of the model or shapes do not fit, `cancelled`.
Result<PoisonReport> check_poison(const PoisonModel& model, const Labelled& suspect, const Labelled* trusted,
                                  const PoisonOptions& options, const RunContext& ctx);

/// With the network cut before its last layer, where that can be. Never fails: what is missing is told.
PoisonModel poison_model(std::shared_ptr<const model::Model> model,
                         std::shared_ptr<const model::Classifier> classifier, const data::InputContract& contract);

}  // namespace bartizan::defences
