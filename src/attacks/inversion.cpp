#include "attacks/inversion.h"

#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/random.h"
#include "model/tensors.h"

namespace bartizan::attacks {
namespace inversion {
namespace {

constexpr double kRate = 0.1, kFirst = 0.9, kSecond = 0.999;

/// The two dimensions of a batch that are places of a picture.
std::optional<std::pair<std::int64_t, std::int64_t>> places_of(const Shape& item) {
    if (item.size() == 2) return std::pair<std::int64_t, std::int64_t>(1, 2);
    if (item.size() != 3) return std::nullopt;
    if (item[0] == 1 || item[0] == 3) return std::pair<std::int64_t, std::int64_t>(2, 3);
    if (item[2] == 1 || item[2] == 3) return std::pair<std::int64_t, std::int64_t>(1, 2);
    return std::nullopt;
}

at::Tensor roughness(const at::Tensor& x, const std::pair<std::int64_t, std::int64_t>& places) {
    const auto along = [&](std::int64_t dim) {
        const std::int64_t last = x.size(dim) - 1;
        return (x.narrow(dim, 1, last) - x.narrow(dim, 0, last)).abs().mean();
    };
    return along(places.first) + along(places.second);
}

/// Random numbers for each start, the same whatever else runs.
at::Tensor first_points(std::int64_t rows, const Shape& item, std::uint64_t seed) {
    Shape shape = item;
    shape.insert(shape.begin(), rows);
    std::int64_t width = 1;
    for (const std::int64_t extent : item) width *= extent;
    std::vector<float> values;
    for (std::int64_t row = 0; row < rows; ++row) {
        Random random(seed, static_cast<std::uint64_t>(row), 920);
        for (std::int64_t d = 0; d < width; ++d) values.push_back(0.1F * random.normal());
    }
    return at::from_blob(values.data(), shape, at::kFloat).clone();
}

}  // namespace
}  // namespace inversion

Result<NdArray> invert_classes(const model::Classifier& classifier, const InversionOptions& options, RunContext& ctx) {
    using namespace inversion;
    BARTIZAN_TRY(classifier.differentiable());
    const std::int64_t classes = classifier.classes(), rows = classes * options.starts;
    const auto places = places_of(classifier.item_shape());
    at::Tensor found;
    BARTIZAN_TRY(model::guarded([&]() -> Result<void> {
        const at::Tensor wanted = at::arange(rows, at::kLong).remainder(classes);
        at::Tensor free = first_points(rows, classifier.item_shape(), ctx.seed());
        at::Tensor first = at::zeros_like(free), second = at::zeros_like(free);
        const double range = options.high - options.low;
        const auto picture = [&](const at::Tensor& at) { return at.sigmoid() * range + options.low; };
        for (std::int64_t step = 1; step <= options.steps; ++step) {
            BARTIZAN_TRY(ctx.checkpoint());
            const at::Tensor at = free.detach().requires_grad_(true);
            const at::Tensor x = picture(at);
            const at::Tensor unit = at.sigmoid();
            // Each row by itself: means over the batch times the rows.
            at::Tensor loss = at::cross_entropy_loss(BARTIZAN_TRY(classifier.logits(x)), wanted) +
                              options.modesty * (unit - 0.5).pow(2).mean();
            if (places) loss = loss + options.smoothness * roughness(unit, *places);
            const at::Tensor slope = torch::autograd::grad({loss * static_cast<double>(rows)}, {at})[0];
            const at::NoGradGuard no_grad;
            first = kFirst * first + (1 - kFirst) * slope;
            second = kSecond * second + (1 - kSecond) * slope * slope;
            const double scale = kRate * std::sqrt(1 - std::pow(kSecond, step)) / (1 - std::pow(kFirst, step));
            free = free - scale * first / (second.sqrt() + 1e-8);
            ctx.progress({"inverting", static_cast<std::uint64_t>(step), static_cast<std::uint64_t>(options.steps), "steps"});
        }
        const at::NoGradGuard no_grad;
        Shape shape = free.sizes().vec();
        shape[0] = classes;
        shape.insert(shape.begin(), options.starts);
        found = picture(free).reshape(shape).mean(0).contiguous();
        return {};
    }));
    ctx.progress_finish();
    return model::to_array(found);
}

}  // namespace bartizan::attacks
