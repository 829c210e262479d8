#include "training/trainer.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/random.h"
#include "model/kernel.h"
#include "model/shards.h"
#include "model/tensors.h"
#include "training/objective.h"

namespace bartizan::training {
namespace {

constexpr std::int64_t kMaxValidation = 1000;
constexpr std::int64_t kShard = 64;  // rows a thread takes at a time; fixed, so that sums do not depend on threads
constexpr std::uint32_t kShufflePurpose = 100;

using Gradients = std::vector<at::Tensor>;

// Of the robust accuracy that was reached before: below it one-step training has collapsed (catastrophic overfitting).
constexpr double kCollapse = 0.6;
constexpr int kValidationSteps = 10;

/// One-cycle: up from a tenth to the peak in the first third, then down to nearly zero (Smith 2018).
double rate_at(double peak, std::int64_t step, std::int64_t steps) {
    const double t = static_cast<double>(step) / static_cast<double>(std::max<std::int64_t>(1, steps));
    constexpr double kRise = 1.0 / 3, kFirst = 0.1, kLast = 0.01;
    if (t < kRise) return peak * (kFirst + (1 - kFirst) * t / kRise);
    return peak * (1 - (1 - kLast) * (t - kRise) / (1 - kRise));
}

struct Pace {
    float scale, decay, momentum, rate;
};

/// The whole of a step in one pass over the weights, which small networks spend much of their time in.
__attribute__((target_clones("avx512f", "avx2", "default"))) void step(const float* __restrict gradient,
                                                                       float* __restrict velocity,
                                                                       float* __restrict weight, std::size_t count,
                                                                       Pace pace) {
    for (std::size_t i = 0; i < count; ++i) {
        const float g = gradient[i] * pace.scale + pace.decay * weight[i];
        velocity[i] = pace.momentum * velocity[i] + g;
        weight[i] -= pace.rate * (g + pace.momentum * velocity[i]);
    }
}

bool plain(const at::Tensor& tensor) {
    return tensor.scalar_type() == at::kFloat && tensor.is_contiguous() && tensor.device().is_cpu();
}

/// Weights of the last node that has some, and of what comes behind it (a bias).
std::set<std::string> last_weights(const graph::Graph& graph) {
    std::set<std::string> names;
    for (auto node = graph.nodes.rbegin(); node != graph.nodes.rend(); ++node) {
        for (const std::string& input : node->inputs)
            if (graph.initializers.contains(input)) names.insert(input);
        if (node->op_type == "Gemm" || node->op_type == "MatMul" || node->op_type == "Conv") return names;
    }
    return {};
}

/// The rows `ids` of `targets`.
Result<at::Tensor> soft_rows(const NdArray& targets, std::span<const std::int64_t> ids) {
    const std::int64_t classes = targets.shape()[1];
    at::Tensor out = at::empty({std::ssize(ids), classes}, at::kFloat);
    for (std::size_t i = 0; i < ids.size(); ++i) {
        if (ids[i] < 0 || ids[i] >= targets.shape()[0])
            return invalid_input(fmt::format("row {} has no soft target, there are {}", ids[i], targets.shape()[0]));
        std::copy_n(targets.values<float>().begin() + ids[i] * classes, classes,
                    out.data_ptr<float>() + static_cast<std::int64_t>(i) * classes);
    }
    return out;
}

Result<Shard> shard_of(const data::Batch& batch, const model::Chunk& chunk, const NdArray& soft_targets) {
    Shard shard;
    const NdArray rows = BARTIZAN_TRY(batch.x.rows(chunk.begin, chunk.count));
    shard.x = BARTIZAN_TRY(model::to_tensor(rows));
    shard.y = at::empty({chunk.count}, at::kLong);
    std::copy_n(batch.y.begin() + chunk.begin, chunk.count, shard.y.data_ptr<std::int64_t>());
    shard.ids.assign(batch.ids.begin() + chunk.begin, batch.ids.begin() + chunk.begin + chunk.count);
    if (soft_targets.rank() == 2) shard.soft = BARTIZAN_TRY(soft_rows(soft_targets, shard.ids));
    return shard;
}

class Trainer {
public:
    Trainer(model::Model& model, const model::Classifier& classifier, const data::Dataset& dataset,
            const Options& options, RunContext& ctx)
        : classifier_(classifier), dataset_(dataset), options_(options), ctx_(ctx) {
        const std::set<std::string> last = options.last_layer_only && model.graph() != nullptr
                                               ? last_weights(*model.graph())
                                               : std::set<std::string>();
        for (const model::NamedTensor& parameter : model.parameters()) {
            state_.push_back(parameter.tensor);
            if (!parameter.trainable) continue;
            if (!options.last_layer_only || last.contains(parameter.name)) parameters_.push_back(parameter.tensor);
        }
        // Batch statistics belong to the whole batch: such models are not cut into shards.
        shardable_ = !model.info().operators.contains("BatchNormalization");
    }

    Result<Outcome> run() {
        BARTIZAN_TRY(prepare());
        Outcome outcome;
        double best = -1;
        for (int number = 1; number <= options_.epochs; ++number) {
            auto epoch = run_epoch(number);
            if (!epoch.ok()) {
                if (epoch.error().code() == Errc::cancelled && !outcome.epochs.empty()) break;
                return std::move(epoch).error();
            }
            outcome.epochs.push_back(*epoch);
            const double score = epoch->validation_robust_accuracy.value_or(epoch->validation_accuracy);
            if (options_.objective.method == Method::fast && score < kCollapse * best) {
                // Its one step no longer finds what many steps find (Wong et al. 2020, section 5): go on with PGD.
                outcome.collapsed_at = number;
                options_.objective.method = Method::pgd;
                load(kept_);
            }
            if (score < best && !validation_.y.empty()) continue;
            best = score;
            outcome.best_epoch = number;
            kept_ = judged_;
        }
        restore_weights();
        return outcome;
    }

private:
    Result<void> prepare() {
        if (!dataset_.has_labels()) return invalid_input("the data has no labels", "training needs labelled data");
        const auto labels = dataset_.labels();
        const auto rows = static_cast<std::int64_t>(labels.size());
        if (rows < 2) return invalid_input(fmt::format("{} rows are too few to train on", rows));
        for (std::size_t row = 0; row < labels.size(); ++row)
            if (labels[row] < 0 || labels[row] >= classifier_.classes())
                return invalid_input(fmt::format("row {} has label {}, the model has classes 0 to {}", row, labels[row],
                                                 classifier_.classes() - 1));
        if (options_.last_layer_only && !shardable_)
            return unsupported("the last layer alone cannot be trained: batch normalisation would learn, too");
        const NdArray& soft = options_.soft_targets;
        if (soft.rank() == 2 && (soft.dtype() != DType::f32 || soft.shape()[1] != classifier_.classes()))
            return invalid_input(fmt::format("soft targets of shape {} for a model of {} classes",
                                             bartizan::to_string(soft.shape()), classifier_.classes()));
        if (parameters_.empty()) return unsupported("the model has no weights that can be trained");
        const std::vector<std::int64_t> order = permutation(rows, ctx_.seed(), kShufflePurpose);
        const bool judged = options_.validation_share > 0;
        const auto held_out =
            std::clamp<std::int64_t>(std::llround(options_.validation_share * static_cast<double>(rows)),
                                     judged ? 1 : 0, std::min(kMaxValidation, rows - 1));
        if (judged)
            validation_ = BARTIZAN_TRY(dataset_.read(std::span(order).first(static_cast<std::size_t>(held_out))));
        rows_.assign(order.begin() + held_out, order.end());
        for (at::Tensor& parameter : parameters_) {
            parameter.requires_grad_(true);
            velocity_.push_back(at::zeros_like(parameter));
        }
        return {};
    }

    Result<Epoch> run_epoch(int number) {
        const auto begin = ctx_.now();
        const std::string stage = fmt::format("epoch {} of {}", number, options_.epochs);
        const auto rows = static_cast<std::int64_t>(rows_.size());
        const std::int64_t steps = (rows + options_.batch_size - 1) / options_.batch_size;
        const std::vector<std::int64_t> order =
            permutation(rows, ctx_.seed(), kShufflePurpose + static_cast<std::uint32_t>(number));
        double loss = 0;
        for (std::int64_t step = 0; step < steps; ++step) {
            BARTIZAN_TRY(ctx_.checkpoint());
            const std::int64_t end = std::min(rows, (step + 1) * options_.batch_size);
            std::vector<std::int64_t> positions;
            for (std::int64_t i = step * options_.batch_size; i < end; ++i)
                positions.push_back(rows_[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])]);
            const data::Batch batch = BARTIZAN_TRY(dataset_.read(positions));
            loss += BARTIZAN_TRY(step_on(
                batch, number, rate_at(options_.learning_rate, (number - 1) * steps + step, options_.epochs * steps)));
            if (!std::isfinite(loss)) return invalid_input("training diverged: the loss is not a number", "lower --lr");
            ctx_.progress({stage, static_cast<std::uint64_t>(end), static_cast<std::uint64_t>(rows), "samples"});
        }
        ctx_.progress_finish();
        Epoch epoch{.number = number, .loss = loss / static_cast<double>(rows)};
        const Gradients own = average_.empty() ? Gradients() : copy_of(state_);
        if (!own.empty()) load(average_);
        epoch.validation_accuracy = BARTIZAN_TRY(accuracy(number, false));
        if (options_.objective.adversarial()) epoch.validation_robust_accuracy = BARTIZAN_TRY(accuracy(number, true));
        judged_ = copy_of(state_);
        if (!own.empty()) load(own);
        epoch.seconds = std::chrono::duration<double>(ctx_.now() - begin).count();
        return epoch;
    }

    /// One step of descent on `batch`; gives the sum of the losses before it.
    Result<double> step_on(const data::Batch& batch, int number, double rate) {
        const auto rows = static_cast<std::int64_t>(batch.y.size());
        const std::int64_t shard_rows = shardable_ ? kShard : rows;
        const auto shards = static_cast<std::size_t>((rows + shard_rows - 1) / shard_rows);
        std::vector<Work> work(shards);
        BARTIZAN_TRY(model::for_each_chunk(rows, shard_rows, ctx_, [&](const model::Chunk& chunk) -> Result<void> {
            Work& one = work[static_cast<std::size_t>(chunk.begin / shard_rows)];
            one.shard = BARTIZAN_TRY(shard_of(batch, chunk, options_.soft_targets));
            one.worked = BARTIZAN_TRY(worked_inputs(options_.objective, classifier_, one.shard, {ctx_.seed(), number}));
            return take_gradients(one);
        }));
        const double loss =
            std::accumulate(work.begin(), work.end(), 0.0, [](double sum, const Work& one) { return sum + one.loss; });
        if (options_.weight_perturbation > 0) BARTIZAN_TRY(perturb_weights(work));
        descend(work, rate, rows);
        if (options_.averaging > 0) follow();
        return loss;
    }

    /// One shard of a batch on its way through a step.
    struct Work {
        Shard shard;
        at::Tensor worked;
        Gradients gradients;
        double loss = 0;
    };

    Result<void> take_gradients(Work& work) const {
        const at::Tensor loss = BARTIZAN_TRY(loss_of(options_.objective, classifier_, work.shard, work.worked));
        work.loss = loss.item<double>();
        work.gradients = torch::autograd::grad({loss}, parameters_);
        return {};
    }

    /// Gradient of parameter `i`; shards are summed in their order.
    static at::Tensor sum_of(const std::vector<Work>& work, std::size_t i) {
        at::Tensor gradient = work[0].gradients[i].clone();
        for (std::size_t shard = 1; shard < work.size(); ++shard) gradient.add_(work[shard].gradients[i]);
        return gradient;
    }

    /// Adversarial weight perturbation (Wu et al. 2020, equation 10): gradients where the weights, too, are moved
    /// against the model, each layer by gamma of its own length.
    Result<void> perturb_weights(std::vector<Work>& work) {
        Gradients moves;
        {
            const at::NoGradGuard no_grad;
            for (std::size_t i = 0; i < parameters_.size(); ++i) {
                at::Tensor move = sum_of(work, i);
                const double length = move.norm().item<double>(), size = parameters_[i].norm().item<double>();
                const bool layer = parameters_[i].dim() > 1 && length > 0;
                moves.push_back(move.mul_(layer ? options_.weight_perturbation * size / length : 0));
                parameters_[i].add_(moves.back());
            }
        }
        auto done = model::for_each_chunk(static_cast<std::int64_t>(work.size()), 1, ctx_, [&](const model::Chunk& at) {
            return take_gradients(work[static_cast<std::size_t>(at.begin)]);
        });
        const at::NoGradGuard no_grad;
        for (std::size_t i = 0; i < parameters_.size(); ++i) parameters_[i].sub_(moves[i]);
        return done;
    }

    /// Nesterov momentum in the form of Sutskever et al. 2013.
    void descend(const std::vector<Work>& work, double rate, std::int64_t rows) {
        const at::NoGradGuard no_grad;
        for (std::size_t i = 0; i < parameters_.size(); ++i) {
            at::Tensor gradient = sum_of(work, i);
            if (plain(parameters_[i]) && plain(gradient)) {
                step(gradient.data_ptr<float>(), velocity_[i].data_ptr<float>(), parameters_[i].data_ptr<float>(),
                     static_cast<std::size_t>(gradient.numel()),
                     {.scale = static_cast<float>(1.0 / static_cast<double>(rows)),
                      .decay = static_cast<float>(options_.weight_decay),
                      .momentum = static_cast<float>(options_.momentum),
                      .rate = static_cast<float>(rate)});
                continue;
            }
            gradient.div_(static_cast<double>(rows)).add_(parameters_[i], options_.weight_decay);
            velocity_[i].mul_(options_.momentum).add_(gradient);
            parameters_[i].sub_(gradient.add_(velocity_[i], options_.momentum), rate);
        }
    }

    /// The running average follows the weights, faster while it is young.
    void follow() {
        const at::NoGradGuard no_grad;
        if (average_.empty()) average_ = copy_of(state_);
        const double decay = std::min(options_.averaging, (1.0 + steps_done_) / (10.0 + steps_done_));
        ++steps_done_;
        for (std::size_t i = 0; i < state_.size(); ++i) average_[i].mul_(decay).add_(state_[i], 1 - decay);
    }

    Result<double> accuracy(int number, bool attacked) const {
        const auto rows = static_cast<std::int64_t>(validation_.y.size());
        if (rows == 0) return 0.0;
        const Adversary& given = options_.objective.adversary;
        const Adversary judge{.eps = given.eps, .steps = std::max(given.steps, kValidationSteps)};
        std::vector<std::int64_t> correct(static_cast<std::size_t>((rows + kShard - 1) / kShard), 0);
        BARTIZAN_TRY(model::for_each_chunk(rows, kShard, ctx_, [&](const model::Chunk& chunk) -> Result<void> {
            Shard shard = BARTIZAN_TRY(shard_of(validation_, chunk, {}));
            if (attacked) shard.x = BARTIZAN_TRY(pgd_inputs(judge, classifier_, shard, {ctx_.seed(), number}));
            const at::NoGradGuard no_grad;
            const at::Tensor logits = BARTIZAN_TRY(classifier_.logits(shard.x));
            correct[static_cast<std::size_t>(chunk.begin / kShard)] =
                logits.argmax(1).eq(shard.y).sum().item<std::int64_t>();
            return {};
        }));
        return static_cast<double>(std::accumulate(correct.begin(), correct.end(), std::int64_t{0})) /
               static_cast<double>(rows);
    }

    static Gradients copy_of(const Gradients& tensors) {
        const at::NoGradGuard no_grad;
        Gradients copies;
        for (const at::Tensor& tensor : tensors) copies.push_back(tensor.detach().clone());
        return copies;
    }

    void load(const Gradients& weights) {
        const at::NoGradGuard no_grad;
        for (std::size_t i = 0; i < weights.size(); ++i) state_[i].copy_(weights[i]);
    }

    /// The best weights, and no gradients any more.
    void restore_weights() {
        load(kept_);
        for (at::Tensor& parameter : parameters_) parameter.requires_grad_(false);
    }

    const model::Classifier& classifier_;
    const data::Dataset& dataset_;
    Options options_;
    RunContext& ctx_;
    bool shardable_ = true;
    std::vector<at::Tensor> state_;  ///< parameters and running statistics
    std::vector<at::Tensor> parameters_, velocity_;
    Gradients average_;  ///< of the state; empty: none is kept
    Gradients judged_;   ///< the state that the last epoch's accuracies are of
    Gradients kept_;     ///< the best of those
    double steps_done_ = 0;
    data::Batch validation_;
    std::vector<std::int64_t> rows_;
};

}  // namespace

Result<Outcome> train(model::Model& model, const model::Classifier& classifier, const data::Dataset& dataset,
                      const Options& options, RunContext& ctx) {
    Outcome outcome;
    BARTIZAN_TRY(model::guarded([&]() -> Result<void> {
        outcome = BARTIZAN_TRY(Trainer(model, classifier, dataset, options, ctx).run());
        return {};
    }));
    return outcome;
}

}  // namespace bartizan::training
