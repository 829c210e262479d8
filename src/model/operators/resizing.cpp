// Resize and Upsample: each axis by itself, as a weighted sum of a few values of the input per output.
#include <algorithm>
#include <cmath>
#include <optional>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>

#include "model/operators/build.h"
#include "model/operators/families.h"

namespace bartizan::model::operators {
namespace resizing {
namespace {

enum class Mode { nearest, linear, cubic };
enum class Place {
    half_pixel,
    half_pixel_symmetric,
    pytorch_half_pixel,
    tf_half_pixel_for_nn,
    align_corners,
    asymmetric,
    tf_crop_and_resize
};
/// `simple` is Upsample's and the first Resize's: the place below when it grows, above when it shrinks.
enum class Nearest { round_prefer_floor, round_prefer_ceil, floor, ceil, simple };
enum class Aspect { stretch, not_larger, not_smaller };

/// Weights that one axis may need: outputs times inputs per output.
constexpr std::int64_t kMaxTaps = std::int64_t{1} << 24;

struct Options {
    Mode mode = Mode::nearest;
    Place place = Place::half_pixel;
    Nearest nearest = Nearest::round_prefer_floor;
    Aspect aspect = Aspect::stretch;
    double cubic_a = -0.75, extrapolation = 0;
    bool exclude_outside = false, antialias = false;
    std::vector<std::int64_t> axes;  ///< empty: all
};

struct Axis {
    std::int64_t input = 0, output = 0;
    double scale = 1;
    double start = 0, end = 1;  ///< region of tf_crop_and_resize
};

double source_of(std::int64_t place, const Axis& axis, Place rule) {
    const auto x = static_cast<double>(place), last = static_cast<double>(axis.input - 1);
    // Not rounded down: ONNX's own results have corners that align with where the exact size would end.
    const double exact = axis.scale * static_cast<double>(axis.input);
    switch (rule) {
        case Place::half_pixel:
            return (x + 0.5) / axis.scale - 0.5;
        case Place::half_pixel_symmetric:
            return static_cast<double>(axis.input) / 2 * (1 - static_cast<double>(axis.output) / exact) +
                   (x + 0.5) / axis.scale - 0.5;
        case Place::pytorch_half_pixel:
            return axis.output > 1 ? (x + 0.5) / axis.scale - 0.5 : 0;
        case Place::tf_half_pixel_for_nn:
            return (x + 0.5) / axis.scale;
        case Place::align_corners:
            return axis.output > 1 ? x * last / (exact - 1) : 0;
        case Place::asymmetric:
            return x / axis.scale;
        case Place::tf_crop_and_resize:
            break;
    }
    if (axis.output == 1) return 0.5 * (axis.start + axis.end) * last;
    return axis.start * last + x * (axis.end - axis.start) * last / (exact - 1);
}

double nearest_to(double x, Nearest rule, double scale) {
    switch (rule) {
        case Nearest::round_prefer_floor:
            return std::ceil(x - 0.5);
        case Nearest::round_prefer_ceil:
            return std::floor(x + 0.5);
        case Nearest::floor:
            return std::floor(x);
        case Nearest::ceil:
            return std::ceil(x);
        case Nearest::simple:
            break;
    }
    return scale < 1 ? std::ceil(x) : std::floor(x);
}

/// Keys 1981, equation 4, with the coefficient a free.
double cubic_weight(double distance, double a) {
    const double d = std::abs(distance);
    if (d <= 1) return ((a + 2) * d - (a + 3)) * d * d + 1;
    if (d < 2) return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
    return 0;
}

/// For each output of an axis, `count` inputs and their weights, row by row.
struct Taps {
    std::size_t count = 1;
    std::vector<std::int64_t> places;
    std::vector<double> weights;
    std::vector<std::uint8_t> outside;  ///< outputs that lie outside the input (tf_crop_and_resize)
};

/// How far the weights reach on each side; shrinking with antialias widens them.
double reach_of(const Axis& axis, const Options& options) {
    const double plain = options.mode == Mode::cubic ? 2 : 1;
    return options.antialias ? plain / std::min(1.0, axis.scale) : plain;
}

/// Weights of the inputs around `x`, adding up to 1.
void add_taps(Taps& taps, double x, const Axis& axis, const Options& options) {
    const double stretch = options.antialias ? std::min(1.0, axis.scale) : 1;
    const double first = std::floor(x) - static_cast<double>(taps.count) / 2 + 1;
    const std::size_t begin = taps.weights.size();
    double sum = 0;
    for (std::size_t t = 0; t < taps.count; ++t) {
        const double place = first + static_cast<double>(t);
        const double distance = (place - x) * stretch;
        double weight = options.mode == Mode::cubic ? cubic_weight(distance, options.cubic_a)
                                                    : std::max(0.0, 1 - std::abs(distance));
        const auto last = static_cast<double>(axis.input - 1);
        if (options.exclude_outside && (place < 0 || place > last)) weight = 0;
        taps.places.push_back(static_cast<std::int64_t>(std::clamp(place, 0.0, last)));
        taps.weights.push_back(weight);
        sum += weight;
    }
    if (sum == 0) return;
    for (std::size_t t = begin; t < taps.weights.size(); ++t) taps.weights[t] /= sum;
}

Result<Taps> taps_of(const Axis& axis, const Options& options) {
    Taps taps;
    const auto last = static_cast<double>(axis.input - 1);
    if (options.mode != Mode::nearest) {
        const double reach = std::ceil(reach_of(axis, options));
        if (!(reach < static_cast<double>(kMaxTaps)))
            return exhausted("the scale " + std::to_string(axis.scale) + " is too small to smooth over");
        taps.count = 2 * static_cast<std::size_t>(reach);
    }
    if (axis.output > kMaxTaps / static_cast<std::int64_t>(taps.count))
        return exhausted("an axis of " + std::to_string(axis.input) + " resized to " + std::to_string(axis.output));
    for (std::int64_t i = 0; i < axis.output; ++i) {
        const double x = source_of(i, axis, options.place);
        if (!std::isfinite(x)) return invalid_input("the region to resize is not finite");
        taps.outside.push_back(options.place == Place::tf_crop_and_resize && (x < 0 || x > last));
        if (options.mode == Mode::nearest) {
            taps.places.push_back(
                static_cast<std::int64_t>(std::clamp(nearest_to(x, options.nearest, axis.scale), 0.0, last)));
            taps.weights.push_back(1);
        } else {
            add_taps(taps, x, axis, options);
        }
    }
    return taps;
}

/// Shaped to run along `axis` of a tensor of `rank` axes.
at::Tensor along(const at::Tensor& values, std::int64_t axis, std::int64_t rank) {
    Shape shape(static_cast<std::size_t>(rank), 1);
    shape[static_cast<std::size_t>(axis)] = -1;
    return values.reshape(shape);
}

at::Tensor apply(const at::Tensor& x, std::int64_t axis, const Taps& taps) {
    const auto outputs = static_cast<std::int64_t>(taps.outside.size());
    const at::Tensor places = at::tensor(taps.places, at::kLong).reshape({outputs, -1});
    if (taps.count == 1) return x.index_select(axis, places.select(1, 0));
    const at::Tensor weights = at::tensor(taps.weights, at::kDouble).to(x.scalar_type()).reshape({outputs, -1});
    at::Tensor sum;
    for (std::int64_t t = 0; t < places.size(1); ++t) {
        const at::Tensor part = x.index_select(axis, places.select(1, t)) * along(weights.select(1, t), axis, x.dim());
        sum = sum.defined() ? sum + part : part;
    }
    return sum;
}

/// Shrinking axes go first: what lies between is never larger than both ends.
std::vector<std::size_t> order_of(const std::vector<Axis>& axes) {
    std::vector<std::size_t> order;
    for (const bool shrinking : {true, false})
        for (std::size_t i = 0; i < axes.size(); ++i)
            if ((axes[i].output < axes[i].input) == shrinking) order.push_back(i);
    return order;
}

bool changes_nothing(const Axis& axis, const Options& options) {
    return axis.input == axis.output && axis.scale == 1 && options.place != Place::tf_crop_and_resize;
}

Result<at::Tensor> resize(const at::Tensor& x, const std::vector<Axis>& axes, const Options& options) {
    Shape output;
    for (const Axis& axis : axes) output.push_back(axis.output);
    BARTIZAN_TRY(check_output(output));
    if (x.numel() == 0 || std::ranges::count(output, 0) > 0)
        return invalid_input("nothing to resize from " + to_string(shape_of(x)) + " to " + to_string(output));
    const bool whole = !at::isFloatingType(x.scalar_type()) && options.mode != Mode::nearest;
    at::Tensor y = whole ? x.to(at::kFloat) : x;
    std::vector<std::pair<std::int64_t, Taps>> outside;
    for (const std::size_t i : order_of(axes)) {
        if (changes_nothing(axes[i], options)) continue;
        Taps taps = BARTIZAN_TRY(taps_of(axes[i], options));
        y = apply(y, static_cast<std::int64_t>(i), taps);
        if (std::ranges::count(taps.outside, 1) > 0)
            outside.emplace_back(static_cast<std::int64_t>(i), std::move(taps));
    }
    for (const auto& [axis, taps] : outside)
        y = y.masked_fill(along(at::tensor(taps.outside, at::kByte).to(at::kBool), axis, y.dim()),
                          options.extrapolation);
    return whole ? saturated(y.round(), x.scalar_type()) : y;
}

/// One value for each axis that is resized; others keep `preset`.
Result<std::vector<double>> per_axis(const at::Tensor& values, const std::vector<std::int64_t>& axes, std::size_t rank,
                                     double preset, std::string_view name) {
    const at::Tensor flat = values.detach().to(at::kDouble).reshape({-1}).contiguous();
    if (flat.numel() != static_cast<std::int64_t>(axes.size()))
        return invalid_input(std::string(name) + " has " + std::to_string(flat.numel()) + " values for " +
                             std::to_string(axes.size()) + " axes");
    std::vector<double> spread(rank, preset);
    for (std::size_t i = 0; i < axes.size(); ++i)
        spread[static_cast<std::size_t>(axes[i])] = flat.data_ptr<double>()[i];
    return spread;
}

Result<std::vector<std::int64_t>> resized_axes(const Options& options, std::int64_t rank) {
    if (!options.axes.empty()) return normal_axes(options.axes, rank);
    std::vector<std::int64_t> all;
    for (std::int64_t axis = 0; axis < rank; ++axis) all.push_back(axis);
    return all;
}

Result<std::vector<Axis>> axes_by_scales(const at::Tensor& x, const at::Tensor& scales, const Options& options) {
    const std::vector<std::int64_t> resized = BARTIZAN_TRY(resized_axes(options, x.dim()));
    const auto factors = BARTIZAN_TRY(per_axis(scales, resized, static_cast<std::size_t>(x.dim()), 1, "scales"));
    std::vector<Axis> axes;
    for (std::size_t i = 0; i < factors.size(); ++i) {
        // In float32, as runtimes do: 5 * 1.4f is 7, its exact product is below.
        const auto length = static_cast<float>(x.size(static_cast<std::int64_t>(i)));
        const float output = std::floor(length * static_cast<float>(factors[i]));
        if (!(factors[i] > 0) || !(output < static_cast<float>(kMaxOutputElements)))
            return invalid_input("a scale of " + std::to_string(factors[i]) + " makes no size");
        axes.push_back({x.size(static_cast<std::int64_t>(i)), static_cast<std::int64_t>(output), factors[i]});
    }
    return axes;
}

/// keep_aspect_ratio_policy: the same scale for all axes, the smallest or largest of those asked for.
void keep_aspect(std::vector<Axis>& axes, const std::vector<std::int64_t>& resized, Aspect aspect) {
    if (aspect == Aspect::stretch || resized.empty()) return;
    double scale = axes[static_cast<std::size_t>(resized[0])].scale;
    for (const std::int64_t i : resized) {
        const double other = axes[static_cast<std::size_t>(i)].scale;
        scale = aspect == Aspect::not_larger ? std::min(scale, other) : std::max(scale, other);
    }
    for (const std::int64_t i : resized) {
        Axis& axis = axes[static_cast<std::size_t>(i)];
        axis.scale = scale;
        axis.output = static_cast<std::int64_t>(std::floor(scale * static_cast<double>(axis.input) + 0.5));
    }
}

Result<std::vector<Axis>> axes_by_sizes(const at::Tensor& x, const at::Tensor& sizes, const Options& options) {
    const std::vector<std::int64_t> resized = BARTIZAN_TRY(resized_axes(options, x.dim()));
    const auto wanted = BARTIZAN_TRY(per_axis(sizes, resized, static_cast<std::size_t>(x.dim()), -1, "sizes"));
    std::vector<Axis> axes;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const std::int64_t input = x.size(static_cast<std::int64_t>(i));
        if (wanted[i] != -1 && !(wanted[i] >= 1 && wanted[i] <= static_cast<double>(kMaxOutputElements)))
            return invalid_input("a size of " + std::to_string(wanted[i]) + " is asked for");
        const std::int64_t output = wanted[i] == -1 ? input : static_cast<std::int64_t>(wanted[i]);
        axes.push_back(
            {input, output, static_cast<double>(output) / static_cast<double>(std::max<std::int64_t>(1, input))});
    }
    keep_aspect(axes, resized, options.aspect);
    return axes;
}

/// roi holds the starts of all axes, then the ends.
Result<void> read_region(std::vector<Axis>& axes, const at::Tensor& roi, const Options& options) {
    const auto rank = static_cast<std::int64_t>(axes.size());
    const std::vector<std::int64_t> resized = BARTIZAN_TRY(resized_axes(options, rank));
    const auto count = static_cast<std::int64_t>(resized.size());
    const at::Tensor flat = roi.reshape({-1});
    if (flat.numel() != 2 * count) return invalid_input("roi has " + std::to_string(flat.numel()) + " values");
    const auto starts = BARTIZAN_TRY(per_axis(flat.narrow(0, 0, count), resized, axes.size(), 0, "roi"));
    const auto ends = BARTIZAN_TRY(per_axis(flat.narrow(0, count, count), resized, axes.size(), 1, "roi"));
    for (std::size_t i = 0; i < axes.size(); ++i) {
        axes[i].start = starts[i];
        axes[i].end = ends[i];
    }
    return {};
}

Result<Options> read_options(const graph::Node& node) {
    Options options;
    options.mode = BARTIZAN_TRY(choice<Mode>(
        node, "mode", "nearest",
        {{"nearest", Mode::nearest}, {"linear", Mode::linear}, {"bilinear", Mode::linear}, {"cubic", Mode::cubic}}));
    options.place = BARTIZAN_TRY(choice<Place>(node, "coordinate_transformation_mode", "half_pixel",
                                               {{"half_pixel", Place::half_pixel},
                                                {"half_pixel_symmetric", Place::half_pixel_symmetric},
                                                {"pytorch_half_pixel", Place::pytorch_half_pixel},
                                                {"tf_half_pixel_for_nn", Place::tf_half_pixel_for_nn},
                                                {"align_corners", Place::align_corners},
                                                {"asymmetric", Place::asymmetric},
                                                {"tf_crop_and_resize", Place::tf_crop_and_resize}}));
    options.nearest = BARTIZAN_TRY(choice<Nearest>(node, "nearest_mode", "round_prefer_floor",
                                                   {{"round_prefer_floor", Nearest::round_prefer_floor},
                                                    {"round_prefer_ceil", Nearest::round_prefer_ceil},
                                                    {"floor", Nearest::floor},
                                                    {"ceil", Nearest::ceil}}));
    options.aspect = BARTIZAN_TRY(choice<Aspect>(
        node, "keep_aspect_ratio_policy", "stretch",
        {{"stretch", Aspect::stretch}, {"not_larger", Aspect::not_larger}, {"not_smaller", Aspect::not_smaller}}));
    options.cubic_a = BARTIZAN_TRY(node.real("cubic_coeff_a", -0.75F));
    options.extrapolation = BARTIZAN_TRY(node.real("extrapolation_value", 0));
    options.exclude_outside = BARTIZAN_TRY(node.integer("exclude_outside", 0)) != 0;
    options.antialias = BARTIZAN_TRY(node.integer("antialias", 0)) != 0 && options.mode != Mode::nearest;
    options.axes = BARTIZAN_TRY(node.integers("axes", {}));
    return options;
}

/// Places are x / scale, and nearest is the simple rule, in Upsample and the first Resize.
Options as_in_opset_10(Options options) {
    options.place = Place::asymmetric;
    options.nearest = Nearest::simple;
    return options;
}

Result<Kernel> resize_by_scales(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 2, 2));
    const Options options = as_in_opset_10(BARTIZAN_TRY(read_options(node)));
    return numeric([=](const Call& call) -> Result<at::Tensor> {
        return resize(call.inputs[0], BARTIZAN_TRY(axes_by_scales(call.inputs[0], call.inputs[1], options)), options);
    });
}

Result<Kernel> upsample_by_attribute(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 1));
    const Options options = as_in_opset_10(BARTIZAN_TRY(read_options(node)));
    const std::vector<float> scales = BARTIZAN_TRY(node.reals("scales", {}));
    return numeric([=](const Call& call) -> Result<at::Tensor> {
        const at::Tensor factors = at::tensor(scales, at::kFloat);
        return resize(call.inputs[0], BARTIZAN_TRY(axes_by_scales(call.inputs[0], factors, options)), options);
    });
}

bool is_given(const Call& call, std::size_t index) { return call.has(index) && call.inputs[index].numel() > 0; }

Result<Kernel> resize_by_any(const graph::Node& node, std::int64_t) {
    BARTIZAN_TRY(expect_inputs(node, 1, 4));
    const Options options = BARTIZAN_TRY(read_options(node));
    return numeric([=](const Call& call) -> Result<at::Tensor> {
        const at::Tensor& x = call.inputs[0];
        if (is_given(call, 2) == is_given(call, 3)) return invalid_input("give either scales or sizes");
        std::vector<Axis> axes = is_given(call, 3) ? BARTIZAN_TRY(axes_by_sizes(x, call.inputs[3], options))
                                                   : BARTIZAN_TRY(axes_by_scales(x, call.inputs[2], options));
        if (options.place == Place::tf_crop_and_resize) {
            if (!is_given(call, 1)) return invalid_input("tf_crop_and_resize needs the input roi");
            BARTIZAN_TRY(read_region(axes, call.inputs[1], options));
        }
        return resize(x, axes, options);
    });
}

constexpr OperatorSpec kOperators[] = {
    {"", "Resize", 10, Gradient::smooth, resize_by_scales},
    {"", "Resize", 11, Gradient::smooth, resize_by_any},
    {"", "Upsample", 7, Gradient::smooth, upsample_by_attribute},
    {"", "Upsample", 9, Gradient::smooth, resize_by_scales},
};

}  // namespace
}  // namespace resizing

std::span<const OperatorSpec> resizing_operators() { return resizing::kOperators; }

}  // namespace bartizan::model::operators
