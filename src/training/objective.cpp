#include "training/objective.h"

#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/log.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/softmax.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/random.h"

namespace bartizan::training {
namespace objective {
namespace {

constexpr std::uint32_t kStartPurpose = 200'000;
constexpr std::uint32_t kNoisePurpose = 300'000;
constexpr double kTradesStart = 1e-3;  // deviation of the noise that TRADES starts from
constexpr double kFastStep = 1.25;     // of eps (Wong, Rice, Kolter 2020)

/// `y`: classes, or a probability for each (Hinton, Vinyals, Dean 2015, at temperature 1).
at::Tensor sum_cross_entropy(const at::Tensor& logits, const at::Tensor& y) {
    return at::cross_entropy_loss(logits, y, {}, 2 /* sum */);
}

/// KL(p || q) of each row, p and q as logarithms.
at::Tensor divergence(const at::Tensor& log_p, const at::Tensor& log_q) {
    return (log_p.exp() * (log_p - log_q)).sum(1);
}

/// One random number for each value of the shard, keyed by the row it belongs to.
template <class Fill>
at::Tensor random_like(const Shard& shard, const Draw& draw, std::uint32_t purpose, Fill fill) {
    at::Tensor out = at::empty(shard.x.sizes(), at::kFloat);
    const std::int64_t length = out.numel() / std::max<std::int64_t>(1, out.size(0));
    for (std::size_t row = 0; row < shard.ids.size(); ++row) {
        Random random(draw.seed, static_cast<std::uint64_t>(shard.ids[row]),
                      purpose + static_cast<std::uint32_t>(draw.epoch));
        fill(random, std::span(out.data_ptr<float>() + static_cast<std::int64_t>(row) * length,
                               static_cast<std::size_t>(length)));
    }
    return out;
}

at::Tensor uniform_start(const Shard& shard, const Draw& draw, double eps) {
    return random_like(shard, draw, kStartPurpose, [eps](Random& random, std::span<float> values) {
        random.fill_uniform(values, static_cast<float>(-eps), static_cast<float>(eps));
    });
}

at::Tensor noise(const Shard& shard, const Draw& draw, double deviation) {
    return random_like(shard, draw, kNoisePurpose,
                       [](Random& random, std::span<float> values) { random.fill_normal(values); })
        .mul_(deviation);
}

/// One value of a sign step: by `length` towards where the loss rises, no further than ball and range allow.
__attribute__((target_clones("avx512f", "avx2", "default"))) void sign_step(const float* __restrict gradient,
                                                                            const float* __restrict low,
                                                                            const float* __restrict high,
                                                                            float* __restrict x, std::size_t count,
                                                                            float length) {
    for (std::size_t i = 0; i < count; ++i) {
        const float moved = x[i] + length * static_cast<float>((gradient[i] > 0) - (gradient[i] < 0));
        x[i] = std::min(std::max(moved, low[i]), high[i]);
    }
}

/// The inputs one sign step further; in one pass, as small networks spend a good part of a step on five.
at::Tensor stepped(const at::Tensor& x, const at::Tensor& gradient, const at::Tensor& low, const at::Tensor& high,
                   double length) {
    const at::NoGradGuard no_grad;
    if (gradient.scalar_type() != at::kFloat || !gradient.is_contiguous() || !x.is_contiguous())
        return (x.detach() + gradient.sign() * length).maximum(low).minimum(high);
    at::Tensor out = x.detach().clone();
    sign_step(gradient.data_ptr<float>(), low.data_ptr<float>(), high.data_ptr<float>(), out.data_ptr<float>(),
              static_cast<std::size_t>(out.numel()), static_cast<float>(length));
    return out;
}

/// Sign steps up `rise` (a sum over the rows) from `x`, each followed by the projection on ball and range.
template <class Rise>
Result<at::Tensor> ascend(const Shard& shard, at::Tensor x, double eps, double length, int steps, const Rise& rise) {
    const at::Tensor low = (shard.x - eps).clamp_min_(0), high = (shard.x + eps).clamp_max_(1);
    x = x.maximum(low).minimum(high);
    for (int step = 0; step < steps; ++step) {
        x.requires_grad_(true);
        const at::Tensor height = BARTIZAN_TRY(rise(x));
        const at::Tensor gradient = torch::autograd::grad({height}, {x})[0];
        x = stepped(x, gradient, low, high, length);
    }
    return x.detach();
}

auto cross_entropy_of(const model::Classifier& classifier, const Shard& shard) {
    return [&](const at::Tensor& x) -> Result<at::Tensor> {
        return sum_cross_entropy(BARTIZAN_TRY(classifier.logits(x)), shard.y);
    };
}

double step_of(const Adversary& adversary) {
    return adversary.step > 0 ? adversary.step : 2.5 * adversary.eps / adversary.steps;
}

/// Zhang et al. 2019, algorithm 1: the inputs whose answer differs most from the clean one's.
Result<at::Tensor> trades_inputs(const Adversary& adversary, const model::Classifier& classifier, const Shard& shard,
                                 const Draw& draw) {
    at::Tensor clean;
    {
        const at::NoGradGuard no_grad;
        clean = at::log_softmax(BARTIZAN_TRY(classifier.logits(shard.x)), 1);
    }
    const auto rise = [&](const at::Tensor& x) -> Result<at::Tensor> {
        return divergence(clean, at::log_softmax(BARTIZAN_TRY(classifier.logits(x)), 1)).sum();
    };
    return ascend(shard, shard.x + noise(shard, draw, kTradesStart), adversary.eps, step_of(adversary), adversary.steps,
                  rise);
}

/// Zhang et al. 2019, equation 5: right on clean inputs, and the same answer nearby.
at::Tensor trades_loss(const at::Tensor& clean, const at::Tensor& worked, const Shard& shard, double beta) {
    return sum_cross_entropy(clean, shard.y) +
           beta * divergence(at::log_softmax(clean, 1), at::log_softmax(worked, 1)).sum();
}

/// Wang et al. 2020, equation 11: boosted cross-entropy, and more weight on what is misread when clean.
at::Tensor mart_loss(const at::Tensor& clean, const at::Tensor& worked, const Shard& shard, double lambda) {
    constexpr double kTiny = 1e-12;
    const at::Tensor column = shard.y.unsqueeze(1);
    const at::Tensor log_worked = at::log_softmax(worked, 1), log_clean = at::log_softmax(clean, 1);
    const at::Tensor others = log_worked.exp().scatter(1, column, -1);  // the true class out of the way
    const at::Tensor margin = at::log((1.0001 + kTiny) - std::get<0>(others.max(1)));
    const at::Tensor boosted = -log_worked.gather(1, column).squeeze(1) - margin;
    const at::Tensor doubt = 1 - log_clean.gather(1, column).squeeze(1).exp();
    return (boosted + lambda * divergence(log_clean, log_worked) * doubt).sum();
}

}  // namespace
}  // namespace objective

Result<at::Tensor> pgd_inputs(const Adversary& adversary, const model::Classifier& classifier, const Shard& shard,
                              const Draw& draw) {
    return objective::ascend(shard, shard.x + objective::uniform_start(shard, draw, adversary.eps), adversary.eps,
                             objective::step_of(adversary), adversary.steps,
                             objective::cross_entropy_of(classifier, shard));
}

Result<at::Tensor> worked_inputs(const Objective& objective, const model::Classifier& classifier, const Shard& shard,
                                 const Draw& draw) {
    const Adversary& adversary = objective.adversary;
    switch (objective.method) {
        case Method::plain:
            return shard.x;
        case Method::pgd:
        case Method::mart:
            return pgd_inputs(adversary, classifier, shard, draw);
        case Method::trades:
            return objective::trades_inputs(adversary, classifier, shard, draw);
        case Method::fast:
            return pgd_inputs({.eps = adversary.eps, .steps = 1, .step = objective::kFastStep * adversary.eps},
                              classifier, shard, draw);
        case Method::free:
            break;  // its inputs come from the batch before, as the trainer carries them on
        case Method::gaussian:
            return shard.x + objective::noise(shard, draw, objective.sigma);
    }
    return internal_error("a training method without inputs");
}

Result<at::Tensor> loss_of(const Objective& objective, const model::Classifier& classifier, const Shard& shard,
                           const at::Tensor& worked) {
    const at::Tensor at_worked = BARTIZAN_TRY(classifier.logits(worked, model::Mode::training));
    if (objective.method != Method::trades && objective.method != Method::mart) {
        const at::Tensor& target = shard.soft.defined() ? shard.soft : shard.y;
        const at::Tensor loss = objective::sum_cross_entropy(at_worked, target);
        if (!objective.adversarial() || objective.clean_weight == 0) return loss;
        const at::Tensor clean = BARTIZAN_TRY(classifier.logits(shard.x, model::Mode::training));
        return (1 - objective.clean_weight) * loss +
               objective.clean_weight * objective::sum_cross_entropy(clean, target);
    }
    const at::Tensor at_clean = BARTIZAN_TRY(classifier.logits(shard.x, model::Mode::training));
    return objective.method == Method::trades ? objective::trades_loss(at_clean, at_worked, shard, objective.weight)
                                              : objective::mart_loss(at_clean, at_worked, shard, objective.weight);
}

}  // namespace bartizan::training
