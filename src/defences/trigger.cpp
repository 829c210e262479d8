#include "defences/trigger.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/random.h"
#include "core/statistics.h"
#include "defences/adam.h"
#include "model/shards.h"
#include "model/tensors.h"

namespace bartizan::defences {
namespace trigger {
namespace {

constexpr std::uint32_t kOrderPurpose = 311, kPatternPurpose = 312;
constexpr double kRate = 0.1;  // of Adam, as the authors have it
constexpr double kFirstCost = 1e-3, kRaise = 1.5;
const double kLower = std::pow(kRaise, 1.5);
constexpr int kPatience = 5;  // steps in a row before the cost changes
constexpr int kNoGain = 40;   // steps without a patch smaller by 1 %: it has settled
constexpr double kGain = 0.99;
constexpr std::int64_t kMeasured = 256;  // rows measured together

/// The weight of the mask's size in the loss: up while the patch works, down while it does not.
class Cost {
public:
    double now() const { return cost_; }
    bool settled() const { return lowered_; }
    void observe(bool works) {
        (works ? good_ : bad_)++;
        (works ? bad_ : good_) = 0;
        if (good_ >= kPatience) {
            cost_ *= kRaise;
            good_ = 0;
        } else if (bad_ >= kPatience) {
            cost_ /= kLower;
            bad_ = 0;
            lowered_ = true;
        }
    }

private:
    double cost_ = kFirstCost;
    int good_ = 0, bad_ = 0;
    bool lowered_ = false;
};

class Inversion {
public:
    Inversion(const model::Classifier& classifier, at::Tensor rows, std::int64_t target, const TriggerOptions& options,
              const RunContext& ctx)
        : classifier_(classifier), rows_(std::move(rows)), target_(target), options_(options), ctx_(ctx) {}

    Result<ReversedTrigger> run() {
        const Shape& item = classifier_.item_shape();
        NdArray noise = BARTIZAN_TRY(NdArray::zeros(DType::f32, item));
        Random(ctx_.seed(), static_cast<std::uint64_t>(target_), kPatternPurpose)
            .fill_normal(noise.mutable_values<float>());
        Adam mask(at::zeros(trigger_mask_shape(item)), kRate), pattern(BARTIZAN_TRY(model::to_tensor(noise)), kRate);
        BARTIZAN_TRY(descend(mask, pattern));
        if (!best_mask_.defined()) {
            best_mask_ = at::sigmoid(mask.value).detach();
            best_pattern_ = at::sigmoid(pattern.value).detach();
        }
        return finished();
    }

private:
    Result<void> descend(Adam& mask, Adam& pattern) {
        const at::AutoGradMode on(true);
        const std::int64_t count = rows_.size(0), batch = std::min(options_.batch, count);
        const std::vector<std::int64_t> order =
            permutation(count, ctx_.seed(), kOrderPurpose + static_cast<std::uint32_t>(target_) * 8);
        const at::Tensor shuffled = rows_.index_select(0, at::tensor(order));
        const at::Tensor wanted = at::full({batch}, target_, at::kLong);
        Cost cost;
        int since_gain = 0;
        for (int step = 0; step < options_.steps; ++step) {
            BARTIZAN_TRY(ctx_.checkpoint());
            const std::int64_t begin = (step * batch) % std::max<std::int64_t>(1, count - batch + 1);
            mask.value.requires_grad_();
            pattern.value.requires_grad_();
            const at::Tensor m = bounded(at::sigmoid(mask.value)), p = at::sigmoid(pattern.value);
            const at::Tensor x = shuffled.narrow(0, begin, batch);
            const at::Tensor logits = BARTIZAN_TRY(classifier_.logits((1 - m) * x + m * p));
            const at::Tensor size = m.sum();
            const double weight = options_.most_size > 0 ? 0 : cost.now();
            const at::Tensor loss = at::cross_entropy_loss(logits, wanted) + weight * size;
            const double hits = static_cast<double>(logits.detach().argmax(1).eq(target_).sum().item<std::int64_t>());
            const bool works = hits >= options_.success * static_cast<double>(batch);
            const bool better =
                options_.most_size > 0 ? keep_best(m, p, hits) : works && keep(m, p, size.item<double>());
            since_gain = better ? 0 : since_gain + 1;
            cost.observe(works);
            if (options_.most_size <= 0 && best_mask_.defined() && cost.settled() && since_gain > kNoGain) break;
            const auto slopes = torch::autograd::grad({loss}, {mask.value, pattern.value});
            mask.step(slopes[0]);
            pattern.step(slopes[1]);
        }
        return {};
    }

    /// The mask made fainter as a whole where it is larger than allowed.
    at::Tensor bounded(const at::Tensor& mask) const {
        if (options_.most_size <= 0) return mask;
        return mask * (options_.most_size / mask.sum().clamp_min(options_.most_size));
    }

    /// Keeps the patch that works best, the latest of equals: it is the better trained.
    bool keep_best(const at::Tensor& mask, const at::Tensor& pattern, double hits) {
        if (hits < best_hits_) return false;
        best_hits_ = hits;
        best_size_ = mask.detach().sum().item<double>();
        best_mask_ = mask.detach();
        best_pattern_ = pattern.detach();
        return true;
    }

    /// Keeps the smallest; true if it is smaller by a hundredth.
    bool keep(const at::Tensor& mask, const at::Tensor& pattern, double size) {
        if (size >= best_size_) return false;
        const bool gain = size < kGain * best_size_;
        best_size_ = size;
        best_mask_ = mask.detach();
        best_pattern_ = pattern.detach();
        return gain;
    }

    Result<ReversedTrigger> finished() {
        ReversedTrigger made{.target = target_};
        made.found = std::isfinite(best_size_);
        const double whole = static_cast<double>(best_mask_.numel());
        made.size = made.found ? best_size_ : whole;
        made.share = made.size / whole;
        const at::NoGradGuard no_grad;
        made.tried = rows_.size(0);
        for (std::int64_t begin = 0; begin < made.tried; begin += kMeasured) {
            const at::Tensor x = rows_.narrow(0, begin, std::min(kMeasured, made.tried - begin));
            const at::Tensor logits =
                BARTIZAN_TRY(classifier_.logits((1 - best_mask_) * x + best_mask_ * best_pattern_));
            made.fooled += logits.argmax(1).eq(target_).sum().item<std::int64_t>();
        }
        made.mask = BARTIZAN_TRY(model::to_array(best_mask_.expand_as(best_pattern_).contiguous()));
        made.pattern = BARTIZAN_TRY(model::to_array(best_pattern_));
        return made;
    }

    const model::Classifier& classifier_;
    at::Tensor rows_;
    std::int64_t target_;
    const TriggerOptions& options_;
    const RunContext& ctx_;
    double best_hits_ = 0;
    double best_size_ = std::numeric_limits<double>::infinity();
    at::Tensor best_mask_, best_pattern_;
};

/// The rows that are not of class `target`, at most `most`.
Result<at::Tensor> rows_of_others(const at::Tensor& x, const std::vector<std::int64_t>& y, std::int64_t target,
                                  std::int64_t most) {
    std::vector<std::int64_t> rows;
    for (std::size_t i = 0; i < y.size() && static_cast<std::int64_t>(rows.size()) < most; ++i)
        if (y[i] != target) rows.push_back(static_cast<std::int64_t>(i));
    if (rows.empty())
        return invalid_input("all clean items are of class " + std::to_string(target),
                             "items of other classes are needed to look for a trigger");
    return x.index_select(0, at::tensor(rows));
}

}  // namespace
}  // namespace trigger

Shape trigger_mask_shape(const Shape& item) {
    if (item.size() != 3) return item;
    if (item[0] == 1 || item[0] == 3) return {1, item[1], item[2]};
    if (item[2] == 1 || item[2] == 3) return {item[0], item[1], 1};
    return item;
}

Result<std::vector<ReversedTrigger>> reverse_triggers(const model::Classifier& classifier, const data::Batch& clean,
                                                      const std::vector<std::int64_t>& targets,
                                                      const TriggerOptions& options, RunContext& ctx) {
    using namespace trigger;
    BARTIZAN_TRY(classifier.differentiable());
    if (clean.y.empty() || clean.x.rank() == 0 || clean.x.shape()[0] != static_cast<std::int64_t>(clean.y.size()))
        return invalid_input("the clean data needs one label for each item");
    if (options.steps < 1 || options.batch < 1 || options.samples < 1)
        return invalid_input("steps, batch and samples must be at least 1");
    for (const std::int64_t target : targets)
        if (target < 0 || target >= classifier.classes())
            return invalid_input("the model has no class " + std::to_string(target));
    const at::Tensor x = BARTIZAN_TRY(model::to_tensor(clean.x));
    std::vector<ReversedTrigger> found(targets.size());
    const auto count = static_cast<std::int64_t>(targets.size());
    BARTIZAN_TRY(model::for_each_chunk(count, 1, ctx, [&](const model::Chunk& chunk) -> Result<void> {
        const auto at = static_cast<std::size_t>(chunk.begin);
        at::Tensor rows = BARTIZAN_TRY(rows_of_others(x, clean.y, targets[at], options.samples));
        found[at] = BARTIZAN_TRY(Inversion(classifier, std::move(rows), targets[at], options, ctx).run());
        return {};
    }));
    return found;
}

Result<NdArray> stamped(const NdArray& x, const ReversedTrigger& trigger) {
    const std::int64_t item = trigger.pattern.size();
    if (x.dtype() != DType::f32 || item == 0 || trigger.mask.size() != item || x.size() % item != 0)
        return invalid_input("the trigger does not fit items of this shape");
    NdArray made = BARTIZAN_TRY(NdArray::from<float>(x.shape(), x.values<float>()));
    const std::span<float> out = made.mutable_values<float>();
    const std::span<const float> mask = trigger.mask.values<float>(), pattern = trigger.pattern.values<float>();
    for (std::size_t i = 0; i < out.size(); ++i) {
        const std::size_t at = i % mask.size();
        out[i] = (1 - mask[at]) * out[i] + mask[at] * pattern[at];
    }
    return made;
}

std::vector<double> anomaly_indices(const std::vector<double>& sizes) {
    std::vector<double> sorted = sizes;
    std::ranges::sort(sorted);
    const double median = quantile(sorted, 0.5);
    std::vector<double> deviations;
    for (const double size : sizes) deviations.push_back(std::abs(size - median));
    std::ranges::sort(deviations);
    const double deviation = 1.4826 * quantile(deviations, 0.5);
    std::vector<double> indices;
    for (const double size : sizes) indices.push_back(deviation > 0 ? (median - size) / deviation : 0);
    return indices;
}

}  // namespace bartizan::defences
