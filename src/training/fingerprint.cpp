#include "training/fingerprint.h"

#include <algorithm>
#include <span>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "crypto/hash.h"
#include "graph/graph.h"

namespace bartizan::training {
namespace fingerprint {
namespace {

constexpr std::int64_t kRows = 256;

void add(crypto::Sha256& hash, std::string_view text) {
    hash.update(std::as_bytes(std::span(text)));
    hash.update(std::as_bytes(std::span("\n", 1)));
}

std::string text_of(const Options& o, std::uint64_t seed) {
    const Objective& objective = o.objective;
    const Adversary& adversary = objective.adversary;
    return fmt::format("{} {} {} {} {} {} {} | {} {} {} {} {} {} {} {} | {} {} {} {} {} {} | {}", o.epochs,
                       o.batch_size, o.learning_rate, o.momentum, o.weight_decay, static_cast<int>(o.schedule),
                       o.validation_share, static_cast<int>(objective.method), adversary.eps, adversary.steps,
                       adversary.step, objective.weight, objective.sigma, objective.clean_weight, objective.replays,
                       o.weight_perturbation, o.averaging, o.last_layer_only, o.augmentation.crop, o.augmentation.flip,
                       o.patience, seed);
}

}  // namespace
}  // namespace fingerprint

Result<std::string> fingerprint_of(const model::Model& model, const data::Dataset& dataset, const Options& options,
                                   std::uint64_t seed) {
    if (model.graph() == nullptr) return unsupported("a model without a graph has no checkpoints");
    crypto::Sha256 hash;
    fingerprint::add(hash, BARTIZAN_TRY(graph::serialize_onnx(*model.graph())));
    fingerprint::add(hash, fingerprint::text_of(options, seed));
    hash.update(options.soft_targets.bytes());
    const data::Info& info = dataset.info();
    fingerprint::add(hash, fmt::format("{} {}", info.items, to_string(info.item_shape)));
    hash.update(std::as_bytes(dataset.labels()));
    std::vector<std::int64_t> rows;
    for (std::int64_t i = 0; i < std::min(fingerprint::kRows, info.items); ++i)
        rows.push_back(i * info.items / std::min(fingerprint::kRows, info.items));
    if (!rows.empty()) hash.update(BARTIZAN_TRY(dataset.read(rows)).x.bytes());
    return crypto::to_hex(hash.finish());
}

}  // namespace bartizan::training
