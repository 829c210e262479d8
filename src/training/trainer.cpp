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
#include "training/checkpoint.h"
#include "training/descent.h"
#include "training/fingerprint.h"
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
        : model_(model), classifier_(classifier), dataset_(dataset), options_(options), ctx_(ctx) {
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
        BARTIZAN_TRY(resume());
        for (int number = static_cast<int>(outcome_.epochs.size()) + 1; number <= options_.epochs && !over();
             ++number) {
            auto epoch = run_epoch(number);
            if (!epoch.ok()) {
                outcome_.cancelled = epoch.error().code() == Errc::cancelled;
                if (outcome_.cancelled && !outcome_.epochs.empty()) break;
                return std::move(epoch).error();
            }
            BARTIZAN_TRY(take(*epoch));
        }
        restore_weights();
        return outcome_;
    }

private:
    /// The epoch is over: is it the best one, has one-step training collapsed, and where to go on from.
    Result<void> take(const Epoch& epoch) {
        outcome_.epochs.push_back(epoch);
        const double score = epoch.validation_robust_accuracy.value_or(epoch.validation_accuracy);
        if (options_.objective.method == Method::fast && score < kCollapse * best_) {
            // Its one step no longer finds what many steps find (Wong et al. 2020, section 5): go on with PGD.
            outcome_.collapsed_at = epoch.number;
            options_.objective.method = Method::pgd;
            load(kept_);
        }
        // Of equals the later: it has learnt longer. But waiting for a better one is waiting for a better one.
        const bool better = score > best_ || validation_.y.empty();
        waited_ = better ? 0 : waited_ + 1;
        if (better || score == best_) {
            best_ = score;
            outcome_.best_epoch = epoch.number;
            kept_ = judged_;
        }
        if (options_.resumption.file.empty()) return {};
        return save_checkpoint(options_.resumption.file, BARTIZAN_TRY(checkpoint()));
    }

    /// True when waiting any longer was not asked for.
    bool over() {
        outcome_.stopped_early = options_.patience > 0 && waited_ >= options_.patience;
        return outcome_.stopped_early;
    }

    static Result<void> put(Checkpoint& into, const std::string& kind, const Gradients& tensors) {
        for (std::size_t i = 0; i < tensors.size(); ++i)
            into.arrays.emplace(fmt::format("{}.{}", kind, i), BARTIZAN_TRY(model::to_array(tensors[i])));
        return {};
    }

    Result<Checkpoint> checkpoint() const {
        Checkpoint out{.fingerprint = fingerprint_, .outcome = outcome_, .best = best_, .steps_done = steps_done_};
        out.waited = waited_;
        BARTIZAN_TRY(put(out, "state", state_));
        BARTIZAN_TRY(put(out, "velocity", velocity_));
        BARTIZAN_TRY(put(out, "average", average_));
        BARTIZAN_TRY(put(out, "kept", kept_));
        if (carried_.defined()) BARTIZAN_TRY(put(out, "carried", {carried_}));
        return out;
    }

    /// Tensors of `kind`, shaped like `like`.
    static Result<Gradients> taken(const Checkpoint& from, const std::string& kind, const Gradients& like) {
        Gradients tensors;
        for (std::size_t i = 0; i < like.size(); ++i) {
            const auto found = from.arrays.find(fmt::format("{}.{}", kind, i));
            if (found == from.arrays.end() || found->second.shape() != Shape(like[i].sizes().vec()))
                return invalid_input(fmt::format("the checkpoint lacks {} {}, or it has another shape", kind, i));
            tensors.push_back(BARTIZAN_TRY(model::to_tensor(found->second)));
        }
        return tensors;
    }

    Result<void> resume() {
        const Resumption& wanted = options_.resumption;
        if (wanted.file.empty()) return {};
        fingerprint_ = BARTIZAN_TRY(fingerprint_of(model_, dataset_, options_, ctx_.seed()));
        if (!wanted.resume || !std::filesystem::exists(wanted.file)) return {};
        const Checkpoint from = BARTIZAN_TRY(load_checkpoint(wanted.file));
        if (from.fingerprint != fingerprint_)
            return Error(Errc::conflict, fmt::format("'{}' is of another training", wanted.file.string()),
                         "give the same model, data, seed and parameters as then, or leave --resume away");
        const Gradients kept = BARTIZAN_TRY(taken(from, "kept", state_));
        const Gradients state = BARTIZAN_TRY(taken(from, "state", state_));
        velocity_ = BARTIZAN_TRY(taken(from, "velocity", velocity_));
        if (options_.averaging > 0) average_ = BARTIZAN_TRY(taken(from, "average", state_));
        if (options_.objective.method == Method::free)
            carried_ = BARTIZAN_TRY(taken(from, "carried", {BARTIZAN_TRY(no_changes())}))[0];
        load(state);
        kept_ = kept;
        outcome_ = from.outcome;
        outcome_.resumed_after = static_cast<int>(outcome_.epochs.size());
        best_ = from.best;
        steps_done_ = from.steps_done;
        waited_ = from.waited;
        if (outcome_.collapsed_at > 0) options_.objective.method = Method::pgd;
        return {};
    }

    /// Of `free`: a change for each place of a batch, none so far.
    Result<at::Tensor> no_changes() const {
        Shape shape = dataset_.info().item_shape;
        shape.insert(shape.begin(), options_.batch_size);
        return model::to_tensor(BARTIZAN_TRY(NdArray::zeros(DType::f32, shape)));
    }

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
        if (options_.augmentation.any())
            axes_ = BARTIZAN_TRY(picture_axes(dataset_.info().item_shape, options_.augmentation));
        if (options_.objective.method == Method::free) carried_ = BARTIZAN_TRY(no_changes());
        for (at::Tensor& parameter : parameters_) {
            parameter.requires_grad_(true);
            velocity_.push_back(at::zeros_like(parameter));
        }
        return {};
    }

    Result<Epoch> run_epoch(int number) {
        const auto begin = ctx_.now();
        const std::string stage = stage_of(number);
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
            data::Batch batch = BARTIZAN_TRY(dataset_.read(positions));
            if (options_.augmentation.any()) {
                batch.x = BARTIZAN_TRY(NdArray::from<float>(batch.x.shape(), batch.x.values<float>()));  // its own
                augment(batch.x, batch.ids, axes_, options_.augmentation, ctx_.seed(), number);
            }
            const double rate = rate_at(options_.schedule, options_.learning_rate, (number - 1) * steps + step,
                                        options_.epochs * steps);
            loss += options_.objective.method == Method::free ? BARTIZAN_TRY(replay(batch, rate))
                                                              : BARTIZAN_TRY(step_on(batch, number, rate));
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

    std::string stage_of(int number) const {
        std::string stage = fmt::format("epoch {} of {}", number, options_.epochs);
        if (outcome_.epochs.empty()) return stage;
        const Epoch& last = outcome_.epochs.back();
        stage += fmt::format(", so far {:.1f} % right", 100 * last.validation_accuracy);
        if (last.validation_robust_accuracy)
            stage += fmt::format(", {:.1f} % under attack", 100 * *last.validation_robust_accuracy);
        return stage;
    }

    /// Shafahi et al. 2019, algorithm 1: the batch several times in a row; each backward pass moves the weights down
    /// and the changes up, and the changes go on from where the last batch left them. Gives the mean over the replays
    /// of the sum of losses.
    Result<double> replay(const data::Batch& batch, double rate) {
        const auto rows = static_cast<std::int64_t>(batch.y.size());
        const std::int64_t shard_rows = shardable_ ? kShard : rows;
        const double eps = options_.objective.adversary.eps;
        std::vector<Work> work(static_cast<std::size_t>((rows + shard_rows - 1) / shard_rows));
        double loss = 0;
        for (int again = 0; again < options_.objective.replays; ++again) {
            BARTIZAN_TRY(model::for_each_chunk(rows, shard_rows, ctx_, [&](const model::Chunk& chunk) -> Result<void> {
                Work& one = work[static_cast<std::size_t>(chunk.begin / shard_rows)];
                if (again == 0) one.shard = BARTIZAN_TRY(shard_of(batch, chunk, options_.soft_targets));
                at::Tensor changes = carried_.slice(0, chunk.begin, chunk.begin + chunk.count);
                one.worked = (one.shard.x + changes).clamp_(0, 1).requires_grad_(true);
                BARTIZAN_TRY(take_gradients(one));
                const at::NoGradGuard no_grad;
                changes.add_(one.slope.sign_(), eps).clamp_(-eps, eps);
                return {};
            }));
            for (const Work& one : work) loss += one.loss / options_.objective.replays;
            descend_by(work, rate, rows);
            if (options_.averaging > 0) follow();
        }
        return loss;
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
        descend_by(work, rate, rows);
        if (options_.averaging > 0) follow();
        return loss;
    }

    /// One shard of a batch on its way through a step.
    struct Work {
        Shard shard;
        at::Tensor worked;
        Gradients gradients;
        at::Tensor slope;  ///< by `worked`, where that requires one
        double loss = 0;
    };

    Result<void> take_gradients(Work& work) const {
        const at::Tensor loss = BARTIZAN_TRY(loss_of(options_.objective, classifier_, work.shard, work.worked));
        work.loss = loss.item<double>();
        Gradients by = parameters_;
        if (work.worked.requires_grad()) by.push_back(work.worked);
        work.gradients = torch::autograd::grad({loss}, by);
        if (!work.worked.requires_grad()) return {};
        work.slope = work.gradients.back();
        work.gradients.pop_back();
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

    void descend_by(const std::vector<Work>& work, double rate, std::int64_t rows) {
        const Pace pace{1.0 / static_cast<double>(rows), options_.weight_decay, options_.momentum, rate};
        for (std::size_t i = 0; i < parameters_.size(); ++i)
            descend(parameters_[i], velocity_[i], sum_of(work, i), pace);
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

    const model::Model& model_;
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
    at::Tensor carried_;  ///< of `free`: [batch, item], the changes of the batch before
    PictureAxes axes_;
    std::string fingerprint_;  ///< empty: no checkpoints are kept
    Outcome outcome_;
    double best_ = -1;
    int waited_ = 0;  ///< epochs since the best one
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
