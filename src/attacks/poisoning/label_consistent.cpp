#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/full.h>
#include <torch/csrc/autograd/autograd.h>

#include "attacks/poisoning/crafted.h"
#include "attacks/poisoning/layouts.h"
#include "model/shards.h"
#include "model/tensors.h"

namespace bartizan::attacks {
namespace label_consistent {
namespace {

constexpr std::int64_t kChunk = 64;
constexpr double kReach = 2.5;  // steps together go so many radii, as Madry et al. 2018 have it

/// The hardest pictures of class `label` within the ball, by steps along the sign of the gradient.
Result<at::Tensor> harder(const model::Classifier& classifier, const at::Tensor& clean, std::int64_t label, double eps,
                          std::int64_t steps) {
    const at::Tensor y = at::full({clean.size(0)}, label, at::kLong);
    const at::Tensor low = (clean - eps).clamp_min_(0), high = (clean + eps).clamp_max_(1);
    const double length = kReach * eps / static_cast<double>(steps);
    at::Tensor x = clean.clone();
    for (std::int64_t step = 0; step < steps; ++step) {
        x.requires_grad_(true);
        const at::Tensor logits = BARTIZAN_TRY(classifier.logits(x));
        const at::Tensor gradient = torch::autograd::grad({at::cross_entropy_loss(logits, y, {}, 2 /* sum */)}, {x})[0];
        const at::NoGradGuard no_grad;
        x = (x.detach() + gradient.sign().mul_(length)).maximum(low).minimum(high);
    }
    return x.detach();
}

Result<NdArray> harder_rows(const NdArray& clean, const PoisonJob& job) {
    NdArray out = BARTIZAN_TRY(NdArray::zeros(DType::f32, clean.shape()));
    const std::int64_t length = clean.size() / clean.shape()[0];
    const std::span<float> to = out.mutable_values<float>();
    BARTIZAN_TRY(
        model::for_each_chunk(clean.shape()[0], kChunk, *job.context, [&](const model::Chunk& chunk) -> Result<void> {
            const NdArray rows = BARTIZAN_TRY(clean.rows(chunk.begin, chunk.count));
            const at::Tensor x = BARTIZAN_TRY(model::to_tensor(rows));
            const at::Tensor made = BARTIZAN_TRY(harder(*job.surrogate->classifier, x, job.target,
                                                        job.params.number("eps"), job.params.integer("steps")));
            const NdArray array = BARTIZAN_TRY(model::to_array(made));
            std::ranges::copy(array.values<float>(), to.begin() + chunk.begin * length);
            return {};
        }));
    return out;
}

}  // namespace
}  // namespace label_consistent

Result<Poisoning> poison_label_consistent(const data::Batch& batch, const PoisonJob& job) {
    const Layout layout = BARTIZAN_TRY(layout_of(batch.x));
    const PoisonOptions options{.rate = job.rate, .target = job.target, .seed = job.seed};
    Poisoning out;
    out.set = BARTIZAN_TRY(poison_images(BARTIZAN_TRY(to_nchw(batch.x, layout)), batch.y, Trigger::corners, options));
    out.stamp = [options](const NdArray& x) -> Result<NdArray> {
        const Layout own = BARTIZAN_TRY(layout_of(x));
        return from_nchw(BARTIZAN_TRY(with_trigger(BARTIZAN_TRY(to_nchw(x, own)), Trigger::corners, options)), own);
    };
    const NdArray clean = BARTIZAN_TRY(gather_rows(batch.x, out.set.rows));
    const NdArray hard = BARTIZAN_TRY(label_consistent::harder_rows(clean, job));
    out.set.x = BARTIZAN_TRY(with_rows(batch.x, out.set.rows, BARTIZAN_TRY(out.stamp(hard))));
    for (const auto& [name, value] : job.params.all()) out.trigger[name] = value;
    return out;
}

}  // namespace bartizan::attacks
