#include "monitor/squeeze.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/statistics.h"
#include "monitor/embedding.h"

namespace bartizan::monitor {
namespace squeeze {
namespace {

constexpr double kLevels = 15;  // steps between 16 levels
constexpr double kUsual = 0.9;  // quantile of a squeezer's distances that counts as one
constexpr double kLeastScale = 0.01;
constexpr std::size_t kLeastRows = 100;
constexpr std::uint32_t kLongestCount = 500;

/// Median over `side` x `side` pixels, with the edge repeated; of an even number, the lower of the two in the middle.
void median(const float* from, std::int64_t height, std::int64_t width, std::int64_t side, float* to) {
    std::array<float, 9> values{};
    const std::int64_t before = (side - 1) / 2;
    for (std::int64_t y = 0; y < height; ++y)
        for (std::int64_t x = 0; x < width; ++x) {
            std::size_t count = 0;
            for (std::int64_t dy = 0; dy < side; ++dy)
                for (std::int64_t dx = 0; dx < side; ++dx)
                    values[count++] = from[std::clamp<std::int64_t>(y + dy - before, 0, height - 1) * width +
                                           std::clamp<std::int64_t>(x + dx - before, 0, width - 1)];
            const auto middle = values.begin() + static_cast<std::ptrdiff_t>((count - 1) / 2);
            std::nth_element(values.begin(), middle, values.begin() + static_cast<std::ptrdiff_t>(count));
            to[y * width + x] = *middle;
        }
}

}  // namespace
}  // namespace squeeze

bool can_squeeze(std::span<const std::int64_t> shape) {
    return (shape.size() == 2 || shape.size() == 3) && shape[shape.size() - 1] >= kLeastSide &&
           shape[shape.size() - 2] >= kLeastSide;
}

std::vector<float> squeezed(std::span<const float> row, std::span<const std::int64_t> shape, double low, double high) {
    const std::int64_t height = shape[shape.size() - 2], width = shape[shape.size() - 1];
    std::vector<float> out(kSqueezers * row.size());
    const double step = (high - low) / squeeze::kLevels;
    for (std::size_t i = 0; i < row.size(); ++i)
        out[i] = static_cast<float>(low + step * std::round((std::clamp<double>(row[i], low, high) - low) / step));
    const auto plane = static_cast<std::size_t>(height * width);
    for (std::size_t at = 0; at < row.size(); at += plane)
        for (const std::int64_t side : {2, 3})
            squeeze::median(row.data() + at, height, width, side,
                            out.data() + static_cast<std::size_t>(side - 1) * row.size() + at);
    return out;
}

double answer_distance(std::span<const float> a, std::span<const float> b) {
    if (a.empty() || a.size() != b.size()) return 0;
    const std::vector<double> p = probabilities_of(a), q = probabilities_of(b);
    double sum = 0;
    for (std::size_t i = 0; i < p.size(); ++i) sum += std::abs(p[i] - q[i]);
    return std::isfinite(sum) ? sum : 2;
}

Result<SqueezeReference> SqueezeReference::fit(std::span<const std::array<double, kSqueezers>> distances,
                                               double false_flags) {
    if (distances.size() < squeeze::kLeastRows)
        return invalid_input("squeezing needs a reference of " + std::to_string(squeeze::kLeastRows) +
                             " pictures, there are " + std::to_string(distances.size()));
    SqueezeReference out;
    const std::size_t half = distances.size() / 2;
    for (std::size_t k = 0; k < kSqueezers; ++k) {
        std::vector<double> column;
        for (std::size_t i = 0; i < half; ++i) column.push_back(distances[i][k]);
        std::ranges::sort(column);
        out.scale_[k] = std::max(quantile(column, squeeze::kUsual), squeeze::kLeastScale);
    }
    std::vector<double> scores;
    for (std::size_t i = half; i < distances.size(); ++i) scores.push_back(out.score(distances[i]));
    std::ranges::sort(scores);
    out.threshold_ = quantile(scores, 1 - false_flags);
    // The share above a threshold that so many rows set is itself uncertain: three deviations are given to it.
    out.chance_ = false_flags + 3 * std::sqrt(false_flags * (1 - false_flags) / static_cast<double>(scores.size()));
    return out;
}

double SqueezeReference::score(const std::array<double, kSqueezers>& distances) const {
    double most = 0;
    for (std::size_t k = 0; k < kSqueezers; ++k) most = std::max(most, distances[k] / scale_[k]);
    return most;
}

bool SqueezeReference::flags(const std::array<double, kSqueezers>& distances) const {
    return score(distances) > threshold_;
}

double binomial_tail(std::uint32_t hits, std::uint32_t trials, double p) {
    if (hits == 0) return 1;
    if (hits > trials || !(p > 0)) return 0;
    if (p >= 1) return 1;
    double sum = 0;
    for (std::uint32_t k = trials + 1; k-- > hits;)  // the smallest terms first
        sum += std::exp(std::lgamma(trials + 1.0) - std::lgamma(k + 1.0) - std::lgamma(trials - k + 1.0) +
                        k * std::log(p) + (trials - k) * std::log1p(-p));
    return std::min(sum, 1.0);
}

bool FlagCount::leans(double chance) const {
    const double expected = chance * of_;
    return flagged_ >= 2 && flagged_ - expected > 3 * std::sqrt(expected * (1 - chance));
}

std::optional<FlagCount::Sign> FlagCount::see(bool flagged, double chance, double least) {
    ++of_;
    flagged_ += flagged ? 1 : 0;
    std::optional<Sign> out;
    if (flagged) {
        const double p = binomial_tail(flagged_, of_, chance);
        if (p < least) out = Sign{flagged_, of_, p};
    }
    if (out || of_ >= squeeze::kLongestCount) *this = {};
    return out;
}

}  // namespace bartizan::monitor
