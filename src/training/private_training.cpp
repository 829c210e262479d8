#include "training/private_training.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>
#include <fmt/format.h>

#include "crypto/random_stream.h"
#include "model/kernel.h"
#include "model/row_gradients.h"
#include "model/shards.h"
#include "model/tensors.h"

namespace bartizan::training {
namespace private_training {
namespace {

constexpr std::int64_t kShard = 64;  // rows a thread takes at a time
constexpr double kHeld = 2.0 / 3;    // of the steps, at the full learning rate

using Gradients = std::vector<at::Tensor>;

double rate_at(double peak, std::int64_t step, std::int64_t steps) {
    const double t = static_cast<double>(step) / static_cast<double>(steps);
    return t < kHeld ? peak : peak * (1 - t) / (1 - kHeld);
}

/// Labels there are and the model knows them; the promise means something.
Result<void> check_rows(const data::Dataset& dataset, const model::Classifier& classifier, double delta) {
    if (!dataset.has_labels()) return invalid_input("the data has no labels", "training needs labelled data");
    const auto labels = dataset.labels();
    for (std::size_t row = 0; row < labels.size(); ++row)
        if (labels[row] < 0 || labels[row] >= classifier.classes())
            return invalid_input(fmt::format("row {} has label {}, the model has classes 0 to {}", row, labels[row],
                                             classifier.classes() - 1));
    const auto rows = static_cast<double>(labels.size());
    if (rows < 2) return invalid_input(fmt::format("{} rows are too few to train on", labels.size()));
    if (!(delta > 0 && delta * rows < 1))
        return invalid_input(fmt::format("delta {} promises nothing for {} rows", delta, labels.size()),
                             "it is the chance that the promise fails for a row: keep it well below 1 / rows");
    return {};
}

/// What nobody may know: who was drawn, and the noise.
struct Secrets {
    crypto::RandomStream sample, noise;
};

Result<Secrets> secrets_of(const std::optional<std::uint64_t>& seed) {
    using crypto::RandomStream;
    RandomStream sample = BARTIZAN_TRY(seed ? RandomStream::from_seed(*seed, 1) : RandomStream::from_system());
    RandomStream noise = BARTIZAN_TRY(seed ? RandomStream::from_seed(*seed, 2) : RandomStream::from_system());
    return Secrets{std::move(sample), std::move(noise)};
}

class PrivateTrainer {
public:
    PrivateTrainer(model::Model& model, const model::Classifier& classifier, const data::Dataset& dataset,
                   const PrivateOptions& options, RunContext& ctx, Secrets secrets)
        : model_(model),
          classifier_(classifier),
          dataset_(dataset),
          options_(options),
          ctx_(ctx),
          secrets_(std::move(secrets)) {
        for (const model::NamedTensor& parameter : model.parameters())
            if (parameter.trainable) weights_.push_back(parameter);
    }

    Result<PrivateOutcome> run() {
        BARTIZAN_TRY(prepare());
        for (int number = 1; number <= options_.epochs; ++number) {
            auto epoch = run_epoch(number);
            if (!epoch.ok()) {
                if (epoch.error().code() == Errc::cancelled && !outcome_.epochs.empty()) break;
                return std::move(epoch).error();
            }
            outcome_.epochs.push_back(*epoch);
        }
        for (model::NamedTensor& weight : weights_) weight.tensor.requires_grad_(false);
        outcome_.renyi = privacy::renyi_epsilon(outcome_.mechanism, options_.delta);
        outcome_.spent = BARTIZAN_TRY(spent());
        return outcome_;
    }

private:
    Result<void> prepare() {
        BARTIZAN_TRY(check_rows(dataset_, classifier_, options_.delta));
        if (model_.graph() == nullptr) return unsupported("a model without a graph cannot be trained privately");
        BARTIZAN_TRY(model::check_row_gradients(*model_.graph(), weights_));
        if (weights_.empty()) return unsupported("the model has no weights that can be trained");
        outcome_.rows = static_cast<std::int64_t>(dataset_.labels().size());
        const auto rows = static_cast<double>(outcome_.rows);
        outcome_.mechanism.rate = std::min(1.0, static_cast<double>(options_.batch_size) / rows);
        steps_per_epoch_ = std::max<std::int64_t>(1, std::llround(1 / outcome_.mechanism.rate));
        const std::int64_t steps = steps_per_epoch_ * options_.epochs;
        outcome_.mechanism.noise =
            options_.noise > 0
                ? options_.noise
                : BARTIZAN_TRY(privacy::noise_for(options_.epsilon, options_.delta, outcome_.mechanism.rate, steps));
        for (model::NamedTensor& weight : weights_) {
            weight.tensor.requires_grad_(true);
            velocity_.push_back(at::zeros_like(weight.tensor));
        }
        return {};
    }

    Result<PrivateEpoch> run_epoch(int number) {
        const auto begin = ctx_.now();
        const std::string stage = fmt::format("epoch {} of {}", number, options_.epochs);
        PrivateEpoch epoch{.number = number};
        double loss = 0, clipped = 0, drawn = 0;
        for (std::int64_t step = 0; step < steps_per_epoch_; ++step) {
            BARTIZAN_TRY(ctx_.checkpoint());
            const std::vector<std::int64_t> rows = sample();
            const Sums sums = BARTIZAN_TRY(sums_of(rows));
            loss += sums.loss;
            clipped += static_cast<double>(sums.clipped);
            drawn += static_cast<double>(rows.size());
            if (!std::isfinite(loss)) return invalid_input("training diverged: the loss is not a number", "lower --lr");
            BARTIZAN_TRY(descend(sums.gradients, rate_at(options_.learning_rate, outcome_.mechanism.steps++,
                                                         steps_per_epoch_ * options_.epochs)));
            ctx_.progress(
                {stage, static_cast<std::uint64_t>(step + 1), static_cast<std::uint64_t>(steps_per_epoch_), "steps"});
        }
        ctx_.progress_finish();
        epoch.loss = drawn > 0 ? loss / drawn : 0;
        epoch.clipped = drawn > 0 ? clipped / drawn : 0;
        epoch.seconds = std::chrono::duration<double>(ctx_.now() - begin).count();
        epoch.epsilon = BARTIZAN_TRY(spent()).high;
        return epoch;
    }

    /// To a hundredth, as the noise was found; coarser where it is no promise any more and the grid would be huge.
    Result<privacy::PrivacyLossBound> spent() const {
        constexpr double kError = 0.01, kNoPromise = 50, kShare = 1.0 / 500;
        const double about = privacy::renyi_epsilon(outcome_.mechanism, options_.delta).epsilon;
        return privacy::privacy_loss_epsilon(outcome_.mechanism, options_.delta,
                                             about < kNoPromise ? kError : kShare * about);
    }

    /// Each row with the same chance, on its own: what the accountant reckons with.
    std::vector<std::int64_t> sample() {
        std::vector<std::int64_t> rows;
        for (std::int64_t row = 0; row < outcome_.rows; ++row)
            if (secrets_.sample.uniform53() < outcome_.mechanism.rate) rows.push_back(row);
        return rows;
    }

    struct Sums {
        Gradients gradients;  ///< empty when no row was drawn
        std::int64_t clipped = 0;
        double loss = 0;
    };

    Result<Sums> sums_of(const std::vector<std::int64_t>& rows) const {
        Sums total;
        if (rows.empty()) return total;
        const data::Batch batch = BARTIZAN_TRY(dataset_.read(rows));
        const auto count = static_cast<std::int64_t>(rows.size());
        std::vector<Sums> shards(static_cast<std::size_t>((count + kShard - 1) / kShard));
        BARTIZAN_TRY(model::for_each_chunk(count, kShard, ctx_, [&](const model::Chunk& chunk) -> Result<void> {
            shards[static_cast<std::size_t>(chunk.begin / kShard)] = BARTIZAN_TRY(sums_of(batch, chunk));
            return {};
        }));
        for (Sums& shard : shards) {
            total.clipped += shard.clipped;
            total.loss += shard.loss;
            if (total.gradients.empty())
                total.gradients = std::move(shard.gradients);
            else
                for (std::size_t i = 0; i < weights_.size(); ++i) total.gradients[i].add_(shard.gradients[i]);
        }
        return total;
    }

    Result<Sums> sums_of(const data::Batch& batch, const model::Chunk& chunk) const {
        const NdArray part = BARTIZAN_TRY(batch.x.rows(chunk.begin, chunk.count));
        const at::Tensor x = BARTIZAN_TRY(model::to_tensor(part));
        const NdArray labels = BARTIZAN_TRY(NdArray::from<std::int64_t>(
            {chunk.count},
            std::span(batch.y).subspan(static_cast<std::size_t>(chunk.begin), static_cast<std::size_t>(chunk.count))));
        const at::Tensor y = BARTIZAN_TRY(model::to_tensor(labels));
        const model::Tapping tapping;
        const at::Tensor logits = BARTIZAN_TRY(classifier_.logits(x, model::Mode::training));
        const at::Tensor loss = at::cross_entropy_loss(logits, y, {}, 2 /* sum */);
        model::ClippedSum sum = BARTIZAN_TRY(
            model::clipped_row_gradients(*model_.graph(), weights_, tapping.taps(), loss, chunk.count, options_.clip));
        return Sums{std::move(sum.gradients), sum.clipped, loss.item<double>()};
    }

    /// Noise on every weight, drawn or not; divided by the expected number of rows, since the real one is a secret.
    Result<void> descend(const Gradients& sums, double rate) {
        const at::NoGradGuard no_grad;
        const double expected = outcome_.mechanism.rate * static_cast<double>(outcome_.rows);
        std::vector<at::Tensor> noise = BARTIZAN_TRY(make_noise());
        for (std::size_t i = 0; i < weights_.size(); ++i) {
            noise[i].mul_(outcome_.mechanism.noise * options_.clip);
            if (i < sums.size() && sums[i].defined()) noise[i].add_(sums[i]);
            velocity_[i].mul_(options_.momentum).add_(noise[i], 1 / expected);
            weights_[i].tensor.sub_(velocity_[i], rate);
        }
        return {};
    }

    /// A standard normal number for each weight, in pieces with a stream each, so that it does not matter which thread
    /// makes which.
    Result<std::vector<at::Tensor>> make_noise() {
        constexpr std::size_t kPiece = 1 << 14;
        struct Piece {
            crypto::RandomStream random;
            std::span<float> out;
        };
        std::vector<at::Tensor> noise;
        std::vector<Piece> pieces;
        for (const at::Tensor& like : velocity_) {
            noise.push_back(at::empty_like(like));
            std::span<float> rest(noise.back().data_ptr<float>(), static_cast<std::size_t>(like.numel()));
            for (; !rest.empty(); rest = rest.subspan(std::min(rest.size(), kPiece)))
                pieces.push_back({BARTIZAN_TRY(secrets_.noise.fork()), rest.first(std::min(rest.size(), kPiece))});
        }
        BARTIZAN_TRY(model::for_each_chunk(std::ssize(pieces), 1, ctx_, [&](const model::Chunk& chunk) -> Result<void> {
            Piece& piece = pieces[static_cast<std::size_t>(chunk.begin)];
            piece.random.fill_normal(piece.out);
            return {};
        }));
        return noise;
    }

    model::Model& model_;
    const model::Classifier& classifier_;
    const data::Dataset& dataset_;
    const PrivateOptions& options_;
    RunContext& ctx_;
    Secrets secrets_;
    std::vector<model::NamedTensor> weights_;
    Gradients velocity_;
    std::int64_t steps_per_epoch_ = 0;
    PrivateOutcome outcome_;
};

}  // namespace
}  // namespace private_training

Result<PrivateOutcome> train_privately(model::Model& model, const model::Classifier& classifier,
                                       const data::Dataset& dataset, const PrivateOptions& options, RunContext& ctx) {
    auto secrets = BARTIZAN_TRY(private_training::secrets_of(options.seed));
    PrivateOutcome outcome;
    BARTIZAN_TRY(model::guarded([&]() -> Result<void> {
        outcome = BARTIZAN_TRY(
            private_training::PrivateTrainer(model, classifier, dataset, options, ctx, std::move(secrets)).run());
        return {};
    }));
    return outcome;
}

}  // namespace bartizan::training
