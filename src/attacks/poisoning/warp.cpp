#include "attacks/poisoning/warp.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/random.h"

namespace bartizan::attacks {
namespace warp {
namespace {

constexpr std::uint32_t kFieldPurpose = 420'002;
constexpr double kCubic = -0.75;  // of the kernel, as in the authors' upsampling

/// Weights of the four neighbours at distance `t` past the second of them (Keys 1981, equation 4).
std::array<double, 4> cubic_weights(double t) {
    const auto inner = [](double d) { return ((kCubic + 2) * d - (kCubic + 3)) * d * d + 1; };
    const auto outer = [](double d) { return ((kCubic * d - 5 * kCubic) * d + 8 * kCubic) * d - 4 * kCubic; };
    return {outer(t + 1), inner(t), inner(1 - t), outer(2 - t)};
}

/// `coarse` (grid x grid) spread over height x width, corners on corners.
std::vector<double> spread(const std::vector<double>& coarse, std::int64_t grid, std::int64_t height,
                           std::int64_t width) {
    std::vector<double> out;
    const auto place = [&](std::int64_t i, std::int64_t side) {
        return static_cast<double>(i) * static_cast<double>(grid - 1) / static_cast<double>(side - 1);
    };
    const auto near = [&](double at, int k) {
        return std::clamp(static_cast<std::int64_t>(at) - 1 + k, std::int64_t{0}, grid - 1);
    };
    for (std::int64_t row = 0; row < height; ++row) {
        const double v = place(row, height);
        const auto down = cubic_weights(v - std::floor(v));
        for (std::int64_t column = 0; column < width; ++column) {
            const double u = place(column, width);
            const auto right = cubic_weights(u - std::floor(u));
            double sum = 0;
            for (int a = 0; a < 4; ++a)
                for (int b = 0; b < 4; ++b)
                    sum += down[static_cast<std::size_t>(a)] * right[static_cast<std::size_t>(b)] *
                           coarse[static_cast<std::size_t>(near(v, a) * grid + near(u, b))];
            out.push_back(sum);
        }
    }
    return out;
}

double identity(std::int64_t i, std::int64_t side) {
    return 2 * static_cast<double>(i) / static_cast<double>(side - 1) - 1;
}

/// The plane at a place between four pixels; both coordinates in [-1, 1].
float between(std::span<const float> plane, std::int64_t height, std::int64_t width, double down, double right) {
    const double v = (down + 1) / 2 * static_cast<double>(height - 1);
    const double u = (right + 1) / 2 * static_cast<double>(width - 1);
    const auto row = static_cast<std::int64_t>(v), column = static_cast<std::int64_t>(u);
    const std::int64_t row2 = std::min(row + 1, height - 1), column2 = std::min(column + 1, width - 1);
    const double b = v - static_cast<double>(row), r = u - static_cast<double>(column);
    const auto at = [&](std::int64_t y, std::int64_t x) {
        return static_cast<double>(plane[static_cast<std::size_t>(y * width + x)]);
    };
    return static_cast<float>((1 - b) * ((1 - r) * at(row, column) + r * at(row, column2)) +
                              b * ((1 - r) * at(row2, column) + r * at(row2, column2)));
}

}  // namespace
}  // namespace warp

WarpField::WarpField(std::int64_t height, std::int64_t width, std::int64_t grid, double strength, std::uint64_t seed)
    : height_(height), width_(width) {
    const auto cells = static_cast<std::size_t>(grid * grid);
    std::vector<float> noise(2 * cells);
    Random(seed, 0, warp::kFieldPurpose).fill_uniform(noise, -1, 1);
    double mean = 0;
    for (const float value : noise) mean += std::abs(value) / static_cast<double>(noise.size());
    const std::vector<double> first(noise.begin(), noise.begin() + static_cast<std::ptrdiff_t>(cells));
    const std::vector<double> second(noise.begin() + static_cast<std::ptrdiff_t>(cells), noise.end());
    down_ = warp::spread(first, grid, height, width);
    right_ = warp::spread(second, grid, height, width);
    const double unit = strength / mean / static_cast<double>(height);
    for (std::int64_t i = 0; i < height * width; ++i) {
        const auto at = static_cast<std::size_t>(i);
        down_[at] = std::clamp(warp::identity(i / width, height) + unit * down_[at], -1.0, 1.0);
        right_[at] = std::clamp(warp::identity(i % width, width) + unit * right_[at], -1.0, 1.0);
    }
}

void WarpField::apply(std::span<float> picture, std::int64_t channels, Random* jitter) const {
    const auto plane = static_cast<std::size_t>(height_ * width_);
    const std::vector<float> before(picture.begin(), picture.end());
    for (std::size_t i = 0; i < plane; ++i) {
        double down = down_[i], right = right_[i];
        if (jitter != nullptr) {
            down = std::clamp(down + (2 * jitter->uniform53() - 1) / static_cast<double>(height_), -1.0, 1.0);
            right = std::clamp(right + (2 * jitter->uniform53() - 1) / static_cast<double>(width_), -1.0, 1.0);
        }
        for (std::size_t c = 0; c < static_cast<std::size_t>(channels); ++c)
            picture[c * plane + i] =
                warp::between(std::span(before).subspan(c * plane, plane), height_, width_, down, right);
    }
}

}  // namespace bartizan::attacks
