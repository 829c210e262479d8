#include "extraction/victim.h"

#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/softmax.h>
#include <fmt/format.h>

#include "model/shards.h"
#include "model/tensors.h"

namespace bartizan::extraction {
namespace victim {
namespace {

constexpr std::int64_t kChunk = 64;

std::span<const std::byte> row_bytes(const NdArray& x, std::int64_t row) {
    const std::size_t size = x.bytes().size() / static_cast<std::size_t>(x.shape()[0]);
    return x.bytes().subspan(static_cast<std::size_t>(row) * size, size);
}

Result<Answers> answers_of(const model::Classifier& classifier, const NdArray& x, const RunContext& ctx) {
    const std::int64_t rows = x.shape()[0], classes = classifier.classes();
    Answers out{.classes = classes, .scores = std::vector<double>(static_cast<std::size_t>(rows * classes))};
    BARTIZAN_TRY(model::for_each_chunk(rows, kChunk, ctx, [&](const model::Chunk& chunk) -> Result<void> {
        return model::guarded([&]() -> Result<void> {
            const at::NoGradGuard no_gradients;
            const NdArray part = BARTIZAN_TRY(x.rows(chunk.begin, chunk.count));
            const at::Tensor logits = BARTIZAN_TRY(classifier.logits(BARTIZAN_TRY(model::to_tensor(part))));
            const at::Tensor p = at::softmax(logits.to(at::kDouble), 1).contiguous();
            if (!p.isfinite().all().item<bool>())
                return invalid_input(fmt::format("the model answers rows {} to {} with what is no number", chunk.begin,
                                                 chunk.begin + chunk.count - 1));
            std::copy_n(p.data_ptr<double>(), p.numel(), out.scores.begin() + chunk.begin * classes);
            return {};
        });
    }));
    return out;
}

}  // namespace
}  // namespace victim

std::int64_t Answers::label(std::int64_t index) const {
    const auto scores_of = row(index);
    return std::ranges::max_element(scores_of) - scores_of.begin();
}

std::vector<std::int64_t> Answers::labels() const {
    std::vector<std::int64_t> out;
    for (std::int64_t i = 0; i < rows(); ++i) out.push_back(label(i));
    return out;
}

Result<Answers> Victim::ask(const NdArray& x, const RunContext& ctx) {
    const std::int64_t rows = x.shape()[0];
    if (rows > left())
        return exhausted(fmt::format("{} queries are asked, {} of the {} are left", rows, left(), budget_),
                         "allow more with --queries");
    Answers answers = BARTIZAN_TRY(victim::answers_of(*classifier_, x, ctx));
    asked_ += rows;
    return policy_.shows_everything() ? std::move(answers) : seen_through(policy_, answers, x);
}

Result<Answers> Victim::measure(const NdArray& x, const RunContext& ctx) {
    measured_ += x.shape()[0];
    return victim::answers_of(*classifier_, x, ctx);
}

Answers seen_through(const policy::OutputPolicy& policy, const Answers& answers, const NdArray& x) {
    Answers out = answers;
    const auto classes = static_cast<std::size_t>(answers.classes);
    for (std::int64_t row = 0; row < answers.rows(); ++row)
        policy.apply(std::span(out.scores).subspan(static_cast<std::size_t>(row) * classes, classes),
                     victim::row_bytes(x, row));
    return out;
}

}  // namespace bartizan::extraction
