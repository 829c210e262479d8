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
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>

#include "defences/ball_walk.h"
#include "model/shards.h"
#include "model/tensors.h"

namespace bartizan::defences {
namespace universal {
namespace {

constexpr std::int64_t kRows = 128;  // moved together by one thread
/// Fills loss and success of `cells`, whose rows are `rows` [cells, samples, item]. The changes of lowest loss:
/// [cells, 1, item].
Result<at::Tensor> drive(const model::Classifier& classifier, const at::Tensor& rows, std::span<UniversalCell> cells,
                         const UniversalOptions& options, const RunContext& ctx) {
    const at::AutoGradMode on(true);
    const std::int64_t count = rows.size(0), samples = rows.size(1);
    std::vector<std::int64_t> targets;
    for (const UniversalCell& cell : cells) targets.push_back(cell.target);
    const at::Tensor wanted = at::tensor(targets).repeat_interleave(samples);
    std::vector<std::int64_t> shape = rows.sizes().vec();
    shape[1] = 1;
    if (options.constant_along) shape[2 + *options.constant_along] = 1;
    at::Tensor change = at::zeros(shape), best = change;
    BallWalk walk(change, options.ball, options.radius, options.steps);
    at::Tensor loss = at::full({count}, std::numeric_limits<float>::infinity()), success = at::zeros({count});
    for (int step = 0; step <= options.steps; ++step) {
        BARTIZAN_TRY(ctx.checkpoint());
        change = change.detach().requires_grad_();
        const at::Tensor logits = BARTIZAN_TRY(classifier.logits((rows + change).clamp(0, 1).flatten(0, 1)));
        const at::Tensor losses = at::cross_entropy_loss(logits, wanted, {}, 0).reshape({count, samples}).mean(1);
        const at::Tensor hits = logits.detach().argmax(1).eq(wanted).to(at::kFloat).reshape({count, samples}).mean(1);
        best = at::where(beside(losses.detach().lt(loss), change), change.detach(), best);
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
    return best;
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
            BARTIZAN_TRY(drive(classifier, at::stack(parts), own, options, ctx));
            return {};
        }));
    for (std::size_t i = 0; i < able.size(); ++i) cells[place[i]] = able[i];
    return cells;
}

}  // namespace
}  // namespace universal

Result<UniversalChange> strongest_change(const model::Classifier& classifier, const data::Batch& clean,
                                         std::int64_t target, UniversalOptions options, const RunContext& ctx) {
    BARTIZAN_TRY(universal::check(classifier, clean, options));
    if (target < 0 || target >= classifier.classes())
        return invalid_input("the model has no class " + std::to_string(target));
    options.samples = std::min<std::int64_t>(options.samples, std::ssize(clean.y) - std::ranges::count(clean.y, target));
    if (options.samples == 0) return invalid_input("all clean items are of class " + std::to_string(target));
    UniversalChange found{.change = {}, .cell = {.target = target}};
    const std::vector<std::int64_t> rows = universal::rows_for(found.cell, clean.y, options.samples);
    const at::Tensor x = BARTIZAN_TRY(model::to_tensor(clean.x)).index_select(0, at::tensor(rows)).unsqueeze(0);
    const at::Tensor change = BARTIZAN_TRY(universal::drive(classifier, x, {&found.cell, 1}, options, ctx));
    found.change = BARTIZAN_TRY(model::to_array(change[0].expand_as(x[0].slice(0, 0, 1))[0].contiguous()));
    return found;
}

Result<NdArray> changed(const NdArray& x, const NdArray& change) {
    if (x.dtype() != DType::f32 || change.size() == 0 || x.size() % change.size() != 0)
        return invalid_input("the change does not fit items of this shape");
    NdArray made = BARTIZAN_TRY(NdArray::from<float>(x.shape(), x.values<float>()));
    const std::span<float> out = made.mutable_values<float>();
    const std::span<const float> added = change.values<float>();
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = std::clamp(out[i] + added[i % added.size()], 0.0F, 1.0F);
    return made;
}

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
