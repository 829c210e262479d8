#include <algorithm>
#include <cmath>
#include <limits>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include "attacks/poisoning/crafted.h"
#include "attacks/poisoning/layouts.h"
#include "core/random.h"
#include "model/kernel.h"
#include "model/shards.h"
#include "model/tensors.h"

namespace bartizan::attacks {
namespace matching {
namespace {

constexpr std::uint32_t kStartPurpose = 420'030;
constexpr double kFirstMoment = 0.9, kSecondMoment = 0.999, kTiny = 1e-8;  // Adam's (Kingma, Ba 2015)

using Gradients = std::vector<at::Tensor>;

Gradients weights_of(model::Model& model) {
    Gradients weights;
    for (const model::NamedTensor& parameter : model.parameters())
        if (parameter.trainable) {
            parameter.tensor.requires_grad_(true);
            weights.push_back(parameter.tensor);
        }
    return weights;
}

/// Of the loss at class `label` by the weights; undefined for a weight that it does not depend on. `x` requires a
/// gradient: only then does the model keep the way back in evaluation, where batch statistics stand still.
Result<Gradients> gradients_at(const model::Classifier& classifier, const at::Tensor& x, std::int64_t label,
                               const Gradients& weights, bool again) {
    const at::Tensor y = at::full({x.size(0)}, label, at::kLong);
    const at::Tensor loss = at::cross_entropy_loss(BARTIZAN_TRY(classifier.logits(x)), y);
    Gradients out;
    BARTIZAN_TRY(model::guarded([&]() -> Result<void> {
        out = torch::autograd::grad({loss}, weights, {}, true, again, true);
        return {};
    }));
    return out;
}

/// 1 - cosine of the two, over all weights together (equation 4 of the paper).
at::Tensor mismatch(const Gradients& wanted, const Gradients& own) {
    at::Tensor dot, first, second;
    const auto add = [](at::Tensor& sum, const at::Tensor& part) { sum = sum.defined() ? sum + part : part; };
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (wanted[i].defined()) add(first, wanted[i].square().sum());
        if (own[i].defined()) add(second, own[i].square().sum());
        if (wanted[i].defined() && own[i].defined()) add(dot, (wanted[i] * own[i]).sum());
    }
    return 1 - dot / (first.sqrt() * second.sqrt()).clamp_min(1e-20);
}

/// Adam on the sign of the gradient.
struct SignedAdam {
    at::Tensor mean, square;
    int steps = 0;

    at::Tensor step(const at::Tensor& gradient) {
        if (!mean.defined()) mean = at::zeros_like(gradient), square = at::zeros_like(gradient);
        const at::Tensor sign = gradient.sign();
        ++steps;
        mean.mul_(kFirstMoment).add_(sign, 1 - kFirstMoment);
        square.mul_(kSecondMoment).add_(sign.square(), 1 - kSecondMoment);
        const at::Tensor root = (square / (1 - std::pow(kSecondMoment, steps))).sqrt_().add_(kTiny);
        return mean / (1 - std::pow(kFirstMoment, steps)) / root;
    }
};

/// A tenth at 3/8, 5/8 and 7/8 of the way.
double rate_at(double rate, std::int64_t step, std::int64_t steps) {
    for (const std::int64_t eighths : {3, 5, 7})
        if (8 * step >= eighths * steps) rate /= 10;
    return rate;
}

struct Bent {
    at::Tensor x;
    double mismatch = std::numeric_limits<double>::infinity();
};

/// One restart on one chunk.
struct Search {
    const model::Classifier& classifier;
    const Gradients& weights;
    const Gradients& wanted;
    const PoisonJob& job;
    std::span<const std::int64_t> rows;  ///< of the chunk, in the whole set: they key the start

    at::Tensor start(const at::Tensor& clean, std::int64_t restart) const {
        at::Tensor out = at::empty_like(clean);
        const auto eps = static_cast<float>(job.params.number("eps"));
        const auto length = static_cast<std::size_t>(clean.numel() / clean.size(0));
        for (std::size_t i = 0; i < rows.size(); ++i) {
            Random random(job.seed, static_cast<std::uint64_t>(rows[i]),
                          kStartPurpose + static_cast<std::uint32_t>(restart));
            random.fill_uniform(std::span(out.data_ptr<float>() + i * length, length), -eps, eps);
        }
        return out.add_(clean);
    }

    Result<Bent> run(const at::Tensor& clean, std::int64_t restart) const {
        const double eps = job.params.number("eps");
        const std::int64_t steps = job.params.integer("iterations");
        const at::Tensor low = (clean - eps).clamp_min_(0), high = (clean + eps).clamp_max_(1);
        at::Tensor x = start(clean, restart).maximum(low).minimum(high);
        SignedAdam adam;
        Bent best;
        for (std::int64_t step = 0; step <= steps; ++step) {
            BARTIZAN_TRY(job.context->checkpoint());
            x.requires_grad_(true);
            const Gradients own = BARTIZAN_TRY(gradients_at(classifier, x, job.target, weights, true));
            const at::Tensor loss = mismatch(wanted, own);
            const double now = loss.item<double>();
            if (now < best.mismatch) best = {x.detach(), now};
            if (step == steps) break;
            at::Tensor slope;
            BARTIZAN_TRY(model::guarded([&]() -> Result<void> {
                slope = torch::autograd::grad({loss}, {x})[0];
                return {};
            }));
            const at::NoGradGuard no_grad;
            const double rate = rate_at(job.params.number("tau") * eps, step, steps);
            x = (x.detach() - rate * adam.step(slope)).maximum(low).minimum(high);
        }
        if (!best.x.defined()) return invalid_input("the gradients of the surrogate are not finite");
        return best;
    }
};

Result<Gradients> wanted_gradients(const PoisonJob& job, const NdArray& victim, const Gradients& weights) {
    at::Tensor x = BARTIZAN_TRY(model::to_tensor(victim));
    x.requires_grad_(true);
    Gradients wanted = BARTIZAN_TRY(gradients_at(*job.surrogate->classifier, x, job.target, weights, false));
    double length = 0;
    for (at::Tensor& one : wanted)
        if (one.defined()) length += one.square().sum().item<double>();
    if (!(length > 0) || !std::isfinite(length))
        return invalid_input("the surrogate's gradient at the item to be misread vanishes or is not finite",
                             "choose another item or another surrogate");
    return wanted;
}

}  // namespace
}  // namespace matching

Result<Poisoning> poison_gradient_matching(const data::Batch& batch, const PoisonJob& job) {
    using namespace matching;
    Poisoning out;
    out.victim = BARTIZAN_TRY(victim_of(batch, job));
    out.set.rows = BARTIZAN_TRY(rows_of_target(batch, job));
    const Gradients weights = weights_of(*job.surrogate->model);
    if (weights.empty()) return unsupported("the surrogate has no weights that could be trained");
    const Gradients wanted = BARTIZAN_TRY(wanted_gradients(job, out.victim->x, weights));
    const NdArray clean = BARTIZAN_TRY(gather_rows(batch.x, out.set.rows));
    NdArray bent = BARTIZAN_TRY(NdArray::zeros(DType::f32, clean.shape()));
    const std::span<float> to = bent.mutable_values<float>();
    const std::int64_t items = clean.shape()[0], length = clean.size() / items;
    std::vector<double> left(static_cast<std::size_t>((items + kMatchedTogether - 1) / kMatchedTogether));
    const auto work = [&](const model::Chunk& chunk) -> Result<void> {
        const NdArray rows = BARTIZAN_TRY(clean.rows(chunk.begin, chunk.count));
        const at::Tensor x = BARTIZAN_TRY(model::to_tensor(rows));
        const Search search{*job.surrogate->classifier, weights, wanted, job,
                            std::span(out.set.rows)
                                .subspan(static_cast<std::size_t>(chunk.begin), static_cast<std::size_t>(chunk.count))};
        Bent best;
        for (std::int64_t restart = 0; restart < job.params.integer("restarts"); ++restart) {
            Bent one = BARTIZAN_TRY(search.run(x, restart));
            if (one.mismatch < best.mismatch) best = std::move(one);
        }
        const NdArray made = BARTIZAN_TRY(model::to_array(best.x));
        std::ranges::copy(made.values<float>(), to.begin() + chunk.begin * length);
        left[static_cast<std::size_t>(chunk.begin / kMatchedTogether)] = best.mismatch;
        return {};
    };
    BARTIZAN_TRY(model::for_each_chunk(items, kMatchedTogether, *job.context, work));
    for (const at::Tensor& weight : weights) weight.requires_grad_(false);
    out.set.x = BARTIZAN_TRY(with_rows(batch.x, out.set.rows, bent));
    out.set.y = batch.y;
    for (const auto& [name, value] : job.params.all()) out.trigger[name] = value;
    out.trigger["cosine"] = 1 - *std::ranges::max_element(left);
    return out;
}

}  // namespace bartizan::attacks
