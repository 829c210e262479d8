#include "defences/universal.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/full.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>

#include "model/shards.h"
#include "model/tensors.h"

namespace bartizan::defences {
namespace universal {
namespace {

using Ball = UniversalOptions::Ball;

constexpr std::int64_t kRows = 128;  // moved together by one thread
constexpr double kMomentum = 0.7;
constexpr double kStride = 0.3;  // of the radius, the first step; the last is a tenth of it
constexpr double kLeast = 1e-12;

/// A row vector of one number a cell, shaped to go with [cells, 1, item].
at::Tensor beside(const at::Tensor& numbers, const at::Tensor& change) {
    std::vector<std::int64_t> shape(static_cast<std::size_t>(change.dim()), 1);
    shape[0] = numbers.size(0);
    return numbers.reshape(shape);
}

at::Tensor lengths(const at::Tensor& change) { return change.flatten(1).square().sum(1).sqrt(); }

/// Walks one change a cell down the loss, and keeps it within the ball.
class Walk {
public:
    Walk(const at::Tensor& start, const UniversalOptions& options)
        : options_(options), velocity_(at::zeros_like(start)) {
        const auto entries = static_cast<double>(start.numel() / start.size(0));
        radius_ = options.ball == Ball::euclid ? options.radius * std::sqrt(entries) : options.radius;
    }

    at::Tensor next(const at::Tensor& change, const at::Tensor& slope, int step) {
        const at::NoGradGuard no_grad;
        const double length = kStride * radius_ * (1 - 0.9 * step / options_.steps);
        if (options_.ball == Ball::largest) return (change.detach() - slope.sign() * length).clamp(-radius_, radius_);
        velocity_ = kMomentum * velocity_ + slope / (beside(lengths(slope), slope) + kLeast);
        const at::Tensor moved = change.detach() - velocity_ * (length / (beside(lengths(velocity_), slope) + kLeast));
        return moved * (radius_ / beside(lengths(moved).clamp_min(radius_), slope));
    }

private:
    const UniversalOptions& options_;
    at::Tensor velocity_;
    double radius_ = 0;
};

/// Fills loss and success of `cells`, whose rows are `rows` [cells, samples, item].
Result<void> drive(const model::Classifier& classifier, const at::Tensor& rows, std::span<UniversalCell> cells,
                   const UniversalOptions& options, const RunContext& ctx) {
    const at::AutoGradMode on(true);
    const std::int64_t count = rows.size(0), samples = rows.size(1);
    std::vector<std::int64_t> targets;
    for (const UniversalCell& cell : cells) targets.push_back(cell.target);
    const at::Tensor wanted = at::tensor(targets).repeat_interleave(samples);
    std::vector<std::int64_t> shape = rows.sizes().vec();
    shape[1] = 1;
    if (options.constant_along) shape[2 + *options.constant_along] = 1;
    at::Tensor change = at::zeros(shape);
    Walk walk(change, options);
    at::Tensor loss = at::full({count}, std::numeric_limits<float>::infinity()), success = at::zeros({count});
    for (int step = 0; step <= options.steps; ++step) {
        BARTIZAN_TRY(ctx.checkpoint());
        change = change.detach().requires_grad_();
        const at::Tensor logits = BARTIZAN_TRY(classifier.logits((rows + change).clamp(0, 1).flatten(0, 1)));
        const at::Tensor losses = at::cross_entropy_loss(logits, wanted, {}, 0).reshape({count, samples}).mean(1);
        const at::Tensor hits = logits.detach().argmax(1).eq(wanted).to(at::kFloat).reshape({count, samples}).mean(1);
        loss = loss.minimum(losses.detach().to(at::kFloat));
        success = success.maximum(hits);
        if (step == options.steps) break;
        change = walk.next(change, torch::autograd::grad({losses.sum()}, {change})[0], step);
    }
    for (std::int64_t i = 0; i < count; ++i) {
        UniversalCell& cell = cells[static_cast<std::size_t>(i)];
        cell.loss = loss[i].item<double>();
        cell.success = success[i].item<double>();
        if (!std::isfinite(cell.loss))
            return invalid_input("the model's scores for class " + std::to_string(cell.target) + " are not finite");
    }
    return {};
}

/// Indices of rows of the source (of all but the target), as many for each cell; taken again where there are fewer.
std::vector<std::int64_t> rows_for(const UniversalCell& cell, const std::vector<std::int64_t>& labels,
                                   std::int64_t samples) {
    std::vector<std::int64_t> rows;
    for (std::size_t i = 0; i < labels.size() && std::ssize(rows) < samples; ++i)
        if (cell.source == UniversalCell::kAll ? labels[i] != cell.target : labels[i] == cell.source)
            rows.push_back(static_cast<std::int64_t>(i));
    for (std::size_t i = 0; !rows.empty() && std::ssize(rows) < samples; ++i) rows.push_back(rows[i]);
    return rows;
}

Result<void> check(const model::Classifier& classifier, const data::Batch& clean, const UniversalOptions& options) {
    BARTIZAN_TRY(classifier.differentiable());
    if (clean.y.empty() || clean.x.rank() == 0 || clean.x.shape()[0] != std::ssize(clean.y))
        return invalid_input("the clean data needs one label for each item");
    if (options.steps < 1 || options.samples < 1 || !(options.radius > 0))
        return invalid_input("steps, samples and radius must be above 0");
    if (options.constant_along && *options.constant_along + 1 >= clean.x.shape().size())
        return invalid_input("the items have no such dimension");
    return {};
}

/// Drives all cells that have rows.
Result<std::vector<UniversalCell>> driven(const model::Classifier& classifier, const data::Batch& clean,
                                          std::vector<UniversalCell> cells, const UniversalOptions& options,
                                          RunContext& ctx) {
    const at::Tensor x = BARTIZAN_TRY(model::to_tensor(clean.x));
    std::vector<UniversalCell> able;
    std::vector<std::vector<std::int64_t>> rows;
    std::vector<std::size_t> place;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        cells[i].loss = std::log(static_cast<double>(classifier.classes()));
        std::vector<std::int64_t> of_cell = rows_for(cells[i], clean.y, options.samples);
        if (of_cell.empty()) continue;
        able.push_back(cells[i]);
        rows.push_back(std::move(of_cell));
        place.push_back(i);
    }
    if (able.empty())
        return invalid_input("all clean items are of one class",
                             "items of other classes are needed to look for a trigger");
    BARTIZAN_TRY(model::for_each_chunk(
        std::ssize(able), std::max<std::int64_t>(1, kRows / options.samples), ctx,
        [&](const model::Chunk& chunk) -> Result<void> {
            std::vector<at::Tensor> parts;
            for (std::int64_t i = chunk.begin; i < chunk.begin + chunk.count; ++i)
                parts.push_back(x.index_select(0, at::tensor(rows[static_cast<std::size_t>(i)])));
            const std::span<UniversalCell> own(able.data() + chunk.begin, static_cast<std::size_t>(chunk.count));
            return drive(classifier, at::stack(parts), own, options, ctx);
        }));
    for (std::size_t i = 0; i < able.size(); ++i) cells[place[i]] = able[i];
    return cells;
}

}  // namespace
}  // namespace universal

Result<std::vector<UniversalCell>> universal_changes(const model::Classifier& classifier, const data::Batch& clean,
                                                     const UniversalOptions& options, RunContext& ctx) {
    BARTIZAN_TRY(universal::check(classifier, clean, options));
    std::vector<UniversalCell> cells;
    for (std::int64_t target = 0; target < classifier.classes(); ++target) cells.push_back({.target = target});
    return universal::driven(classifier, clean, std::move(cells), options, ctx);
}

Result<std::vector<UniversalCell>> striped_changes(const model::Classifier& classifier, const data::Batch& clean,
                                                   UniversalOptions options, RunContext& ctx) {
    const Shape& item = classifier.item_shape();
    if (item.size() != 3) return std::vector<UniversalCell>();
    const bool channels_last = item[0] != 1 && item[0] != 3;
    std::vector<UniversalCell> both;
    for (const std::size_t side : {0U, 1U}) {
        options.constant_along = side + (channels_last ? 0 : 1);
        const auto cells = BARTIZAN_TRY(universal_changes(classifier, clean, options, ctx));
        both.insert(both.end(), cells.begin(), cells.end());
    }
    return both;
}

Result<std::vector<UniversalCell>> paired_changes(const model::Classifier& classifier, const data::Batch& clean,
                                                  const UniversalOptions& options, RunContext& ctx) {
    BARTIZAN_TRY(universal::check(classifier, clean, options));
    std::vector<UniversalCell> cells;
    for (std::int64_t source = 0; source < classifier.classes(); ++source)
        for (std::int64_t target = 0; target < classifier.classes(); ++target)
            if (source != target) cells.push_back({.source = source, .target = target});
    return universal::driven(classifier, clean, std::move(cells), options, ctx);
}

}  // namespace bartizan::defences
