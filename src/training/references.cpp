#include "training/references.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <optional>
#include <span>
#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include "core/random.h"
#include "data/sources.h"
#include "model/classifier.h"
#include "model/kernel.h"
#include "model/shards.h"

namespace bartizan::training::references {
namespace {

/// What the field's libraries give linear and convolution layers (Kaiming with a = sqrt 5): most models began so.
constexpr double kVariance = 1.0 / 3;
constexpr std::uint32_t kHalfPurpose = 300, kWeightPurpose = 301;

/// What a weight is to the node that uses it.
struct Role {
    double fan_in = 0;        ///< of matrices and kernels; 0: not one
    std::optional<float> at;  ///< a constant start
};

std::int64_t volume(const Shape& shape, std::size_t from) {
    std::int64_t out = 1;
    for (std::size_t i = from; i < shape.size(); ++i) out *= shape[i];
    return out;
}

Role role_in(const graph::Node& node, std::size_t input, const Shape& shape) {
    const bool normalisation = node.op_type == "BatchNormalization" || node.op_type == "LayerNormalization" ||
                               node.op_type == "InstanceNormalization" || node.op_type == "GroupNormalization";
    if (normalisation) return {.at = input == 1 || input == 4 ? 1.0F : 0.0F};
    if (shape.size() < 2) return {.at = node.op_type == "PRelu" ? 0.25F : 0.0F};
    const auto transposed = node.integer("transB", 0);
    const bool rows_in = node.op_type == "MatMul" || (node.op_type == "Gemm" && transposed.ok() && *transposed == 0);
    return {.fan_in = static_cast<double>(rows_in ? shape[shape.size() - 2] : volume(shape, 1))};
}

/// The first use of each initializer decides.
std::map<std::string, Role, std::less<>> roles_of(const graph::Graph& graph, model::Model& model) {
    std::map<std::string, Shape, std::less<>> shapes;
    for (const model::NamedTensor& parameter : model.parameters())
        shapes[parameter.name] = Shape(parameter.tensor.sizes().begin(), parameter.tensor.sizes().end());
    std::map<std::string, Role, std::less<>> roles;
    for (const graph::Node& node : graph.nodes)
        for (std::size_t i = 0; i < node.inputs.size(); ++i)
            if (const auto found = shapes.find(node.inputs[i]); found != shapes.end())
                roles.try_emplace(found->first, role_in(node, i, found->second));
    return roles;
}

void fill(const at::Tensor& tensor, const Role& role, Random random) {
    const at::NoGradGuard no_grad;
    at::Tensor flat = tensor.detach();
    if (role.fan_in <= 0 || !flat.is_contiguous() || flat.scalar_type() != at::kFloat) {
        flat.fill_(role.at.value_or(0.0F));
        return;
    }
    const double deviation = std::sqrt(kVariance / role.fan_in);
    const std::span<float> values(flat.data_ptr<float>(), static_cast<std::size_t>(flat.numel()));
    random.fill_normal(values);
    for (float& value : values) value *= static_cast<float>(deviation);
}

std::vector<std::uint8_t> random_half(std::size_t items, double share, std::uint64_t seed, std::uint64_t stream) {
    Random random(seed, stream, kHalfPurpose);
    std::vector<std::uint8_t> in(items);
    for (auto& one : in) one = random.uniform53() < share ? 1 : 0;
    return in;
}

void score(Reference& reference, std::span<const std::int64_t> labels) {
    const auto width = static_cast<std::size_t>(reference.logits.shape()[1]);
    const std::span<const float> logits = reference.logits.values<float>();
    double right[2] = {0, 0}, count[2] = {0, 0};
    for (std::size_t i = 0; i < labels.size(); ++i) {
        const auto row = logits.subspan(i * width, width);
        ++count[reference.in[i]];
        right[reference.in[i]] += std::ranges::max_element(row) - row.begin() == labels[i] ? 1 : 0;
    }
    reference.accuracy_in = count[1] > 0 ? right[1] / count[1] : 0;
    reference.accuracy_out = count[0] > 0 ? right[0] / count[0] : 0;
}

class Factory {
public:
    Factory(const std::filesystem::path& path, const data::InputContract& contract, const data::Batch& pool,
            const data::Info& info, const ReferenceOptions& options, const RunContext& ctx)
        : path_(path), contract_(contract), pool_(pool), info_(info), options_(options), ctx_(ctx) {}

    Result<Reference> make(std::uint64_t number) const {
        Reference out{.in = random_half(pool_.y.size(), options_.share, ctx_.seed(), number)};
        const auto half = BARTIZAN_TRY(half_of(out.in));
        RunContext alone({.seed = ctx_.seed() + 1'000'003 * (number + 1), .threads = 1});
        const FreshModel fresh =
            BARTIZAN_TRY(fresh_model(path_, contract_, *half, options_.training, alone.seed(), alone));
        out.logits = BARTIZAN_TRY(model::predict(*fresh.classifier, pool_.x, alone));
        score(out, pool_.y);
        return out;
    }

private:
    Result<std::unique_ptr<data::Dataset>> half_of(const std::vector<std::uint8_t>& in) const {
        std::vector<std::int64_t> rows;
        for (std::size_t i = 0; i < in.size(); ++i)
            if (in[i] != 0) rows.push_back(static_cast<std::int64_t>(i));
        const NdArray labels = BARTIZAN_TRY(NdArray::from<std::int64_t>({std::ssize(pool_.y)}, pool_.y));
        data::Info info{.format = info_.format, .path = info_.path, .class_names = info_.class_names};
        auto whole = BARTIZAN_TRY(data::from_arrays(pool_.x, labels, std::move(info)));
        return data::subset_of(std::move(whole), std::move(rows));
    }

    const std::filesystem::path& path_;
    const data::InputContract& contract_;
    const data::Batch& pool_;
    const data::Info& info_;
    const ReferenceOptions& options_;
    const RunContext& ctx_;
};

}  // namespace
}  // namespace bartizan::training::references

namespace bartizan::training {

Result<void> begin_anew(model::Model& model, std::uint64_t seed) {
    if (model.graph() == nullptr)
        return unsupported("a model without a graph (TorchScript) cannot be begun anew", "export it as ONNX");
    const auto roles = references::roles_of(*model.graph(), model);
    std::uint64_t stream = 0;
    bool any = false;
    for (const model::NamedTensor& parameter : model.parameters()) {
        const auto role = roles.find(parameter.name);
        const Random random(seed, stream++, references::kWeightPurpose);
        if (role != roles.end()) references::fill(parameter.tensor, role->second, random);
        any = any || (parameter.trainable && role != roles.end() && role->second.fan_in > 0);
    }
    if (!any) return unsupported("the model has no weights that can be trained", "is it quantised, or a tree?");
    return {};
}

Result<FreshModel> fresh_model(const std::filesystem::path& path, const data::InputContract& contract,
                               const data::Dataset& dataset, const Options& options, std::uint64_t seed,
                               RunContext& ctx) {
    FreshModel fresh{.model = BARTIZAN_TRY(model::load(path))};
    BARTIZAN_TRY(begin_anew(*fresh.model, seed));
    fresh.classifier = BARTIZAN_TRY(model::make_classifier(fresh.model, dataset.info().item_shape, contract));
    const Outcome outcome = BARTIZAN_TRY(train(*fresh.model, *fresh.classifier, dataset, options, ctx));
    for (const Epoch& epoch : outcome.epochs)
        if (epoch.number == outcome.best_epoch) fresh.validation_accuracy = epoch.validation_accuracy;
    return fresh;
}

Result<std::vector<Reference>> train_references(const std::filesystem::path& path, const data::InputContract& contract,
                                                const data::Batch& pool, const data::Info& info,
                                                const ReferenceOptions& options, RunContext& ctx) {
    const references::Factory factory(path, contract, pool, info, options, ctx);
    std::vector<Reference> out(static_cast<std::size_t>(options.models));
    std::atomic<std::uint64_t> done{0};
    BARTIZAN_TRY(model::for_each_chunk(options.models, 1, ctx, [&](const model::Chunk& chunk) -> Result<void> {
        out[static_cast<std::size_t>(chunk.begin)] =
            BARTIZAN_TRY(factory.make(static_cast<std::uint64_t>(chunk.begin)));
        ctx.progress({"references", ++done, static_cast<std::uint64_t>(options.models), "models"});
        return {};
    }));
    ctx.progress_finish();
    return out;
}

}  // namespace bartizan::training
