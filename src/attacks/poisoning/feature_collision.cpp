#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/full.h>
#include <ATen/ops/where.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include "attacks/poisoning/crafted.h"
#include "attacks/poisoning/layouts.h"
#include "model/feature_view.h"
#include "model/shards.h"
#include "model/tensors.h"

namespace bartizan::attacks {
namespace collision {
namespace {

constexpr std::int64_t kChunk = 64;
constexpr double kFaster = 1.2, kSlower = 0.5;  // an item's step after one that helped, and after one that did not
constexpr double kFirstStep = 0.1;              // of the length that would undo the distance in a linear feature space

/// Sum over all but the first dimension.
at::Tensor by_row(const at::Tensor& x) { return x.flatten(1).sum(1); }
/// One number a row, in a shape that spreads over the items.
at::Tensor spread(const at::Tensor& values, const at::Tensor& over) {
    std::vector<std::int64_t> shape(static_cast<std::size_t>(over.dim()), 1);
    shape[0] = over.size(0);
    return values.view(shape);
}

/// What the bases of one chunk are bent towards.
struct Goal {
    const model::Classifier& features;
    at::Tensor bases, victim_features;
    at::Tensor feature_scale;  ///< 1 / |phi(b) - phi(t)|^2 of each row
    at::Tensor pixel_scale;    ///< beta / |b - t|^2

    Result<at::Tensor> distance(const at::Tensor& x) const {
        return by_row((BARTIZAN_TRY(features.logits(x)) - victim_features).square()) * feature_scale;
    }
    at::Tensor price(const at::Tensor& x) const { return by_row((x - bases).square()) * pixel_scale; }
};

/// Algorithm 1: a step down the feature distance, then the proximal step back to the base, cut with [0, 1].
Result<at::Tensor> collide(const Goal& goal, std::int64_t iterations) {
    at::Tensor x = goal.bases.clone(), rate;
    for (std::int64_t i = 0; i < iterations; ++i) {
        x.requires_grad_(true);
        const at::Tensor distance = BARTIZAN_TRY(goal.distance(x));
        const at::Tensor slope = torch::autograd::grad({distance.sum()}, {x})[0];
        const at::NoGradGuard no_grad;
        x = x.detach();
        const at::Tensor steepness = by_row(slope.square()).clamp_min_(1e-20);
        if (!rate.defined()) rate = kFirstStep / steepness;
        const at::Tensor pull = spread(2 * rate * goal.pixel_scale, x);
        const at::Tensor next = ((x - spread(rate, x) * slope + pull * goal.bases) / (1 + pull)).clamp_(0, 1);
        const at::Tensor before = distance.detach() + goal.price(x);
        const at::Tensor better = (BARTIZAN_TRY(goal.distance(next)) + goal.price(next)).lt(before);
        x = at::where(spread(better, x), next, x);
        rate = at::where(better, rate * kFaster, rate * kSlower);
    }
    return x.detach();
}

Result<Goal> goal_of(const model::Classifier& features, const NdArray& bases, const NdArray& victim, double beta) {
    const at::NoGradGuard no_grad;
    const at::Tensor own = BARTIZAN_TRY(model::to_tensor(bases)), other = BARTIZAN_TRY(model::to_tensor(victim));
    const at::Tensor wanted = BARTIZAN_TRY(features.logits(other));
    const at::Tensor apart = by_row((BARTIZAN_TRY(features.logits(own)) - wanted).square()).clamp_min_(1e-12);
    return Goal{features, own, wanted, apart.reciprocal(), beta / by_row((own - other).square()).clamp_min_(1e-12)};
}

/// How far, in feature space, each row is from the victim.
Result<std::vector<double>> distances(const model::Classifier& features, const NdArray& x, const NdArray& victim,
                                      const RunContext& ctx) {
    const NdArray all = BARTIZAN_TRY(model::predict(features, x, ctx));
    const NdArray one = BARTIZAN_TRY(model::predict(features, victim, ctx));
    const auto width = static_cast<std::size_t>(features.classes());
    std::vector<double> out;
    for (std::int64_t row = 0; row < x.shape()[0]; ++row) {
        double sum = 0;
        for (std::size_t i = 0; i < width; ++i) {
            const double way = all.values<float>()[static_cast<std::size_t>(row) * width + i] - one.values<float>()[i];
            sum += way * way;
        }
        out.push_back(std::sqrt(sum));
    }
    return out;
}

/// The rows of the target class that are nearest to the victim, as many as the rate asks for.
Result<std::vector<std::int64_t>> bases_of(const data::Batch& batch, const PoisonJob& job,
                                           const model::Classifier& features, const NdArray& victim) {
    const std::size_t wanted = BARTIZAN_TRY(rows_of_target(batch, job)).size();
    std::vector<std::int64_t> rows;
    for (std::int64_t row = 0; row < std::ssize(batch.y); ++row)
        if (batch.y[static_cast<std::size_t>(row)] == job.target) rows.push_back(row);
    const NdArray own = BARTIZAN_TRY(gather_rows(batch.x, rows));
    const std::vector<double> far = BARTIZAN_TRY(distances(features, own, victim, *job.context));
    std::vector<std::size_t> order(rows.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return far[i]; });
    std::vector<std::int64_t> bases;
    for (std::size_t i = 0; i < wanted; ++i) bases.push_back(rows[order[i]]);
    std::ranges::sort(bases);
    return bases;
}

/// The bases with `share` of the victim mixed in (section 4.2 of the paper).
Result<NdArray> watermarked(const NdArray& bases, const NdArray& victim, double share) {
    NdArray out = BARTIZAN_TRY(NdArray::from<float>(bases.shape(), bases.values<float>()));
    const std::span<float> values = out.mutable_values<float>();
    const auto length = static_cast<std::size_t>(victim.size());
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<float>((1 - share) * values[i] + share * victim.values<float>()[i % length]);
    return out;
}

double mean(const std::vector<double>& values) {
    double sum = 0;
    for (const double value : values) sum += value;
    return sum / static_cast<double>(std::max<std::size_t>(1, values.size()));
}

}  // namespace
}  // namespace collision

Result<Poisoning> poison_feature_collision(const data::Batch& batch, const PoisonJob& job) {
    using namespace collision;
    Poisoning out;
    out.victim = BARTIZAN_TRY(victim_of(batch, job));
    const Shape item(batch.x.shape().begin() + 1, batch.x.shape().end());
    const model::FeatureView view = BARTIZAN_TRY(
        model::feature_view(job.surrogate->model, item, job.surrogate->contract, job.surrogate->classifier->classes()));
    BARTIZAN_TRY(view.features->differentiable());
    const NdArray& victim = out.victim->x;
    out.set.rows = BARTIZAN_TRY(bases_of(batch, job, *view.features, victim));
    const NdArray clean = BARTIZAN_TRY(gather_rows(batch.x, out.set.rows));
    const NdArray bases = BARTIZAN_TRY(watermarked(clean, victim, job.params.number("watermark")));
    NdArray bent = BARTIZAN_TRY(NdArray::zeros(DType::f32, bases.shape()));
    const std::span<float> to = bent.mutable_values<float>();
    BARTIZAN_TRY(
        model::for_each_chunk(bases.shape()[0], kChunk, *job.context, [&](const model::Chunk& chunk) -> Result<void> {
            const NdArray rows = BARTIZAN_TRY(bases.rows(chunk.begin, chunk.count));
            const Goal goal = BARTIZAN_TRY(goal_of(*view.features, rows, victim, job.params.number("beta")));
            const NdArray made =
                BARTIZAN_TRY(model::to_array(BARTIZAN_TRY(collide(goal, job.params.integer("iterations")))));
            std::ranges::copy(made.values<float>(), to.begin() + chunk.begin * victim.size());
            return {};
        }));
    out.set.x = BARTIZAN_TRY(with_rows(batch.x, out.set.rows, bent));
    out.set.y = batch.y;
    for (const auto& [name, value] : job.params.all()) out.trigger[name] = value;
    out.trigger["features"] = view.value;
    out.trigger["distance_before"] = mean(BARTIZAN_TRY(distances(*view.features, clean, victim, *job.context)));
    out.trigger["distance_after"] = mean(BARTIZAN_TRY(distances(*view.features, bent, victim, *job.context)));
    return out;
}

}  // namespace bartizan::attacks
