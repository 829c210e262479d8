#include "audit/corruptions.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "core/random.h"
#include "data/pictures.h"

namespace bartizan::audit {
namespace {

constexpr std::int64_t kSmallImage = 64;
using Strengths = std::array<double, kSeverities>;

// Standard deviation of the noise, of the blur in pixels, and the shift of brightness.
constexpr Strengths kNoiseSmall = {.04, .06, .08, .09, .10}, kNoiseLarge = {.08, .12, .18, .26, .38};
constexpr Strengths kBlurSmall = {.4, .6, .7, .8, 1}, kBlurLarge = {1, 2, 3, 4, 6};
constexpr Strengths kShiftSmall = {.05, .1, .15, .2, .3}, kShiftLarge = {.1, .2, .3, .4, .5};

struct Planes {
    std::int64_t height, width, channels;
    std::int64_t row_step, column_step, channel_step;
};

Planes planes_of(const Shape& item) {
    if (item.size() == 2) return {item[0], item[1], 1, item[1], 1, 0};
    if (item[0] == 1 || item[0] == 3) return {item[1], item[2], item[0], item[2], 1, item[1] * item[2]};
    return {item[0], item[1], item[2], item[1] * item[2], item[2], 1};
}

void add_noise(std::span<float> item, double deviation, Random random) {
    for (float& value : item) value = std::clamp(value + static_cast<float>(deviation) * random.normal(), 0.0F, 1.0F);
}

void shift(std::span<float> item, double by) {
    for (float& value : item) value = std::clamp(value + static_cast<float>(by), 0.0F, 1.0F);
}

std::vector<double> gaussian_kernel(double deviation) {
    const int radius = std::max(1, static_cast<int>(std::ceil(3 * deviation)));
    std::vector<double> kernel;
    double sum = 0;
    for (int i = -radius; i <= radius; ++i) {
        kernel.push_back(std::exp(-0.5 * i * i / (deviation * deviation)));
        sum += kernel.back();
    }
    for (double& weight : kernel) weight /= sum;
    return kernel;
}

/// One direction of the separable blur over a line of `count` numbers `step` apart; the edge is repeated.
void blur_line(std::span<float> item, std::size_t start, std::int64_t count, std::int64_t step,
               const std::vector<double>& kernel, std::vector<float>& line) {
    line.resize(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i)
        line[static_cast<std::size_t>(i)] = item[start + static_cast<std::size_t>(i * step)];
    const auto radius = static_cast<std::int64_t>(kernel.size() / 2);
    for (std::int64_t i = 0; i < count; ++i) {
        double sum = 0;
        for (std::int64_t k = -radius; k <= radius; ++k)
            sum += kernel[static_cast<std::size_t>(k + radius)] *
                   line[static_cast<std::size_t>(std::clamp<std::int64_t>(i + k, 0, count - 1))];
        item[start + static_cast<std::size_t>(i * step)] = static_cast<float>(sum);
    }
}

void blur(std::span<float> item, const Planes& planes, double deviation) {
    const std::vector<double> kernel = gaussian_kernel(deviation);
    std::vector<float> line;
    for (std::int64_t channel = 0; channel < planes.channels; ++channel) {
        const std::int64_t base = channel * planes.channel_step;
        for (std::int64_t row = 0; row < planes.height; ++row)
            blur_line(item, static_cast<std::size_t>(base + row * planes.row_step), planes.width, planes.column_step,
                      kernel, line);
        for (std::int64_t column = 0; column < planes.width; ++column)
            blur_line(item, static_cast<std::size_t>(base + column * planes.column_step), planes.height,
                      planes.row_step, kernel, line);
    }
}

}  // namespace

std::string_view to_string(Corruption corruption) {
    constexpr std::string_view kNames[] = {"noise", "blur", "brightness", "darkness"};
    return kNames[static_cast<std::size_t>(corruption)];
}

Result<NdArray> corrupt(const data::Info& info, const data::Batch& batch, Corruption corruption, int severity,
                        std::uint64_t seed) {
    if (!is_picture(info)) return unsupported("corruptions are made for images");
    const Planes planes = planes_of(info.item_shape);
    const bool small = std::max(planes.height, planes.width) <= kSmallImage;
    const auto level = static_cast<std::size_t>(severity - 1);
    NdArray out = BARTIZAN_TRY(NdArray::from<float>(batch.x.shape(), batch.x.values<float>()));
    const auto length = static_cast<std::size_t>(planes.height * planes.width * planes.channels);
    const std::span<float> all = out.mutable_values<float>();
    for (std::size_t row = 0; row < batch.ids.size(); ++row) {
        const std::span<float> item = all.subspan(row * length, length);
        switch (corruption) {
            case Corruption::noise:
                add_noise(item, (small ? kNoiseSmall : kNoiseLarge)[level],
                          Random(seed, static_cast<std::uint64_t>(batch.ids[row]), static_cast<std::uint32_t>(severity)));
                break;
            case Corruption::blur: blur(item, planes, (small ? kBlurSmall : kBlurLarge)[level]); break;
            case Corruption::brightness: shift(item, (small ? kShiftSmall : kShiftLarge)[level]); break;
            case Corruption::darkness: shift(item, -(small ? kShiftSmall : kShiftLarge)[level]); break;
        }
    }
    return out;
}

}  // namespace bartizan::audit
