#include "training/partitions.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <tuple>
#include <utility>

#include <ATen/core/Tensor.h>
#include <fmt/format.h>

#include "crypto/hash.h"
#include "data/sources.h"
#include "model/classifier.h"
#include "model/kernel.h"
#include "model/model.h"
#include "model/shards.h"
#include "model/tensors.h"
#include "training/references.h"

namespace bartizan::training {
namespace partitions {
namespace {

constexpr std::uint64_t kSeedStep = 1'000'003;  // keeps the seeds of two parts apart

/// The digest's first eight bytes modulo `parts`: for any number of parts that anyone trains, even enough.
std::size_t part_of(const crypto::Sha256Digest& digest, std::int64_t parts) {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < 8; ++i) number = number << 8U | digest[i];
    return static_cast<std::size_t>(number % static_cast<std::uint64_t>(parts));
}

Result<data::Batch> rows_of(const data::Batch& pool, std::span<const std::int64_t> rows) {
    Shape shape = pool.x.shape();
    shape[0] = std::ssize(rows);
    const std::size_t length = pool.y.empty() ? 0 : pool.x.values<float>().size() / pool.y.size();
    data::Batch part;
    part.x = BARTIZAN_TRY(NdArray::zeros(DType::f32, std::move(shape)));
    const auto to = part.x.mutable_values<float>();
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto row = static_cast<std::size_t>(rows[i]);
        std::ranges::copy(pool.x.values<float>().subspan(row * length, length),
                          to.begin() + static_cast<std::ptrdiff_t>(i * length));
        part.y.push_back(pool.y[row]);
        part.ids.push_back(static_cast<std::int64_t>(i));
    }
    return part;
}

/// The network as begun, before it has seen anything.
Result<std::shared_ptr<model::Model>> fresh(const Network& network, std::uint64_t seed) {
    std::shared_ptr<model::Model> model = BARTIZAN_TRY(model::from_graph(network.graph));
    BARTIZAN_TRY(begin_anew(*model, seed));
    return model;
}

Result<graph::Graph> with_weights(graph::Graph graph, model::Model& model) {
    for (const model::NamedTensor& parameter : model.parameters())
        graph.initializers[parameter.name] = BARTIZAN_TRY(model::to_array(parameter.tensor));
    return graph;
}

Result<void> learn(const Network& network, const std::shared_ptr<model::Model>& model, const data::Batch& part,
                   const Options& training, std::uint64_t seed) {
    const Shape item(part.x.shape().begin() + 1, part.x.shape().end());
    const auto classifier = BARTIZAN_TRY(model::make_classifier(model, item, network.contract));
    const NdArray labels = BARTIZAN_TRY(NdArray::from<std::int64_t>({std::ssize(part.y)}, part.y));
    const auto dataset = BARTIZAN_TRY(data::from_arrays(part.x, labels, {.format = "part", .path = "part"}));
    RunContext alone({.seed = seed, .threads = 1});
    BARTIZAN_TRY(train(*model, *classifier, *dataset, training, alone));
    return {};
}

}  // namespace
}  // namespace partitions

std::vector<std::vector<std::int64_t>> partition_rows(const NdArray& x, std::span<const std::int64_t> y,
                                                      std::int64_t parts) {
    struct Row {
        crypto::Sha256Digest digest;
        std::int64_t label, row;
        bool operator<(const Row& other) const {
            return std::tie(digest, label, row) < std::tie(other.digest, other.label, other.row);
        }
    };
    std::vector<std::vector<Row>> sorted(static_cast<std::size_t>(parts));
    const std::size_t length = y.empty() ? 0 : x.bytes().size() / y.size();
    for (std::size_t i = 0; i < y.size(); ++i) {
        const crypto::Sha256Digest digest = crypto::sha256(x.bytes().subspan(i * length, length));
        sorted[partitions::part_of(digest, parts)].push_back({digest, y[i], static_cast<std::int64_t>(i)});
    }
    std::vector<std::vector<std::int64_t>> out;
    for (std::vector<Row>& part : sorted) {
        std::sort(part.begin(), part.end());
        std::vector<std::int64_t>& rows = out.emplace_back();
        for (const Row& row : part) rows.push_back(row.row);
    }
    return out;
}

Result<Part> train_part(const Network& network, const data::Batch& part, std::int64_t number, const Options& training,
                        std::uint64_t seed) {
    const std::uint64_t own = seed + partitions::kSeedStep * static_cast<std::uint64_t>(number + 1);
    Options options = training;
    options.validation_share = 0;
    Part out{.graph = {}, .items = std::ssize(part.y)};
    std::shared_ptr<model::Model> model = BARTIZAN_TRY(partitions::fresh(network, own));
    if (part.y.size() > 1) {
        const auto learnt = partitions::learn(network, model, part, options, own);
        out.trained = learnt.ok();
        const bool of_this_part = !learnt.ok() && learnt.error().code() == Errc::invalid_input;
        if (!learnt.ok() && !of_this_part) return std::move(learnt).error();
        if (of_this_part) model = BARTIZAN_TRY(partitions::fresh(network, own));
    }
    out.graph = BARTIZAN_TRY(partitions::with_weights(network.graph, *model));
    return out;
}

Result<std::vector<Part>> train_partitions(const Network& network, const data::Batch& pool,
                                           const PartitionOptions& options, RunContext& ctx) {
    for (std::size_t row = 0; row < pool.y.size(); ++row)
        if (pool.y[row] < 0 || pool.y[row] >= network.classes)
            return invalid_input(fmt::format("row {} has label {}, the model has classes 0 to {}", row, pool.y[row],
                                             network.classes - 1));
    const auto rows = partition_rows(pool.x, pool.y, options.parts);
    std::vector<Part> out(rows.size());
    std::atomic<std::uint64_t> done{0};
    BARTIZAN_TRY(model::for_each_chunk(options.parts, 1, ctx, [&](const model::Chunk& chunk) -> Result<void> {
        const auto number = static_cast<std::size_t>(chunk.begin);
        const data::Batch part = BARTIZAN_TRY(partitions::rows_of(pool, rows[number]));
        out[number] = BARTIZAN_TRY(train_part(network, part, chunk.begin, options.training, ctx.seed()));
        ctx.progress({"networks", ++done, static_cast<std::uint64_t>(options.parts), "parts"});
        return {};
    }));
    ctx.progress_finish();
    return out;
}

}  // namespace bartizan::training
