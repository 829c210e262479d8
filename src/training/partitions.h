#pragma once
/// Deep partition aggregation (Levine, Feizi 2021): the training set is parted by a hash of each item's content, one
/// network learns from each part alone, and the networks vote. Whoever puts an item in, takes one out or turns its
/// label touches one part, so the vote certifies each answer (vote.h).
///
/// What that promise rests on, and how it is kept here: an item's part depends on its values alone, not on its label
/// (so that a turned label counts once), its place or the other items; a network depends on the multiset of its part's
/// items alone: they are put in the order of their hashes, the seed is the part's number, and a part that cannot be
/// trained on (fewer than two items, divergence) gives a fresh network instead of an error; the number of classes is
/// the network's, not the data's. Training is deterministic on one machine (floating point sums are in a fixed order).
/// Thread rule: free functions; parts are trained at once, each on a thread of its own.

#include <cstdint>
#include <span>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "data/dataset.h"
#include "data/input_contract.h"
#include "graph/graph.h"
#include "training/trainer.h"

namespace bartizan::training {

/// The rows of each part, in an order that does not depend on how the set was ordered. `x` float32 [n, item], `parts`
/// at least 1. SHA-256 of the item's bytes modulo `parts`.
std::vector<std::vector<std::int64_t>> partition_rows(const NdArray& x, std::span<const std::int64_t> y,
                                                      std::int64_t parts);

struct PartitionOptions {
    std::int64_t parts = 50;
    Options training = {};  ///< of each network; nothing is held out of its part
};

/// What every network begins as.
struct Network {
    graph::Graph graph;            ///< only its shape counts: its weights are begun anew
    data::InputContract contract;  ///< what goes before it
    std::int64_t classes = 0;
};

struct Part {
    graph::Graph graph;      ///< the network with its weights
    std::int64_t items = 0;  ///< of its part
    bool trained = false;    ///< false: a fresh network, as the part could not be trained on
};

/// The network of part `number`, learnt from `part` (in the order of `partition_rows`). Fails with `unsupported` on a
/// graph that cannot be trained, `cancelled`.
Result<Part> train_part(const Network& network, const data::Batch& part, std::int64_t number, const Options& training,
                        std::uint64_t seed);

/// All of them. Fails with `invalid_input` on a label that the network has no class for, too.
Result<std::vector<Part>> train_partitions(const Network& network, const data::Batch& pool,
                                           const PartitionOptions& options, RunContext& ctx);

}  // namespace bartizan::training
