#pragma once
/// A fingerprint needs no change of the model (IPGuard, Cao et al. 2021): inputs just across its decision boundary, with
/// its answers there. Copies have much the same boundary, independent models do not; how much of it they share by chance is
/// measured on independent models, as the match rate alone says nothing.
/// Thread rule: free functions; they work on `ctx.threads()` threads.

#include <cstdint>
#include <filesystem>
#include <functional>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "data/dataset.h"
#include "data/input_contract.h"
#include "model/classifier.h"
#include "ownership/proof.h"

namespace bartizan::ownership {

struct FingerprintOptions {
    std::int64_t points = 100;
    double eps = 0.1;        ///< linf: the boundary is looked for this near to an item
    double beyond = 0.25;    ///< of the way from the boundary to the example: how far across the points lie
};

/// Points from the items of `items`, in order. Fails with `unsupported` when the model gives no gradient, `invalid_input`
/// when fewer than 10 items have a boundary within eps.
Result<Proof> make_fingerprint(const model::Classifier& classifier, const data::Batch& items,
                               const FingerprintOptions& options, RunContext& ctx);

/// A classifier that has nothing to do with the model: the network of the file begun anew and trained on a random half
/// of `pool`. `number` tells them apart.
struct Independent {
    std::shared_ptr<model::Model> model;
    std::unique_ptr<model::Classifier> classifier;
};
Result<Independent> train_independent(const std::filesystem::path& path, const data::InputContract& contract,
                                      const data::Batch& pool, const data::Info& info, int epochs, std::uint64_t number,
                                      RunContext& ctx);

}  // namespace bartizan::ownership
