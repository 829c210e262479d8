#include "defences/margin_scan.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/igamma.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/random.h"
#include "model/shards.h"
#include "model/tensors.h"

namespace bartizan::defences {
namespace margin_scan {
namespace {

constexpr std::int64_t kRows = 16;  // climbed together by one thread
constexpr std::uint32_t kStartPurpose = 310;
constexpr double kLastStep = 0.05;  // of the first
constexpr std::size_t kFewestClasses = 4;

/// Logit of the wanted class minus the largest other, for each row.
at::Tensor margins_of(const at::Tensor& logits, const at::Tensor& wanted) {
    const at::Tensor own = logits.gather(1, wanted.unsqueeze(1)).squeeze(1);
    const at::Tensor others = logits.scatter(1, wanted.unsqueeze(1), -std::numeric_limits<float>::infinity());
    return own - others.amax({1});
}

Result<at::Tensor> starts(const Shape& item, const model::Chunk& chunk, std::uint64_t seed) {
    Shape shape = item;
    shape.insert(shape.begin(), chunk.count);
    NdArray array = BARTIZAN_TRY(NdArray::zeros(DType::f32, shape));
    const std::span<float> all = array.mutable_values<float>();
    const std::size_t size = all.size() / static_cast<std::size_t>(chunk.count);
    for (std::int64_t i = 0; i < chunk.count; ++i)
        Random(seed, static_cast<std::uint64_t>(chunk.begin + i), kStartPurpose)
            .fill_uniform(all.subspan(static_cast<std::size_t>(i) * size, size), 0, 1);
    return model::to_tensor(array);
}

/// The best margin of each row of the chunk; row r works for class r / restarts.
Result<std::vector<double>> climb(const model::Classifier& classifier, const MarginOptions& options,
                                  const model::Chunk& chunk, const RunContext& ctx) {
    const at::AutoGradMode on(true);
    std::vector<std::int64_t> classes;
    for (std::int64_t i = 0; i < chunk.count; ++i) classes.push_back((chunk.begin + i) / options.restarts);
    const at::Tensor wanted = at::tensor(classes);
    at::Tensor x = BARTIZAN_TRY(starts(classifier.item_shape(), chunk, ctx.seed()));
    at::Tensor best;
    for (int step = 0; step <= options.steps; ++step) {
        BARTIZAN_TRY(ctx.checkpoint());
        x = x.detach().requires_grad_();
        const at::Tensor margins = margins_of(BARTIZAN_TRY(classifier.logits(x)), wanted);
        best = best.defined() ? best.maximum(margins.detach()) : margins.detach().clone();
        if (step == options.steps) break;
        const at::Tensor slope = torch::autograd::grad({margins.sum()}, {x})[0];
        const double t = static_cast<double>(step) / std::max(1, options.steps);
        const double length = options.step * std::pow(kLastStep, t);
        x = (x.detach() + slope.sign() * length).clamp(0, 1);
    }
    const at::Tensor wide = best.to(at::kDouble).contiguous();
    return std::vector<double>(wide.data_ptr<double>(), wide.data_ptr<double>() + chunk.count);
}

}  // namespace
}  // namespace margin_scan

Result<std::vector<double>> maximum_margins(const model::Classifier& classifier, const MarginOptions& options,
                                            RunContext& ctx) {
    using namespace margin_scan;
    if (options.restarts < 1 || options.steps < 1) return invalid_input("restarts and steps must be at least 1");
    BARTIZAN_TRY(classifier.differentiable());
    const std::int64_t rows = classifier.classes() * options.restarts;
    std::vector<double> of_row(static_cast<std::size_t>(rows));
    BARTIZAN_TRY(model::for_each_chunk(rows, kRows, ctx, [&](const model::Chunk& chunk) -> Result<void> {
        const std::vector<double> best = BARTIZAN_TRY(climb(classifier, options, chunk, ctx));
        std::ranges::copy(best, of_row.begin() + chunk.begin);
        return {};
    }));
    std::vector<double> margins;
    for (auto row = of_row.begin(); row != of_row.end(); row += options.restarts) {
        margins.push_back(*std::max_element(row, row + options.restarts));
        if (!std::isfinite(margins.back()))
            return invalid_input(fmt::format("the model's scores for class {} are not finite", margins.size() - 1));
    }
    return margins;
}

double margin_p_value(const std::vector<double>& margins) {
    if (margins.size() < margin_scan::kFewestClasses) return 1;
    const auto largest = std::ranges::max_element(margins);
    double sum = 0, logs = 0;
    for (auto it = margins.begin(); it != margins.end(); ++it) {
        if (it == largest) continue;
        const double value = std::max(*it, 1e-9);  // the Gamma distribution has no mass at or below 0
        sum += value;
        logs += std::log(value);
    }
    const double n = static_cast<double>(margins.size() - 1), mean = sum / n;
    // Maximum likelihood in closed form, to 1.5 % (Minka 2002, "Estimating a Gamma distribution", equation 10).
    const double s = std::max(std::log(mean) - logs / n, 1e-9);
    const double shape = (3 - s + std::sqrt((s - 3) * (s - 3) + 24 * s)) / (12 * s);
    const at::Tensor below =
        at::igamma(at::tensor({shape}, at::kDouble), at::tensor({std::max(*largest, 0.0) * shape / mean}, at::kDouble));
    return 1 - std::pow(below.item<double>(), static_cast<double>(margins.size()));
}

}  // namespace bartizan::defences
