// Pools over regions of interest: RoiAlign and MaxRoiPool.
#include <algorithm>
#include <cmath>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include "model/operators/build.h"
#include "model/operators/families.h"

namespace bartizan::model::operators {
namespace roi {
namespace {

/// Rows and columns of an output, and sampling points along a side of one of its bins.
constexpr std::int64_t kMaxSide = std::int64_t{1} << 12;
/// Bins of all regions of MaxRoiPool, each a call of ATen.
constexpr std::int64_t kMaxBins = std::int64_t{1} << 20;
/// No corner of a region of MaxRoiPool lies further out, in pixels.
constexpr double kFarthest = 1e9;

Result<std::int64_t> read_side(const graph::Node& node, std::string_view name, std::int64_t least,
                               std::int64_t preset) {
    const std::int64_t side = BARTIZAN_TRY(node.integer(name, preset));
    if (side < least || side > kMaxSide)
        return invalid_input(std::string(name) + " is " + std::to_string(side) + ", " + std::to_string(least) + " to " +
                             std::to_string(kMaxSide) + " make sense");
    return side;
}

Result<void> check_picture(const at::Tensor& x) {
    if (x.dim() == 4 && x.numel() > 0) return {};
    return invalid_input("input " + to_string(shape_of(x)) + " is not a batch of pictures");
}

struct Align {
    std::int64_t height = 1, width = 1, sampling = 0;
    double scale = 1;
    bool half_pixel = true;
    bool takes_maximum = false;
};

/// One side of one region: where its bins are sampled.
struct Side {
    at::Tensor start, length;  ///< scalars of the region, with gradient
    std::int64_t bins = 1, points = 1;
};

Result<Side> side_of(const at::Tensor& begin, const at::Tensor& end, std::int64_t bins, const Align& align) {
    Side side;
    side.bins = bins;
    side.start = begin * align.scale - (align.half_pixel ? 0.5 : 0);
    side.length = (end - begin) * align.scale;
    if (!align.half_pixel) side.length = side.length.clamp_min(1);
    const double length = side.length.item<double>();
    if (!std::isfinite(length) || !std::isfinite(side.start.item<double>()))
        return invalid_input("a region is not finite");
    side.points = align.sampling;
    if (align.sampling == 0) {
        const double points = std::ceil(length / static_cast<double>(bins));
        if (points > static_cast<double>(kMaxSide)) return exhausted("a region of length " + std::to_string(length));
        side.points = static_cast<std::int64_t>(std::max(0.0, points));
    }
    return side;
}

/// How much each of `size` pixels counts at each sampling point, [bins * points, size]: linear between pixels, the
/// border's within one pixel of it, nothing further out. He et al. 2017, section 3.
at::Tensor weights_of(const Side& side, std::int64_t size) {
    const auto options = side.start.options();
    const double step = 1 / static_cast<double>(side.bins * side.points);
    const at::Tensor places = side.start + (at::arange(side.bins * side.points, options) + 0.5) * step * side.length;
    const at::Tensor inside = places.ge(-1).logical_and(places.le(size)).to(options.dtype());
    const at::Tensor held = places.clamp(0, size - 1).unsqueeze(1);
    return (1 - (held - at::arange(size, options)).abs()).clamp_min(0) * inside.unsqueeze(1);
}

/// [channels, height, width] of one region of one picture.
Result<at::Tensor> align_one(const at::Tensor& picture, const at::Tensor& region, const Align& align) {
    const Side rows = BARTIZAN_TRY(side_of(region[1], region[3], align.height, align));
    const Side columns = BARTIZAN_TRY(side_of(region[0], region[2], align.width, align));
    const std::int64_t channels = picture.size(0);
    if (rows.points == 0 || columns.points == 0)
        return at::zeros({channels, align.height, align.width}, picture.options());
    const std::int64_t tall = align.height * rows.points, wide = align.width * columns.points;
    BARTIZAN_TRY(check_output({tall, picture.size(1)}));
    BARTIZAN_TRY(check_output({wide, picture.size(2)}));
    BARTIZAN_TRY(check_output({channels, tall, std::max(picture.size(2), wide)}));
    at::Tensor down = weights_of(rows, picture.size(1));
    at::Tensor across = weights_of(columns, picture.size(2));
    if (align.takes_maximum) {
        const at::Tensor points = at::matmul(at::matmul(down, picture), across.t());
        return points.reshape({channels, align.height, rows.points, align.width, columns.points}).amax({2, 4});
    }
    // The mean over points is the mean of their weights: it can be taken before the product.
    down = down.reshape({align.height, rows.points, -1}).mean({1});
    across = across.reshape({align.width, columns.points, -1}).mean({1});
    return at::matmul(at::matmul(down, picture), across.t());
}

Result<at::Tensor> align_all(const Call& call, const Align& align) {
    const at::Tensor& x = call.inputs[0];
    const at::Tensor regions = call.inputs[1].to(x.scalar_type());
    BARTIZAN_TRY(check_picture(x));
    if (regions.dim() != 2 || regions.size(1) != 4)
        return invalid_input("regions " + to_string(shape_of(regions)) + " are not [number, 4]");
    const at::Tensor owners = call.inputs[2].to(at::kLong).contiguous();
    if (owners.dim() != 1 || owners.size(0) != regions.size(0))
        return invalid_input("batch_indices " + to_string(shape_of(owners)) + " for " +
                             std::to_string(regions.size(0)) + " regions");
    const Shape output = {regions.size(0), x.size(1), align.height, align.width};
    BARTIZAN_TRY(check_output(output));
    std::vector<at::Tensor> results;
    for (std::int64_t i = 0; i < regions.size(0); ++i) {
        const std::int64_t owner = owners.data_ptr<std::int64_t>()[i];
        if (owner < 0 || owner >= x.size(0)) return invalid_input("a region of picture " + std::to_string(owner));
        results.push_back(BARTIZAN_TRY(align_one(x.select(0, owner), regions[i], align)));
    }
    if (results.empty()) return at::zeros(output, x.options());
    return at::stack(results);
}

Result<Kernel> roi_align(const graph::Node& node, std::int64_t opset) {
    BARTIZAN_TRY(expect_inputs(node, 3, 3));
    Align align;
    align.height = BARTIZAN_TRY(read_side(node, "output_height", 1, 1));
    align.width = BARTIZAN_TRY(read_side(node, "output_width", 1, 1));
    align.sampling = BARTIZAN_TRY(read_side(node, "sampling_ratio", 0, 0));
    align.scale = BARTIZAN_TRY(node.real("spatial_scale", 1));
    align.takes_maximum = BARTIZAN_TRY(choice<bool>(node, "mode", "avg", {{"avg", false}, {"max", true}}));
    align.half_pixel = BARTIZAN_TRY(choice<bool>(node, "coordinate_transformation_mode",
                                                 opset >= 16 ? "half_pixel" : "output_half_pixel",
                                                 {{"half_pixel", true}, {"output_half_pixel", false}}));
    return numeric([=](const Call& call) { return align_all(call, align); });
}

struct Pool {
    std::int64_t height = 1, width = 1;
    double scale = 1;
};

/// Begin and end of a bin along a side of `size` pixels. Girshick 2015, section 2.1: bins are cut to whole pixels.
std::pair<std::int64_t, std::int64_t> bin_of(double begin, double length, std::int64_t bin, std::int64_t bins,
                                             std::int64_t size) {
    const double each = length / static_cast<double>(bins), last = static_cast<double>(size);
    const double from = std::floor(static_cast<double>(bin) * each) + begin;
    const double to = std::ceil(static_cast<double>(bin + 1) * each) + begin;
    return {static_cast<std::int64_t>(std::clamp(from, 0.0, last)),
            static_cast<std::int64_t>(std::clamp(to, 0.0, last))};
}

/// [channels, height, width] of one region; an empty bin holds 0. `corners` are x1, y1, x2, y2 in whole pixels.
at::Tensor pool_one(const at::Tensor& picture, const double* corners, const Pool& pool) {
    const double wide = std::max(1.0, corners[2] - corners[0] + 1), tall = std::max(1.0, corners[3] - corners[1] + 1);
    std::vector<at::Tensor> bins;
    for (std::int64_t i = 0; i < pool.height; ++i)
        for (std::int64_t j = 0; j < pool.width; ++j) {
            const auto [top, bottom] = bin_of(corners[1], tall, i, pool.height, picture.size(1));
            const auto [left, right] = bin_of(corners[0], wide, j, pool.width, picture.size(2));
            bins.push_back(bottom > top && right > left
                               ? picture.narrow(1, top, bottom - top).narrow(2, left, right - left).amax({1, 2})
                               : at::zeros({picture.size(0)}, picture.options()));
        }
    return at::stack(bins, 1).reshape({-1, pool.height, pool.width});
}

Result<at::Tensor> pool_all(const Call& call, const Pool& pool) {
    const at::Tensor& x = call.inputs[0];
    BARTIZAN_TRY(check_picture(x));
    const at::Tensor regions = call.inputs[1].detach().to(at::kDouble).contiguous();
    if (regions.dim() != 2 || regions.size(1) != 5)
        return invalid_input("regions " + to_string(shape_of(regions)) + " are not [number, 5]");
    const Shape output = {regions.size(0), x.size(1), pool.height, pool.width};
    BARTIZAN_TRY(check_output(output));
    if (regions.size(0) * pool.height * pool.width > kMaxBins)
        return exhausted(std::to_string(regions.size(0)) + " regions have too many bins");
    std::vector<at::Tensor> results;
    for (std::int64_t i = 0; i < regions.size(0); ++i) {
        const double* region = regions.data_ptr<double>() + 5 * i;
        if (!(region[0] >= 0 && region[0] < static_cast<double>(x.size(0))))
            return invalid_input("a region of picture " + std::to_string(region[0]));
        double corners[4];
        for (int c = 0; c < 4; ++c) {
            corners[c] = std::round(region[c + 1] * pool.scale);
            if (!(std::abs(corners[c]) <= kFarthest))
                return invalid_input("a region reaches to " + std::to_string(corners[c]));
        }
        results.push_back(pool_one(x.select(0, static_cast<std::int64_t>(region[0])), corners, pool));
    }
    if (results.empty()) return at::zeros(output, x.options());
    return at::stack(results);
}

Result<Kernel> max_roi_pool(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 2, 2));
    const std::vector<std::int64_t> sides = BARTIZAN_TRY(node.integers("pooled_shape", {}));
    if (sides.size() != 2 || std::ranges::any_of(sides, [](std::int64_t s) { return s < 1 || s > kMaxSide; }))
        return invalid_input("pooled_shape is " + to_string(sides));
    const double scale = BARTIZAN_TRY(node.real("spatial_scale", 1));
    return numeric([pool = Pool{sides[0], sides[1], scale}](const Call& call) { return pool_all(call, pool); });
}

constexpr OperatorSpec kOperators[] = {
    {"", "MaxRoiPool", 1, Gradient::smooth, max_roi_pool},
    {"", "RoiAlign", 10, Gradient::smooth, roi_align},
};

}  // namespace
}  // namespace roi

std::span<const OperatorSpec> roi_operators() { return roi::kOperators; }

}  // namespace bartizan::model::operators
