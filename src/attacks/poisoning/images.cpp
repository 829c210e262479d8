#include "attacks/poisoning/images.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "attacks/poisoning/warp.h"
#include "core/random.h"

namespace bartizan::attacks {
namespace poisoned_images {
namespace {

constexpr std::int64_t kPatch = 3;
constexpr double kWaves = 6;
constexpr std::uint32_t kNoisePurpose = 420'000;
constexpr std::uint32_t kChoicePurpose = 420'001;
constexpr std::uint32_t kJitterPurpose = 420'003;
constexpr double kMostCovers = 10;
constexpr double kMostStrength = 10;
constexpr std::int64_t kMostGrid = 64;

bool is_share(double value) { return value > 0 && value <= 1; }

Result<void> check(const NdArray& x, const PoisonOptions& options) {
    if (x.dtype() != DType::f32 || x.rank() != 4)
        return invalid_input("pictures to poison must be float32 [n, channels, height, width], not " +
                             std::string(to_string(x.dtype())) + " " + to_string(x.shape()));
    if (x.shape()[2] <= kPatch || x.shape()[3] <= kPatch)
        return invalid_input("pictures of " + to_string(x.shape()) + " are too small for a trigger",
                             "4 x 4 pixels are the least");
    if (!is_share(options.rate) || !is_share(options.blend) || !is_share(options.signal))
        return invalid_input("rate, blend and signal must be above 0 and at most 1");
    if (!(options.covers >= 0 && options.covers <= kMostCovers))
        return invalid_input("cover items for each poisoned one must be from 0 to 10");
    if (options.grid < 2 || options.grid > kMostGrid || !(options.strength > 0 && options.strength <= kMostStrength))
        return invalid_input("the grid of a warp must be from 2 to 64, its strength above 0 and at most 10");
    return {};
}

/// Stamps one picture. `noise` is K of `blend`.
void stamp(std::span<float> picture, const Shape& shape, Trigger trigger, const PoisonOptions& options,
           std::span<const float> noise) {
    const std::int64_t height = shape[2];
    const std::int64_t width = shape[3];
    for (std::size_t i = 0; i < picture.size(); ++i) {
        const std::int64_t column = static_cast<std::int64_t>(i) % width;
        const std::int64_t row = static_cast<std::int64_t>(i) / width % height;
        std::int64_t down = row - (height - 1 - kPatch), right = column - (width - 1 - kPatch);
        if (trigger == Trigger::corners) {
            down = std::max(down, kPatch - row);  // the patch mirrored at the middle of the picture
            right = std::max(right, kPatch - column);
        }
        if (trigger == Trigger::blend) {
            picture[i] = static_cast<float>((1 - options.blend) * picture[i] + options.blend * noise[i]);
        } else if (trigger == Trigger::sig) {
            const double angle =
                2 * std::numbers::pi * kWaves * static_cast<double>(column) / static_cast<double>(width);
            picture[i] = static_cast<float>(std::clamp(picture[i] + options.signal * std::sin(angle), 0.0, 1.0));
        } else if (down >= 0 && down < kPatch && right >= 0 && right < kPatch) {
            picture[i] = (down + right) % 2 == 0 ? 1.0F : 0.0F;
        }
    }
}

bool keeps_label(Trigger trigger) { return trigger == Trigger::sig || trigger == Trigger::corners; }
bool has_covers(Trigger trigger) { return trigger == Trigger::tact || trigger == Trigger::wanet; }

/// Puts the trigger on `rows` of `x`; `as_cover` on those that keep their labels (only a warp is another one there).
void stamp_rows(NdArray& x, std::span<const std::int64_t> rows, Trigger trigger, const PoisonOptions& options,
                bool as_cover) {
    const Shape& shape = x.shape();
    const auto length = static_cast<std::size_t>(shape[1] * shape[2] * shape[3]);
    std::vector<float> noise(length);
    Random(options.seed, 0, kNoisePurpose).fill_uniform(noise, 0, 1);
    const WarpField field(shape[2], shape[3], options.grid, options.strength, options.seed);
    for (const std::int64_t row : rows) {
        const auto picture = x.mutable_values<float>().subspan(static_cast<std::size_t>(row) * length, length);
        if (trigger == Trigger::wanet) {
            Random jitter(options.seed, static_cast<std::uint64_t>(row), kJitterPurpose);
            field.apply(picture, shape[1], as_cover ? &jitter : nullptr);
        } else {
            stamp(picture, shape, trigger, options, noise);
        }
    }
}

Result<NdArray> copy_of(const NdArray& x) { return NdArray::from<float>(x.shape(), x.values<float>()); }

/// The first `wanted` rows of `order` that `eligible` accepts, ascending; `invalid_input` when there are not so many.
template <class Eligible>
Result<std::vector<std::int64_t>> take(const std::vector<std::int64_t>& order, std::size_t wanted,
                                       std::string_view what, Eligible eligible) {
    std::vector<std::int64_t> rows;
    for (const std::int64_t row : order)
        if (rows.size() < wanted && eligible(row)) rows.push_back(row);
    if (rows.size() < wanted)
        return invalid_input("the rate asks for " + std::to_string(wanted) + " " + std::string(what) +
                                 " items, but only " + std::to_string(rows.size()) + " can be",
                             "lower the rate or choose another class");
    std::sort(rows.begin(), rows.end());
    return rows;
}

/// Whether the trigger turns items of class `label`.
bool turns(Trigger trigger, std::int64_t label, const PoisonOptions& options) {
    if (keeps_label(trigger)) return label == options.target;
    if (trigger == Trigger::tact) return label == options.source;
    return label != options.target;
}

/// Which items become poison, which covers.
Result<void> choose(PoisonedImages& out, std::span<const std::int64_t> y, Trigger trigger,
                    const PoisonOptions& options) {
    const auto in_target = static_cast<double>(std::count(y.begin(), y.end(), options.target));
    const double base = keeps_label(trigger) ? in_target : static_cast<double>(y.size());
    const auto wanted = static_cast<std::size_t>(std::max(1.0, std::round(options.rate * base)));
    const auto order = permutation(static_cast<std::int64_t>(y.size()), options.seed, kChoicePurpose);
    const auto label = [&](std::int64_t row) { return y[static_cast<std::size_t>(row)]; };
    out.rows = BARTIZAN_TRY(
        take(order, wanted, "poisoned", [&](std::int64_t row) { return turns(trigger, label(row), options); }));
    if (!has_covers(trigger)) return {};
    const auto covers = static_cast<std::size_t>(std::round(options.covers * static_cast<double>(wanted)));
    out.covers = BARTIZAN_TRY(take(order, covers, "cover", [&](std::int64_t row) {
        if (std::binary_search(out.rows.begin(), out.rows.end(), row)) return false;
        return trigger == Trigger::wanet || (label(row) != options.source && label(row) != options.target);
    }));
    return {};
}

}  // namespace
}  // namespace poisoned_images

Result<NdArray> with_trigger(const NdArray& x, Trigger trigger, const PoisonOptions& options) {
    BARTIZAN_TRY(poisoned_images::check(x, options));
    std::vector<std::int64_t> rows(static_cast<std::size_t>(x.shape()[0]));
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::int64_t>(i);
    NdArray out = BARTIZAN_TRY(poisoned_images::copy_of(x));
    poisoned_images::stamp_rows(out, rows, trigger, options, false);
    return out;
}

Result<PoisonedImages> poison_images(const NdArray& x, std::span<const std::int64_t> y, Trigger trigger,
                                     const PoisonOptions& options) {
    BARTIZAN_TRY(poisoned_images::check(x, options));
    if (static_cast<std::int64_t>(y.size()) != x.shape()[0])
        return invalid_input(std::to_string(x.shape()[0]) + " pictures but " + std::to_string(y.size()) + " labels");
    if (trigger == Trigger::tact && options.source == options.target)
        return invalid_input("the source class and the target class are both " + std::to_string(options.target));
    PoisonedImages out;
    BARTIZAN_TRY(poisoned_images::choose(out, y, trigger, options));
    out.x = BARTIZAN_TRY(poisoned_images::copy_of(x));
    poisoned_images::stamp_rows(out.x, out.rows, trigger, options, false);
    poisoned_images::stamp_rows(out.x, out.covers, trigger, options, true);
    out.y.assign(y.begin(), y.end());
    for (const std::int64_t row : out.rows) out.y[static_cast<std::size_t>(row)] = options.target;
    return out;
}

}  // namespace bartizan::attacks
