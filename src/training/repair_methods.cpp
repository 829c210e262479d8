#include "training/repair_methods.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <optional>
#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/random.h"
#include "defences/universal.h"
#include "defences/warp.h"
#include "model/kernel.h"
#include "model/tensors.h"

namespace bartizan::training {
namespace repair_methods {
namespace {

using Tensors = std::vector<at::Tensor>;

constexpr std::uint32_t kOrderPurpose = 320;
constexpr double kMomentum = 0.9, kDecay = 5e-4;
constexpr double kRho = 2.0, kSmoothing = 0.1;  // FT-SAM, section 4
constexpr double kSleeping = 0.3;               // of the last layer's inputs: cut off by fine-pruning
constexpr double kUniversal = 0.1;              // linf radius of the one change of I-BAU
constexpr int kUniversalSteps = 5, kUniversalEvery = 5;
// Of the change and the warp to the target, root mean square: larger ones cost accuracy (docs/benchmarks.md).
constexpr double kChange = 0.025, kWarp = 0.025;
constexpr int kChangeSteps = 8;
constexpr double kPush = 0.4, kAlpha = 0.2, kMaskRate = 0.2, kCut = 0.2;  // ANP, section 4 of the paper
constexpr int kAnpSteps = 120;

struct Rows {
    at::Tensor x, y, labels;
};

/// Goes through the rows in seeded order, again and again.
class Feed {
public:
    Feed(const Patient& patient, std::int64_t batch, std::uint64_t seed)
        : patient_(patient), batch_(std::min(batch, patient.x.size(0))), seed_(seed) {}

    Rows next() {
        if (at_ + batch_ > static_cast<std::int64_t>(order_.size())) {
            order_ = permutation(patient_.x.size(0), seed_, kOrderPurpose + round_++);
            at_ = 0;
        }
        const std::vector<std::int64_t> rows(order_.begin() + at_, order_.begin() + at_ + batch_);
        at_ += batch_;
        const at::Tensor picked = at::tensor(rows);
        return {patient_.x.index_select(0, picked), patient_.y.index_select(0, picked),
                patient_.labels.index_select(0, picked)};
    }

private:
    const Patient& patient_;
    std::int64_t batch_, at_ = 0;
    std::uint64_t seed_;
    std::uint32_t round_ = 0;
    std::vector<std::int64_t> order_;
};

/// Statistics of normalisations stay as they are: a few hundred items would spoil them.
Result<at::Tensor> loss_at(const Patient& patient, const Rows& rows, double smoothing = 0) {
    const at::Tensor x = rows.x.detach().requires_grad_();
    return at::cross_entropy_loss(BARTIZAN_TRY(patient.classifier.logits(x)), rows.y, {}, 1, -100, smoothing);
}

Result<Tensors> slopes_at(const Patient& patient, const Rows& rows, double smoothing = 0) {
    const at::AutoGradMode on(true);
    const at::Tensor loss = BARTIZAN_TRY(loss_at(patient, rows, smoothing));
    Tensors slopes = torch::autograd::grad({loss}, patient.parameters, {}, c10::nullopt, false, true);
    for (std::size_t i = 0; i < slopes.size(); ++i)
        if (!slopes[i].defined()) slopes[i] = at::zeros_like(patient.parameters[i]);
    return slopes;
}

using Change = std::function<Result<Rows>(const Rows&, int step)>;
using Slopes = std::function<Result<Tensors>(const Rows&)>;

/// Gradient descent with momentum on what `change` makes of each batch.
Result<void> tune(Patient& patient, const RepairOptions& options, const RunContext& ctx, const Change& change,
                  const Slopes& slopes) {
    Feed feed(patient, options.batch, ctx.seed());
    Tensors velocity;
    for (const at::Tensor& parameter : patient.parameters) velocity.push_back(at::zeros_like(parameter));
    for (int step = 0; step < options.steps; ++step) {
        BARTIZAN_TRY(ctx.checkpoint());
        const Rows rows = BARTIZAN_TRY(change(feed.next(), step));
        const Tensors gradient = BARTIZAN_TRY(slopes(rows));
        const double rate = options.rate * (1 - 0.9 * step / options.steps);
        const at::NoGradGuard no_grad;
        for (std::size_t i = 0; i < velocity.size(); ++i) {
            velocity[i].mul_(kMomentum).add_(gradient[i]).add_(patient.parameters[i], kDecay);
            patient.parameters[i].sub_(velocity[i], rate);
        }
    }
    return {};
}

Result<Rows> as_they_are(const Rows& rows, int) { return rows; }

at::Tensor stamped(const Patient& patient, const at::Tensor& x) {
    return (1 - patient.mask) * x + patient.mask * patient.pattern;
}

/// Items of the target come once and bare here and below: twice as many of them would draw everything there.
Result<void> unlearning(Patient& patient, const RepairOptions& options, const RunContext& ctx) {
    const auto with_stamped = [&](const Rows& rows, int) -> Result<Rows> {
        const at::Tensor others = others_of(patient, rows.labels);
        return Rows{at::cat({rows.x, stamped(patient, rows.x.index_select(0, others))}),
                    at::cat({rows.y, rows.y.index_select(0, others)}),
                    {}};
    };
    return tune(patient, options, ctx, with_stamped, [&](const Rows& rows) { return slopes_at(patient, rows); });
}

Result<data::Batch> batch_of(const Rows& rows) {
    const std::int64_t* const labels = rows.labels.data_ptr<std::int64_t>();
    return data::Batch{.x = BARTIZAN_TRY(model::to_array(rows.x)), .y = {labels, labels + rows.labels.numel()}};
}

/// The strongest change of the batch to the target, from nothing: a warm start would stay where it was unlearnt.
Result<NdArray> change_of(const Patient& patient, const Rows& rows, const RunContext& ctx) {
    const defences::UniversalOptions options{
        .radius = kChange, .steps = kChangeSteps, .samples = rows.labels.numel()};
    const data::Batch batch = BARTIZAN_TRY(batch_of(rows));
    return BARTIZAN_TRY(defences::strongest_change(patient.classifier, batch, patient.target, options, ctx)).change;
}

/// The strongest warp of the batch to the target, from another start each time.
Result<defences::Warp> warp_of(const Patient& patient, const Rows& rows, int step, const RunContext& ctx) {
    const defences::WarpOptions options{.radius = kWarp,
                                        .steps = kChangeSteps,
                                        .starts = 1,
                                        .samples = rows.labels.numel(),
                                        .stream = static_cast<std::uint32_t>(step) + 1};
    const data::Batch batch = BARTIZAN_TRY(batch_of(rows));
    return defences::strongest_warp(patient.classifier, batch, patient.target, options, ctx);
}

/// Unlearns the trigger, the strongest change and, if asked for, the strongest warp together.
Result<void> unlearning_more(Patient& patient, bool with_warp, const RepairOptions& options, const RunContext& ctx) {
    if (with_warp && !defences::can_be_warped(patient.classifier.item_shape()))
        return unsupported("only pictures can be warped");
    NdArray change;
    defences::Warp warp;
    const auto with_all = [&](const Rows& rows, int step) -> Result<Rows> {
        const at::Tensor others = others_of(patient, rows.labels);
        if (others.numel() == 0) return rows;
        const bool anew = step % kUniversalEvery == 0 || change.size() == 0;
        if (anew) change = BARTIZAN_TRY(change_of(patient, rows, ctx));
        if (anew && with_warp) warp = BARTIZAN_TRY(warp_of(patient, rows, step, ctx));
        const at::Tensor x = rows.x.index_select(0, others), y = rows.y.index_select(0, others);
        const NdArray plain = BARTIZAN_TRY(model::to_array(x));
        Tensors xs{rows.x, stamped(patient, x),
                   BARTIZAN_TRY(model::to_tensor(BARTIZAN_TRY(defences::changed(plain, change))))};
        Tensors ys{rows.y, y, y};
        if (with_warp) {
            xs.push_back(BARTIZAN_TRY(model::to_tensor(BARTIZAN_TRY(defences::warped(plain, warp)))));
            ys.push_back(y);
        }
        return Rows{at::cat(xs), at::cat(ys), {}};
    };
    return tune(patient, options, ctx, with_all, [&](const Rows& rows) { return slopes_at(patient, rows); });
}

/// The one change, within the ball, that raises the loss of a batch most (Zeng et al. 2022, the inner problem of
/// equation 1); the outer step takes it as given.
Result<void> i_bau(Patient& patient, const RepairOptions& options, const RunContext& ctx) {
    at::Tensor move = at::zeros_like(patient.x.slice(0, 0, 1));
    const auto moved = [&](const Rows& rows, int step) -> Result<Rows> {
        const at::AutoGradMode on(true);
        if (step % kUniversalEvery == 0)
            for (int i = 0; i < kUniversalSteps; ++i) {
                const at::Tensor leaf = move.detach().requires_grad_();
                const at::Tensor logits = BARTIZAN_TRY(patient.classifier.logits((rows.x + leaf).clamp(0, 1)));
                const at::Tensor slope = torch::autograd::grad({at::cross_entropy_loss(logits, rows.y)}, {leaf})[0];
                move = (move + slope.sign() * (kUniversal / 3)).clamp(-kUniversal, kUniversal).detach();
            }
        return Rows{at::cat({rows.x, (rows.x + move).clamp(0, 1)}), at::cat({rows.y, rows.y}), {}};
    };
    return tune(patient, options, ctx, moved, [&](const Rows& rows) { return slopes_at(patient, rows); });
}

/// Adaptive sharpness-aware descent: the gradient where the weights are pushed by
/// rho |w|^2 g / || |w| g || (Zhu et al. 2023, equation 5): heavy weights, on which trojans lean, are pushed most.
Result<void> ft_sam(Patient& patient, const RepairOptions& options, const RunContext& ctx) {
    const auto pushed = [&](const Rows& rows) -> Result<Tensors> {
        const Tensors slope = BARTIZAN_TRY(slopes_at(patient, rows, kSmoothing));
        double length = 0;
        for (std::size_t i = 0; i < slope.size(); ++i)
            length += (patient.parameters[i].detach().abs() * slope[i]).square().sum().item<double>();
        Tensors push;
        {
            const at::NoGradGuard no_grad;
            for (std::size_t i = 0; i < slope.size(); ++i) {
                push.push_back(patient.parameters[i].square() * slope[i] * (kRho / (std::sqrt(length) + 1e-12)));
                patient.parameters[i].add_(push[i]);
            }
        }
        auto there = slopes_at(patient, rows, kSmoothing);
        const at::NoGradGuard no_grad;
        for (std::size_t i = 0; i < slope.size(); ++i) patient.parameters[i].sub_(push[i]);
        return there;
    };
    return tune(patient, options, ctx, as_they_are, pushed);
}

/// A layer with weights: which dimension of them counts its outputs.
struct Layer {
    const graph::Node* node;
    at::Tensor weight;
    std::int64_t outputs_dim = 0;
};

std::vector<Layer> layers_of(Patient& patient) {
    std::vector<Layer> layers;
    const graph::Graph* graph = patient.model.graph();
    const std::vector<model::NamedTensor> named = patient.model.parameters();
    for (const graph::Node& node : graph->nodes) {
        const bool conv = node.op_type == "Conv", gemm = node.op_type == "Gemm", product = node.op_type == "MatMul";
        if (!node.domain.empty() || node.inputs.size() < 2 || !(conv || gemm || product)) continue;
        const auto found = std::ranges::find(named, node.inputs[1], &model::NamedTensor::name);
        if (found == named.end() || found->tensor.dim() < 2) continue;
        const auto transposed = node.integer("transB", 0);
        const bool rows = conv || (gemm && transposed.ok() && *transposed != 0);
        layers.push_back({&node, found->tensor, rows ? 0 : found->tensor.dim() - 1});
    }
    return layers;
}

/// One number a channel, as a factor for the whole weight.
at::Tensor spread(const at::Tensor& factors, const Layer& layer) {
    std::vector<std::int64_t> shape(static_cast<std::size_t>(layer.weight.dim()), 1);
    shape[static_cast<std::size_t>(layer.outputs_dim)] = factors.size(0);
    return factors.reshape(shape);
}

/// What goes into the last layer, on the clean rows: through a view of the model that ends there.
Result<at::Tensor> features_of(const Patient& patient, const Layer& last, const data::InputContract& contract) {
    graph::Graph graph = *patient.model.graph();
    graph.outputs = {{last.node->inputs[0], {}}};
    const auto view = BARTIZAN_TRY(patient.model.view(std::move(graph)));
    if (view->info().inputs.size() != 1) return unsupported("the model has several inputs");
    const auto classifier = BARTIZAN_TRY(model::make_classifier(view, patient.classifier.item_shape(), contract));
    const at::NoGradGuard no_grad;
    return classifier->logits(patient.x);
}

Result<void> fine_pruning(Patient& patient, const RepairOptions& options, const RunContext& ctx) {
    const std::vector<Layer> layers = layers_of(patient);
    if (layers.empty() || layers.back().weight.dim() != 2)
        return unsupported("the model does not end in a dense layer");
    const Layer& last = layers.back();
    const at::Tensor active = BARTIZAN_TRY(features_of(patient, last, options.contract)).abs().mean(0);
    const std::int64_t inputs_dim = 1 - last.outputs_dim;
    if (active.size(0) != last.weight.size(inputs_dim)) return unsupported("the last layer is not a plain dense one");
    const auto cut = static_cast<std::int64_t>(kSleeping * static_cast<double>(active.size(0)));
    const at::Tensor keep = at::ones({active.size(0)});
    keep.index_fill_(0, active.argsort().slice(0, 0, cut), 0);
    const at::Tensor factors = inputs_dim == 1 ? keep.unsqueeze(0) : keep.unsqueeze(1);
    const auto cut_off = [&] {
        const at::NoGradGuard no_grad;
        last.weight.mul_(factors);
    };
    cut_off();
    BARTIZAN_TRY(tune(patient, options, ctx, as_they_are, [&](const Rows& rows) { return slopes_at(patient, rows); }));
    cut_off();  // tuning may have woken them
    return {};
}

/// Adversarial neuron pruning (Wu, Wang 2021, equation 5): masks on channels, learned on clean rows while the weights
/// are pushed against the model; channels whose mask falls are those that the push reaches, and are cut off. The chain
/// rule is by hand: the slope of a channel's factor is the sum of slope times weight over the channel.
Result<void> anp(Patient& patient, const RepairOptions& options, const RunContext& ctx) {
    std::vector<Layer> layers = layers_of(patient);
    if (layers.size() < 2) return unsupported("the model has no hidden layer");
    layers.pop_back();
    Tensors weights, masks;
    Patient channels = patient;
    channels.parameters.clear();
    for (const Layer& layer : layers) {
        weights.push_back(layer.weight.detach().clone());
        masks.push_back(at::ones({layer.weight.size(layer.outputs_dim)}));
        channels.parameters.push_back(layer.weight);
    }
    const auto slopes_with = [&](const Rows& rows, const Tensors& factors) -> Result<Tensors> {
        {
            const at::NoGradGuard no_grad;
            for (std::size_t i = 0; i < layers.size(); ++i)
                layers[i].weight.copy_(weights[i] * spread(factors[i], layers[i]));
        }
        const Tensors slope = BARTIZAN_TRY(slopes_at(channels, rows));
        Tensors of_channel;
        for (std::size_t i = 0; i < layers.size(); ++i)
            of_channel.push_back((slope[i] * weights[i]).transpose(0, layers[i].outputs_dim).flatten(1).sum(1));
        return of_channel;
    };
    Feed feed(patient, options.batch, ctx.seed());
    for (int step = 0; step < kAnpSteps; ++step) {
        BARTIZAN_TRY(ctx.checkpoint());
        const Rows rows = feed.next();
        const Tensors plain = BARTIZAN_TRY(slopes_with(rows, masks));
        Tensors pushed;
        for (std::size_t i = 0; i < masks.size(); ++i) pushed.push_back(masks[i] + kPush * plain[i].sign());
        const Tensors worst = BARTIZAN_TRY(slopes_with(rows, pushed));
        for (std::size_t i = 0; i < masks.size(); ++i)
            masks[i] = (masks[i] - kMaskRate * (kAlpha * plain[i] + (1 - kAlpha) * worst[i])).clamp(0, 1);
    }
    const at::NoGradGuard no_grad;
    for (std::size_t i = 0; i < layers.size(); ++i)
        layers[i].weight.copy_(weights[i] * spread(masks[i].ge(kCut).to(at::kFloat), layers[i]));
    return {};
}

}  // namespace
}  // namespace repair_methods

at::Tensor others_of(const Patient& patient, const at::Tensor& labels) {
    return labels.ne(patient.target).nonzero().squeeze(1);
}

Result<void> apply(RepairMethod method, Patient& patient, const RepairOptions& options, const RunContext& ctx) {
    using namespace repair_methods;
    switch (method) {
        case RepairMethod::fine_pruning:
            return fine_pruning(patient, options, ctx);
        case RepairMethod::anp:
            return anp(patient, options, ctx);
        case RepairMethod::i_bau:
            return i_bau(patient, options, ctx);
        case RepairMethod::ft_sam:
            return ft_sam(patient, options, ctx);
        case RepairMethod::unlearning:
            return unlearning(patient, options, ctx);
        case RepairMethod::unlearning_change:
            return unlearning_more(patient, /*with_warp=*/false, options, ctx);
        case RepairMethod::unlearning_warp:
            return unlearning_more(patient, /*with_warp=*/true, options, ctx);
    }
    return {};
}

}  // namespace bartizan::training
