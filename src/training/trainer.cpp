#include "training/trainer.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/random.h"
#include "model/kernel.h"
#include "model/shards.h"
#include "model/tensors.h"

namespace bartizan::training {
namespace {

constexpr std::int64_t kMaxValidation = 1000;
constexpr std::int64_t kShard = 64;  // rows a thread takes at a time; fixed, so that sums do not depend on threads
constexpr std::uint32_t kShufflePurpose = 100;
constexpr std::uint32_t kStartPurpose = 200'000;

using Gradients = std::vector<at::Tensor>;

at::Tensor sum_cross_entropy(const at::Tensor& logits, const at::Tensor& y) {
    return at::cross_entropy_loss(logits, y, {}, 2 /* sum */);
}

/// One-cycle: up from a tenth to the peak in the first third, then down to nearly zero (Smith 2018).
double rate_at(double peak, std::int64_t step, std::int64_t steps) {
    const double t = static_cast<double>(step) / static_cast<double>(std::max<std::int64_t>(1, steps));
    constexpr double kRise = 1.0 / 3, kFirst = 0.1, kLast = 0.01;
    if (t < kRise) return peak * (kFirst + (1 - kFirst) * t / kRise);
    return peak * (1 - (1 - kLast) * (t - kRise) / (1 - kRise));
}

/// Rows and labels of one shard as tensors.
struct Shard {
    at::Tensor x, y;
    std::vector<std::int64_t> ids;
};

Result<Shard> shard_of(const data::Batch& batch, const model::Chunk& chunk) {
    Shard shard;
    const NdArray rows = BARTIZAN_TRY(batch.x.rows(chunk.begin, chunk.count));
    shard.x = BARTIZAN_TRY(model::to_tensor(rows));
    shard.y = at::empty({chunk.count}, at::kLong);
    std::copy_n(batch.y.begin() + chunk.begin, chunk.count, shard.y.data_ptr<std::int64_t>());
    shard.ids.assign(batch.ids.begin() + chunk.begin, batch.ids.begin() + chunk.begin + chunk.count);
    return shard;
}

class Trainer {
public:
    Trainer(model::Model& model, const model::Classifier& classifier, const data::Dataset& dataset,
            const Options& options, RunContext& ctx)
        : classifier_(classifier), dataset_(dataset), options_(options), ctx_(ctx) {
        for (const model::NamedTensor& parameter : model.parameters()) {
            state_.push_back(parameter.tensor);
            if (parameter.trainable) parameters_.push_back(parameter.tensor);
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
            if (score < best) continue;
            best = score;
            outcome.best_epoch = number;
            keep_weights();
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
        if (parameters_.empty()) return unsupported("the model has no weights that can be trained");
        const std::vector<std::int64_t> order = permutation(rows, ctx_.seed(), kShufflePurpose);
        const auto held_out = std::clamp<std::int64_t>(
            std::llround(options_.validation_share * static_cast<double>(rows)), 1, std::min(kMaxValidation, rows - 1));
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
            if (!std::isfinite(loss))
                return invalid_input("training diverged: the loss is not a number", "lower --lr");
            ctx_.progress({stage, static_cast<std::uint64_t>(end), static_cast<std::uint64_t>(rows), "samples"});
        }
        ctx_.progress_finish();
        Epoch epoch{.number = number, .loss = loss / static_cast<double>(rows)};
        epoch.validation_accuracy = BARTIZAN_TRY(accuracy(number, false));
        if (options_.adversary) epoch.validation_robust_accuracy = BARTIZAN_TRY(accuracy(number, true));
        epoch.seconds = std::chrono::duration<double>(ctx_.now() - begin).count();
        return epoch;
    }

    /// One step of descent on `batch`; gives the sum of the losses before it.
    Result<double> step_on(const data::Batch& batch, int number, double rate) {
        const auto rows = static_cast<std::int64_t>(batch.y.size());
        const std::int64_t shard_rows = shardable_ ? kShard : rows;
        const auto shards = static_cast<std::size_t>((rows + shard_rows - 1) / shard_rows);
        std::vector<Gradients> gradients(shards);
        std::vector<double> losses(shards, 0);
        BARTIZAN_TRY(model::for_each_chunk(rows, shard_rows, ctx_, [&](const model::Chunk& chunk) -> Result<void> {
            Shard shard = BARTIZAN_TRY(shard_of(batch, chunk));
            if (options_.adversary) shard.x = BARTIZAN_TRY(worst_inputs(shard, number));
            const at::Tensor logits = BARTIZAN_TRY(classifier_.logits(shard.x, model::Mode::training));
            const at::Tensor loss = sum_cross_entropy(logits, shard.y);
            const auto at = static_cast<std::size_t>(chunk.begin / shard_rows);
            losses[at] = loss.item<double>();
            gradients[at] = torch::autograd::grad({loss}, parameters_);
            return {};
        }));
        descend(gradients, rate, rows);
        return std::accumulate(losses.begin(), losses.end(), 0.0);
    }

    /// Nesterov momentum in the form of Sutskever et al. 2013; shards are summed in their order.
    void descend(std::vector<Gradients>& gradients, double rate, std::int64_t rows) {
        const at::NoGradGuard no_grad;
        for (std::size_t i = 0; i < parameters_.size(); ++i) {
            at::Tensor gradient = gradients[0][i].clone();
            for (std::size_t shard = 1; shard < gradients.size(); ++shard) gradient.add_(gradients[shard][i]);
            gradient.div_(static_cast<double>(rows)).add_(parameters_[i], options_.weight_decay);
            velocity_[i].mul_(options_.momentum).add_(gradient);
            parameters_[i].sub_(gradient.add_(velocity_[i], options_.momentum), rate);
        }
    }

    /// Projected gradient ascent from a random start within the ball (Madry et al. 2018, section 2.1).
    Result<at::Tensor> worst_inputs(const Shard& shard, int number) const {
        const double eps = options_.adversary->eps;
        const int steps = options_.adversary->steps;
        const double length = options_.adversary->step > 0 ? options_.adversary->step : 2.5 * eps / steps;
        const at::Tensor low = (shard.x - eps).clamp_min_(0), high = (shard.x + eps).clamp_max_(1);
        at::Tensor x = (shard.x + random_start(shard, number, eps)).maximum(low).minimum(high);
        for (int step = 0; step < steps; ++step) {
            x.requires_grad_(true);
            const at::Tensor logits = BARTIZAN_TRY(classifier_.logits(x));
            const at::Tensor gradient = torch::autograd::grad({sum_cross_entropy(logits, shard.y)}, {x})[0];
            const at::NoGradGuard no_grad;
            x = (x.detach() + gradient.sign().mul_(length)).maximum(low).minimum(high);
        }
        return x.detach();
    }

    at::Tensor random_start(const Shard& shard, int number, double eps) const {
        at::Tensor start = at::empty(shard.x.sizes(), at::kFloat);
        const std::int64_t length = start.numel() / std::max<std::int64_t>(1, start.size(0));
        for (std::size_t row = 0; row < shard.ids.size(); ++row) {
            Random random(ctx_.seed(), static_cast<std::uint64_t>(shard.ids[row]),
                          kStartPurpose + static_cast<std::uint32_t>(number));
            float* values = start.data_ptr<float>() + static_cast<std::int64_t>(row) * length;
            random.fill_uniform({values, static_cast<std::size_t>(length)}, static_cast<float>(-eps),
                                static_cast<float>(eps));
        }
        return start;
    }

    Result<double> accuracy(int number, bool attacked) const {
        const auto rows = static_cast<std::int64_t>(validation_.y.size());
        std::vector<std::int64_t> correct(static_cast<std::size_t>((rows + kShard - 1) / kShard), 0);
        BARTIZAN_TRY(model::for_each_chunk(rows, kShard, ctx_, [&](const model::Chunk& chunk) -> Result<void> {
            Shard shard = BARTIZAN_TRY(shard_of(validation_, chunk));
            if (attacked) shard.x = BARTIZAN_TRY(worst_inputs(shard, number));
            const at::NoGradGuard no_grad;
            const at::Tensor logits = BARTIZAN_TRY(classifier_.logits(shard.x));
            correct[static_cast<std::size_t>(chunk.begin / kShard)] =
                logits.argmax(1).eq(shard.y).sum().item<std::int64_t>();
            return {};
        }));
        return static_cast<double>(std::accumulate(correct.begin(), correct.end(), std::int64_t{0})) /
               static_cast<double>(rows);
    }

    void keep_weights() {
        const at::NoGradGuard no_grad;
        kept_.clear();
        for (const at::Tensor& tensor : state_) kept_.push_back(tensor.detach().clone());
    }

    /// The best weights, and no gradients any more.
    void restore_weights() {
        const at::NoGradGuard no_grad;
        for (std::size_t i = 0; i < kept_.size(); ++i) state_[i].copy_(kept_[i]);
        for (at::Tensor& parameter : parameters_) parameter.requires_grad_(false);
    }

    const model::Classifier& classifier_;
    const data::Dataset& dataset_;
    Options options_;
    RunContext& ctx_;
    bool shardable_ = true;
    std::vector<at::Tensor> state_;  ///< parameters and running statistics
    std::vector<at::Tensor> parameters_, velocity_, kept_;
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
