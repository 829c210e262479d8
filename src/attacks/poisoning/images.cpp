#include "attacks/poisoning/images.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/random.h"

namespace bartizan::attacks {
namespace poisoned_images {
namespace {

constexpr std::int64_t kPatch = 3;
constexpr double kWaves = 6;
constexpr std::uint32_t kNoisePurpose = 420'000;
constexpr std::uint32_t kChoicePurpose = 420'001;

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
        const std::int64_t down = row - (height - 1 - kPatch);
        const std::int64_t right = column - (width - 1 - kPatch);
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

/// A copy of `x` with the trigger on `rows`.
Result<NdArray> stamped(const NdArray& x, std::span<const std::int64_t> rows, Trigger trigger,
                        const PoisonOptions& options) {
    NdArray out = BARTIZAN_TRY(NdArray::from<float>(x.shape(), x.values<float>()));
    const auto length = static_cast<std::size_t>(x.shape()[1] * x.shape()[2] * x.shape()[3]);
    std::vector<float> noise(length);
    Random(options.seed, 0, kNoisePurpose).fill_uniform(noise, 0, 1);
    for (const std::int64_t row : rows)
        stamp(out.mutable_values<float>().subspan(static_cast<std::size_t>(row) * length, length), x.shape(), trigger,
              options, noise);
    return out;
}

}  // namespace
}  // namespace poisoned_images

Result<NdArray> with_trigger(const NdArray& x, Trigger trigger, const PoisonOptions& options) {
    BARTIZAN_TRY(poisoned_images::check(x, options));
    std::vector<std::int64_t> rows(static_cast<std::size_t>(x.shape()[0]));
    for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<std::int64_t>(i);
    return poisoned_images::stamped(x, rows, trigger, options);
}

Result<PoisonedImages> poison_images(const NdArray& x, std::span<const std::int64_t> y, Trigger trigger,
                                     const PoisonOptions& options) {
    BARTIZAN_TRY(poisoned_images::check(x, options));
    if (static_cast<std::int64_t>(y.size()) != x.shape()[0])
        return invalid_input(std::to_string(x.shape()[0]) + " pictures but " + std::to_string(y.size()) + " labels");
    const bool clean_label = trigger == Trigger::sig;
    const auto in_target = static_cast<double>(std::count(y.begin(), y.end(), options.target));
    const double base = clean_label ? in_target : static_cast<double>(y.size());
    const auto wanted = static_cast<std::size_t>(std::max(1.0, std::round(options.rate * base)));
    PoisonedImages out;
    for (const std::int64_t row :
         permutation(static_cast<std::int64_t>(y.size()), options.seed, poisoned_images::kChoicePurpose)) {
        const bool eligible = (y[static_cast<std::size_t>(row)] == options.target) == clean_label;
        if (eligible && out.rows.size() < wanted) out.rows.push_back(row);
    }
    if (out.rows.size() < wanted)
        return invalid_input("the rate asks for " + std::to_string(wanted) + " poisoned items, but only " +
                                 std::to_string(out.rows.size()) + " can be",
                             "lower the rate or choose another target class");
    std::sort(out.rows.begin(), out.rows.end());
    out.x = BARTIZAN_TRY(poisoned_images::stamped(x, out.rows, trigger, options));
    out.y.assign(y.begin(), y.end());
    for (const std::int64_t row : out.rows) out.y[static_cast<std::size_t>(row)] = options.target;
    return out;
}

}  // namespace bartizan::attacks
