#include "defences/warp.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/full.h>
#include <ATen/ops/grid_sampler.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <torch/csrc/autograd/autograd.h>

#include "core/random.h"
#include "defences/ball_walk.h"
#include "model/tensors.h"

namespace bartizan::defences {
namespace warping {
namespace {

constexpr std::uint32_t kStartPurpose = 314;
constexpr std::int64_t kBilinear = 0, kBorder = 1;  // ATen's numbers
constexpr double kWholeSide = 2;                    // places go from -1 to 1

bool channels_behind(const Shape& item) { return item[0] != 1 && item[0] != 3; }

/// Where each pixel lies: [height, width, 2], column before row, as grid_sampler has it.
at::Tensor at_rest(std::int64_t height, std::int64_t width) {
    const at::Tensor rows = at::linspace(-1, 1, height).unsqueeze(1).expand({height, width});
    const at::Tensor columns = at::linspace(-1, 1, width).unsqueeze(0).expand({height, width});
    return at::stack({columns, rows}, 2);
}

/// `x` [n, picture] read at `places` [height, width, 2].
at::Tensor read_at(const at::Tensor& x, const at::Tensor& places, bool behind) {
    const at::Tensor front = behind ? x.permute({0, 3, 1, 2}) : x;
    const at::Tensor grid = places.unsqueeze(0).expand({x.size(0), -1, -1, -1});
    const at::Tensor read = at::grid_sampler(front, grid, kBilinear, kBorder, /*align_corners=*/true);
    return behind ? read.permute({0, 2, 3, 1}) : read;
}

/// Between knots [1, 2, k, k], in fractions of a side.
at::Tensor places_of(const at::Tensor& knots, const at::Tensor& rest) {
    const at::Tensor shifts = at::upsample_bilinear2d(knots, {rest.size(0), rest.size(1)}, /*align_corners=*/true);
    return rest + kWholeSide * shifts[0].permute({1, 2, 0});
}

Result<at::Tensor> start_of(const WarpOptions& options, int start, std::uint64_t seed) {
    NdArray knots = BARTIZAN_TRY(NdArray::zeros(DType::f32, {1, 2, options.knots, options.knots}));
    const std::uint64_t stream = (std::uint64_t{options.stream} << 32) + static_cast<std::uint64_t>(start);
    Random(seed, stream, kStartPurpose).fill_normal(knots.mutable_values<float>());
    return BARTIZAN_TRY(model::to_tensor(knots)) * (options.radius / 2);
}

struct Search {
    const model::Classifier& classifier;
    const WarpOptions& options;
    const RunContext& ctx;
    at::Tensor rows, wanted, rest;
    bool behind = false;
    at::Tensor best = {};
    UniversalCell cell = {};

    Result<void> from(int start) {
        const at::AutoGradMode on(true);
        at::Tensor knots = BARTIZAN_TRY(start_of(options, start, ctx.seed()));
        BallWalk walk(knots, BallWalk::Ball::euclid, options.radius, options.steps);
        for (int step = 0; step <= options.steps; ++step) {
            BARTIZAN_TRY(ctx.checkpoint());
            knots = knots.detach().requires_grad_();
            const at::Tensor places = places_of(knots, rest);
            const at::Tensor logits = BARTIZAN_TRY(classifier.logits(read_at(rows, places, behind)));
            const at::Tensor loss = at::cross_entropy_loss(logits, wanted);
            keep(loss.item<double>(), logits.detach(), places.detach());
            if (step == options.steps) break;
            knots = walk.next(knots, torch::autograd::grad({loss}, {knots})[0], step);
        }
        return {};
    }

    void keep(double loss, const at::Tensor& logits, const at::Tensor& places) {
        const double hits = logits.argmax(1).eq(wanted).to(at::kDouble).mean().item<double>();
        cell.success = std::max(cell.success, hits);
        if (!(loss < cell.loss)) return;
        cell.loss = loss;
        best = places;
    }
};

Result<std::vector<std::int64_t>> rows_of(const model::Classifier& classifier, const data::Batch& clean,
                                          std::int64_t target, const WarpOptions& options) {
    BARTIZAN_TRY(classifier.differentiable());
    if (!can_be_warped(classifier.item_shape()))
        return unsupported("only pictures can be warped");
    if (clean.y.empty() || clean.x.rank() == 0 || clean.x.shape()[0] != std::ssize(clean.y))
        return invalid_input("the clean data needs one label for each item");
    if (options.steps < 1 || options.starts < 1 || options.samples < 1 || options.knots < 2 || !(options.radius > 0))
        return invalid_input("steps, starts, samples and radius must be above 0, knots above 1");
    if (target < 0 || target >= classifier.classes())
        return invalid_input("the model has no class " + std::to_string(target));
    std::vector<std::int64_t> rows;
    for (std::size_t i = 0; i < clean.y.size() && std::ssize(rows) < options.samples; ++i)
        if (clean.y[i] != target) rows.push_back(static_cast<std::int64_t>(i));
    if (rows.empty()) return invalid_input("all clean items are of class " + std::to_string(target));
    return rows;
}

}  // namespace
}  // namespace warping

bool can_be_warped(const Shape& item) {
    if (item.size() != 3) return false;
    const bool behind = warping::channels_behind(item);
    return (!behind || item[2] == 1 || item[2] == 3) && item[behind ? 0 : 1] > 1 && item[behind ? 1 : 2] > 1;
}

Result<Warp> strongest_warp(const model::Classifier& classifier, const data::Batch& clean, std::int64_t target,
                            const WarpOptions& options, const RunContext& ctx) {
    using namespace warping;
    const std::vector<std::int64_t> rows = BARTIZAN_TRY(rows_of(classifier, clean, target, options));
    const Shape& item = classifier.item_shape();
    const bool behind = channels_behind(item);
    const at::Tensor x = BARTIZAN_TRY(model::to_tensor(clean.x)).index_select(0, at::tensor(rows));
    Search search{.classifier = classifier,
                  .options = options,
                  .ctx = ctx,
                  .rows = x,
                  .wanted = at::full({x.size(0)}, target, at::kLong),
                  .rest = behind ? at_rest(item[0], item[1]) : at_rest(item[1], item[2]),
                  .behind = behind,
                  .cell = {.target = target, .loss = std::numeric_limits<double>::infinity()}};
    for (int start = 0; start < options.starts; ++start) BARTIZAN_TRY(search.from(start));
    if (!search.best.defined())
        return invalid_input("the model's scores for class " + std::to_string(target) + " are not finite");
    return Warp{.places = BARTIZAN_TRY(model::to_array(search.best.contiguous())), .cell = search.cell};
}

Result<NdArray> warped(const NdArray& x, const Warp& warp) {
    const Shape& shape = x.shape();
    const Shape item(shape.begin() + (shape.empty() ? 0 : 1), shape.end());
    if (x.dtype() != DType::f32 || !can_be_warped(item)) return invalid_input("only pictures of float32 can be warped");
    const bool behind = warping::channels_behind(item);
    if (warp.places.shape() != Shape{item[behind ? 0 : 1], item[behind ? 1 : 2], 2})
        return invalid_input("the warp does not fit pictures of this size");
    const at::NoGradGuard no_grad;
    const at::Tensor read =
        warping::read_at(BARTIZAN_TRY(model::to_tensor(x)), BARTIZAN_TRY(model::to_tensor(warp.places)), behind);
    return model::to_array(read.contiguous());
}

}  // namespace bartizan::defences
