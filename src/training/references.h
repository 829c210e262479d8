#pragma once
/// Reference models: the same network as a given one, begun anew and trained on random halves of the data. What they
/// say of an item with and without it in their half is what membership inference measures a model against. Training
/// them from the graph of the model file itself needs no script of the model's makers. Thread rule: free functions;
/// several references are trained at once, each on a thread of its own.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "data/dataset.h"
#include "data/input_contract.h"
#include "model/classifier.h"
#include "model/model.h"
#include "training/trainer.h"

namespace bartizan::training {

/// Gives every trainable weight a fresh start: normal of variance 1 / (3 fan-in), as the field's libraries do, for
/// those of linear and convolution nodes, 0 for biases, 1 for scales; running statistics 0 and 1. Fails with
/// `unsupported` on a model without a graph, or without weights that can be trained (quantised ones, say).
Result<void> begin_anew(model::Model& model, std::uint64_t seed);

/// A trained model of its own.
struct FreshModel {
    std::shared_ptr<model::Model> model;
    std::unique_ptr<model::Classifier> classifier;  ///< wraps it
    double validation_accuracy = 0;                 ///< on the rows that training held out; 0 without any
};

/// The model at `path`, begun anew with `seed` and trained on all of `dataset`, in an order that `ctx` chooses. Fails
/// as `begin_anew` and `train` do.
Result<FreshModel> fresh_model(const std::filesystem::path& path, const data::InputContract& contract,
                               const data::Dataset& dataset, const Options& options, std::uint64_t seed,
                               RunContext& ctx);

struct ReferenceOptions {
    int models = 16;
    double share = 0.5;  ///< of the items, in each reference's half
    Options training = {};
};

struct Reference {
    std::vector<std::uint8_t> in;  ///< of each item of the pool
    NdArray logits;                ///< [items, classes], of every item of the pool
    double accuracy_in = 0, accuracy_out = 0;
};

/// Trains `options.models` references of the model at `path` on `pool`. Same seed: same references, whatever the number
/// of threads. Fails as `train` does, `cancelled` when stopped before the last is done.
Result<std::vector<Reference>> train_references(const std::filesystem::path& path, const data::InputContract& contract,
                                                const data::Batch& pool, const data::Info& info,
                                                const ReferenceOptions& options, RunContext& ctx);

}  // namespace bartizan::training
