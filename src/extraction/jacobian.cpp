// Jacobian-based augmentation (Papernot et al. 2017, algorithm 1): the attacker has a handful of items and makes more
// along the gradient of the copy; with random-target the variant T-RND of PRADA (Juuti et al. 2019, section 4.2).
#include <algorithm>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/random.h"
#include "extraction/attacks.h"
#include "model/shards.h"
#include "model/tensors.h"

namespace bartizan::extraction::jacobian {
namespace {

constexpr std::uint32_t kSeedPurpose = 520, kTargetPurpose = 521;
constexpr std::int64_t kChunk = 64;

class Jacobian final : public LearningAttack {
public:
    Jacobian(const Params& params, const Start& start)
        : LearningAttack(start, true),
          seeds_(std::min(params.integer("seeds"), start.pool->x.shape()[0])),
          lambda_(params.number("lambda")),
          steps_(params.integer("steps")),
          random_target_(params.flag("random-target")) {
        const auto values = start.pool->x.values<float>();
        const std::size_t size = item_size();
        low_.assign(size, 0);
        high_.assign(size, 1);
        if (start.info.kind == data::Kind::image) return;
        for (std::size_t i = 0; i < size; ++i) low_[i] = high_[i] = values[i];
        for (std::size_t i = 0; i < values.size(); ++i) {
            low_[i % size] = std::min(low_[i % size], values[i]);
            high_[i % size] = std::max(high_[i % size], values[i]);
        }
    }

    Result<void> ask(Victim& victim, std::int64_t queries, RunContext& ctx) override {
        if (transcript_.rows() == 0) {
            auto order = permutation(start_.pool->x.shape()[0], start_.seed, kSeedPurpose);
            order.resize(static_cast<std::size_t>(std::min(seeds_, queries)));
            BARTIZAN_TRY(ask_rows(victim, BARTIZAN_TRY(items_at(order)), ctx));
            frontier_ = transcript_.rows();
        }
        while (transcript_.rows() < queries) {
            BARTIZAN_TRY(ctx.checkpoint());
            if (next_ == frontier_) next_ = 0, frontier_ = transcript_.rows();
            if (next_ == 0) copy_ = BARTIZAN_TRY(copy(ctx));
            const std::int64_t rows = std::min({kBatch, frontier_ - next_, queries - transcript_.rows()});
            BARTIZAN_TRY(ask_rows(victim, BARTIZAN_TRY(augmented(next_, rows, ctx)), ctx));
            next_ += rows;
            ctx.progress({"asking", static_cast<std::uint64_t>(transcript_.rows()), static_cast<std::uint64_t>(queries),
                          "queries"});
        }
        ctx.progress_finish();
        return {};
    }

private:
    /// Items [begin, begin + rows) of the transcript, moved.
    Result<NdArray> augmented(std::int64_t begin, std::int64_t rows, const RunContext& ctx) const {
        NdArray out = BARTIZAN_TRY(blank(rows));
        const std::size_t size = item_size();
        std::ranges::copy(std::span(transcript_.items).subspan(static_cast<std::size_t>(begin) * size,
                                                              static_cast<std::size_t>(rows) * size),
                          out.mutable_values<float>().begin());
        const std::span<float> values = out.mutable_values<float>();
        BARTIZAN_TRY(model::for_each_chunk(rows, kChunk, ctx, [&](const model::Chunk& chunk) -> Result<void> {
            for (std::int64_t step = 0; step < steps_; ++step) {
                const at::Tensor sign = BARTIZAN_TRY(direction(out, begin, chunk));
                const float* const towards = sign.data_ptr<float>();
                const std::size_t first = static_cast<std::size_t>(chunk.begin) * size;
                for (std::size_t i = 0; i < static_cast<std::size_t>(chunk.count) * size; ++i) {
                    const std::size_t column = i % size;
                    const float length = static_cast<float>(lambda_) * (high_[column] - low_[column]);
                    values[first + i] = std::clamp(values[first + i] + length * towards[i], low_[column], high_[column]);
                }
            }
            return {};
        }));
        return out;
    }

    /// Sign of the gradient of the loss at the victim's label (away from it), or against that of a random class.
    Result<at::Tensor> direction(const NdArray& x, std::int64_t begin, const model::Chunk& chunk) const {
        at::Tensor sign;
        BARTIZAN_TRY(model::guarded([&]() -> Result<void> {
            const at::AutoGradMode on(true);
            const NdArray part = BARTIZAN_TRY(x.rows(chunk.begin, chunk.count));
            const at::Tensor rows = BARTIZAN_TRY(model::to_tensor(part)).requires_grad_();
            at::Tensor labels = at::empty({chunk.count}, at::kLong);
            for (std::int64_t i = 0; i < chunk.count; ++i)
                labels.data_ptr<std::int64_t>()[i] = target(begin + chunk.begin + i);
            const at::Tensor loss =
                at::cross_entropy_loss(BARTIZAN_TRY(copy_.classifier->logits(rows)), labels, {}, 2 /* sum */);
            sign = torch::autograd::grad({loss}, {rows})[0].sign().contiguous();
            if (random_target_) sign = -sign;
            return {};
        }));
        return sign;
    }

    std::int64_t target(std::int64_t row) const {
        const std::int64_t label = transcript_.answers.label(row);
        if (!random_target_) return label;
        Random random(start_.seed, static_cast<std::uint64_t>(row * 1000 + frontier_), kTargetPurpose);
        const auto others = static_cast<std::uint64_t>(transcript_.answers.classes - 1);
        return (label + 1 + static_cast<std::int64_t>(random.below(others))) % transcript_.answers.classes;
    }

    std::int64_t seeds_;
    double lambda_;
    std::int64_t steps_;
    bool random_target_;
    std::vector<float> low_, high_;
    std::int64_t frontier_ = 0;  ///< rows that this round moves
    std::int64_t next_ = 0;
    Copy copy_;
};

}  // namespace

Result<std::unique_ptr<Attack>> make(const Params& params, const Start& start) {
    return std::make_unique<Jacobian>(params, start);
}

}  // namespace bartizan::extraction::jacobian
