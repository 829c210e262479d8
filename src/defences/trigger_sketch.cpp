#include "defences/trigger_sketch.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/full.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>

#include "defences/adam.h"
#include "model/shards.h"
#include "model/tensors.h"

namespace bartizan::defences {
namespace trigger_sketch {
namespace {

constexpr std::int64_t kRows = 160;  // moved together by one thread
constexpr double kStart = -1;        // of the mask, before the sigmoid: a quarter
constexpr int kTail = 5;             // last steps whose loss counts
constexpr double kFound = 0.95;

/// Positions of the first rows of other classes, taken again where there are fewer than `rows`.
std::vector<std::int64_t> rows_for(const std::vector<std::int64_t>& y, std::int64_t target, std::int64_t rows) {
    std::vector<std::int64_t> found;
    for (std::size_t i = 0; i < y.size() && std::ssize(found) < rows; ++i)
        if (y[i] != target) found.push_back(static_cast<std::int64_t>(i));
    for (std::size_t i = 0; !found.empty() && std::ssize(found) < rows; ++i) found.push_back(found[i]);
    return found;
}

struct Sketch {
    at::Tensor masks, patterns;  ///< [classes, 1, ...]
    at::Tensor losses;           ///< [classes], in nats
};

/// `rows` [classes, rows, item], for the classes from `first` on.
Result<Sketch> drawn(const model::Classifier& classifier, const at::Tensor& rows, std::int64_t first,
                     const SketchOptions& options, const RunContext& ctx) {
    const at::AutoGradMode on(true);
    const std::int64_t count = rows.size(0), each = rows.size(1);
    const Shape& item = classifier.item_shape();
    std::vector<std::int64_t> of_mask = trigger_mask_shape(item), of_pattern(item.begin(), item.end()), targets;
    for (auto* shape : {&of_mask, &of_pattern}) shape->insert(shape->begin(), {count, 1});
    for (std::int64_t i = 0; i < count; ++i) targets.push_back(first + i);
    const at::Tensor wanted = at::tensor(targets).repeat_interleave(each);
    Adam mask(at::full(of_mask, kStart, at::kFloat), options.rate), pattern(at::zeros(of_pattern), options.rate);
    Sketch sketch{.losses = at::zeros({count})};
    const int tail = std::min(kTail, options.steps);
    for (int step = 0; step < options.steps; ++step) {
        BARTIZAN_TRY(ctx.checkpoint());
        mask.value.requires_grad_();
        pattern.value.requires_grad_();
        const at::Tensor m = at::sigmoid(mask.value), p = at::sigmoid(pattern.value);
        const at::Tensor logits = BARTIZAN_TRY(classifier.logits(((1 - m) * rows + m * p).flatten(0, 1)));
        const at::Tensor reached = at::cross_entropy_loss(logits, wanted, {}, 0).reshape({count, each}).mean(1);
        const at::Tensor losses = reached + options.cost * m.flatten(1).mean(1);
        if (step >= options.steps - tail) sketch.losses.add_(losses.detach().to(at::kFloat), 1.0 / tail);
        sketch.masks = m.detach();
        sketch.patterns = p.detach();
        const auto slopes = torch::autograd::grad({losses.sum()}, {mask.value, pattern.value});
        mask.step(slopes[0]);
        pattern.step(slopes[1]);
    }
    return sketch;
}

Result<ReversedTrigger> told(const model::Classifier& classifier, const at::Tensor& rows, std::int64_t target,
                             const Sketch& sketch, std::int64_t at, const SketchOptions& options) {
    const at::NoGradGuard no_grad;
    const at::Tensor mask = sketch.masks[at], pattern = sketch.patterns[at];
    ReversedTrigger made{.target = target};
    const auto whole = static_cast<double>(mask.numel());
    made.size = sketch.losses[at].item<double>() * whole / options.cost;
    made.share = mask.mean().item<double>();
    if (!std::isfinite(made.size))
        return invalid_input("the model's scores for class " + std::to_string(target) + " are not finite");
    const at::Tensor logits = BARTIZAN_TRY(classifier.logits((1 - mask) * rows + mask * pattern));
    made.tried = rows.size(0);
    made.fooled = logits.argmax(1).eq(target).sum().item<std::int64_t>();
    made.found = made.success() >= kFound;
    made.mask = BARTIZAN_TRY(model::to_array(mask.expand_as(pattern)[0].contiguous()));
    made.pattern = BARTIZAN_TRY(model::to_array(pattern[0].contiguous()));
    return made;
}

}  // namespace
}  // namespace trigger_sketch

Result<std::vector<ReversedTrigger>> sketch_triggers(const model::Classifier& classifier, const data::Batch& clean,
                                                     const SketchOptions& options, RunContext& ctx) {
    using namespace trigger_sketch;
    BARTIZAN_TRY(classifier.differentiable());
    if (clean.y.empty() || clean.x.rank() == 0 || clean.x.shape()[0] != std::ssize(clean.y))
        return invalid_input("the clean data needs one label for each item");
    if (options.steps < 1 || options.rows < 1 || options.samples < 1 || !(options.cost > 0))
        return invalid_input("steps, rows, samples and cost must be above 0");
    const at::Tensor x = BARTIZAN_TRY(model::to_tensor(clean.x));
    std::vector<ReversedTrigger> found(static_cast<std::size_t>(classifier.classes()));
    const std::int64_t together = std::max<std::int64_t>(1, kRows / options.rows);
    BARTIZAN_TRY(model::for_each_chunk(
        classifier.classes(), together, ctx, [&](const model::Chunk& chunk) -> Result<void> {
            std::vector<at::Tensor> parts;
            for (std::int64_t target = chunk.begin; target < chunk.begin + chunk.count; ++target) {
                const std::vector<std::int64_t> rows = rows_for(clean.y, target, options.rows);
                if (rows.empty())
                    return invalid_input("all clean items are of class " + std::to_string(target),
                                         "items of other classes are needed to look for a trigger");
                parts.push_back(x.index_select(0, at::tensor(rows)));
            }
            const Sketch sketch = BARTIZAN_TRY(drawn(classifier, at::stack(parts), chunk.begin, options, ctx));
            for (std::int64_t i = 0; i < chunk.count; ++i) {
                const std::int64_t target = chunk.begin + i;
                const std::int64_t others = std::ssize(clean.y) - std::ranges::count(clean.y, target);
                const at::Tensor judged =
                    x.index_select(0, at::tensor(rows_for(clean.y, target, std::min(options.samples, others))));
                found[static_cast<std::size_t>(target)] =
                    BARTIZAN_TRY(told(classifier, judged, target, sketch, i, options));
            }
            return {};
        }));
    return found;
}

}  // namespace bartizan::defences
