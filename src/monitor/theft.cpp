#include "monitor/theft.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <string>

#include "core/random.h"
#include "core/statistics.h"

namespace bartizan::monitor {
namespace theft {
namespace {

constexpr std::uint32_t kWaves = 620'000, kPairs = 620'001, kClients = 620'002;
constexpr std::size_t kMedianPairs = 2000;
constexpr float kFarthest = 8;  // deviations: what lies beyond is as strange as can be

/// cos of so many turns, to 1e-5: a polynomial of the distance to the nearest half turn. Turns are few enough for an
/// int: residuals are bounded. Truncation, not `floor`: that is a call on processors without SSE 4.1, and this loop is
/// the cost.
float cosine_of_turns(float turns) {
    const float part = std::abs(turns - static_cast<float>(static_cast<int>(turns)));  // cos is even
    const float x = (0.25F - std::min(part, 1 - part)) * 6.2831853F, y = x * x;        // cos t = sin(pi/2 - t)
    return x * (1 + y * (-1.0F / 6 + y * (1.0F / 120 + y * (-1.0F / 5040 + y * (1.0F / 362880)))));
}

/// Indices of the rows of each class.
std::vector<std::vector<std::size_t>> by_class(std::span<const std::int64_t> classes, std::size_t from) {
    std::map<std::int64_t, std::vector<std::size_t>> rows;
    for (std::size_t i = from; i < classes.size(); ++i) rows[classes[i]].push_back(i);
    std::vector<std::vector<std::size_t>> out;
    for (auto& [label, members] : rows) out.push_back(std::move(members));
    return out;
}

/// Cumulated shares of a symmetric Dirichlet distribution of 2: Gamma(2) is the sum of two exponentials.
std::vector<double> class_mix(std::size_t classes, Random& random) {
    std::vector<double> mix;
    double sum = 0;
    for (std::size_t k = 0; k < classes; ++k)
        mix.push_back(sum -= std::log(1 - random.uniform53()) + std::log(1 - random.uniform53()));
    for (double& one : mix) one /= sum;
    return mix;
}

}  // namespace
}  // namespace theft

/// Class means, and the deviation of what is left. A few steps of shrinkage towards the overall mean keep rare classes
/// from having means of their own noise.
void TheftReference::centre(std::span<const float> embeddings, std::span<const std::int64_t> classes,
                            std::size_t rows) {
    overall_.assign(width_, 0);
    std::map<std::int64_t, std::size_t> counts;
    for (std::size_t i = 0; i < rows; ++i) {
        auto& mean = means_[classes[i]];
        mean.resize(width_);
        ++counts[classes[i]];
        for (std::size_t j = 0; j < width_; ++j) {
            mean[j] += embeddings[i * width_ + j];
            overall_[j] += embeddings[i * width_ + j] / static_cast<float>(rows);
        }
    }
    for (auto& [label, mean] : means_)
        for (std::size_t j = 0; j < width_; ++j)
            mean[j] = (mean[j] + overall_[j]) / (static_cast<float>(counts[label]) + 1);
    std::vector<double> squares(width_);
    for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t j = 0; j < width_; ++j)
            squares[j] += std::pow(embeddings[i * width_ + j] - means_[classes[i]][j], 2);
    scale_.resize(width_);
    for (std::size_t j = 0; j < width_; ++j) {
        const double deviation = std::sqrt(squares[j] / static_cast<double>(rows));
        // What never moved is strange as soon as it moves: a thousandth of what it is, or one.
        const double least = 1e-3 * std::max(std::abs(static_cast<double>(overall_[j])), 1e-3);
        scale_[j] = static_cast<float>(1 / std::max(deviation, least));
    }
}

/// Frequencies of a Gaussian kernel as wide as the median distance of two residuals.
void TheftReference::draw_waves(std::span<const float> embeddings, std::span<const std::int64_t> classes,
                                std::size_t rows, std::uint64_t seed) {
    Random pairs(seed, 0, theft::kPairs);
    const auto residual = [&](std::size_t row, std::size_t j) {
        const float raw = (embeddings[row * width_ + j] - means_.at(classes[row])[j]) * scale_[j];
        return std::clamp(raw, -theft::kFarthest, theft::kFarthest);
    };
    std::vector<double> distances;
    for (std::size_t pair = 0; pair < theft::kMedianPairs; ++pair) {
        const auto a = static_cast<std::size_t>(pairs.below(rows)), b = static_cast<std::size_t>(pairs.below(rows));
        double sum = 0;
        for (std::size_t j = 0; j < width_; ++j) sum += std::pow(residual(a, j) - residual(b, j), 2);
        if (a != b) distances.push_back(std::sqrt(sum));
    }
    std::ranges::sort(distances);
    const double middle = distances.empty() ? 1 : std::max(quantile(distances, 0.5), 1e-6);
    Random random(seed, 1, theft::kWaves);
    waves_.resize(width_ * kFourierFeatures);
    random.fill_normal(waves_);
    for (float& wave : waves_) wave *= static_cast<float>(1 / (middle * 2 * std::numbers::pi));
    random.fill_uniform(phases_, 0, 1);
}

void TheftReference::features(std::span<const float> embedding, std::int64_t said, float* out) const {
    const auto found = means_.find(said);
    const std::vector<float>& mean = found == means_.end() ? overall_ : found->second;
    std::copy(phases_.begin(), phases_.end(), out);
    for (std::size_t j = 0; j < width_; ++j) {
        float z = (embedding[j] - mean[j]) * scale_[j];
        z = std::isnan(z) ? theft::kFarthest : std::clamp(z, -theft::kFarthest, theft::kFarthest);
        const float* wave = waves_.data() + j * kFourierFeatures;
        for (std::size_t k = 0; k < kFourierFeatures; ++k) out[k] += z * wave[k];
    }
    for (std::size_t k = 0; k < kFourierFeatures; ++k) out[k] = theft::cosine_of_turns(out[k]);
}

double TheftReference::distance(const float* sum, std::uint32_t count) const {
    double out = 0;
    for (std::size_t k = 0; k < kFourierFeatures; ++k)
        out += std::pow(sum[k] / static_cast<float>(count) - usual_[k], 2);
    return out * static_cast<double>(count);
}

/// Simulated honest clients ask rows that the reference mean has not seen: how far they get from it at each checkpoint,
/// and the quantile of the worst of a client's checkpoints.
void TheftReference::calibrate(std::span<const float> embeddings, std::span<const std::int64_t> classes,
                               const Options& options) {
    const std::size_t rows = classes.size(), half = rows / 2;
    std::vector<float> all(rows * kFourierFeatures);
    for (std::size_t i = 0; i < rows; ++i)
        features(embeddings.subspan(i * width_, width_), classes[i], all.data() + i * kFourierFeatures);
    for (std::size_t i = 0; i < half; ++i)
        for (std::size_t k = 0; k < kFourierFeatures; ++k)
            usual_[k] += all[i * kFourierFeatures + k] / static_cast<float>(half);
    const auto members = theft::by_class(classes, half);
    std::vector<std::array<double, kTheftCheckpoints.size()>> seen(options.clients);
    for (std::size_t client = 0; client < options.clients; ++client) {
        Random random(options.seed, client, theft::kClients);
        const std::vector<double> mix = theft::class_mix(members.size(), random);
        std::array<float, kFourierFeatures> sum{};
        std::uint32_t count = 0;
        for (std::size_t c = 0; c < kTheftCheckpoints.size(); ++c) {
            for (; count < kTheftCheckpoints[c]; ++count) {
                const auto drawn = std::ranges::lower_bound(mix, random.uniform53()) - mix.begin();
                const auto& of = members[std::min(static_cast<std::size_t>(drawn), members.size() - 1)];
                const float* z = all.data() + of[random.below(of.size())] * kFourierFeatures;
                for (std::size_t k = 0; k < kFourierFeatures; ++k) sum[k] += z[k];
            }
            seen[client][c] = distance(sum.data(), count);
        }
    }
    std::vector<double> worst(options.clients, -std::numeric_limits<double>::infinity());
    for (std::size_t c = 0; c < kTheftCheckpoints.size(); ++c) {
        double sum = 0, squares = 0;
        for (const auto& one : seen) sum += one[c];
        mean_[c] = sum / static_cast<double>(seen.size());
        for (const auto& one : seen) squares += std::pow(one[c] - mean_[c], 2);
        deviation_[c] = std::max(std::sqrt(squares / static_cast<double>(seen.size())), 1e-12);
        for (std::size_t i = 0; i < seen.size(); ++i)
            worst[i] = std::max(worst[i], (seen[i][c] - mean_[c]) / deviation_[c]);
    }
    std::ranges::sort(worst);
    threshold_ = quantile(worst, 1 - options.false_alarms);
}

Result<TheftReference> TheftReference::fit(std::span<const float> embeddings, std::size_t width,
                                           std::span<const std::int64_t> classes, const Options& options) {
    if (width == 0 || classes.size() * width != embeddings.size())
        return invalid_input("a reference of " + std::to_string(classes.size()) + " rows needs as many embeddings");
    if (classes.size() < kLeastReferenceRows)
        return invalid_input("a reference has " + std::to_string(classes.size()) + " rows, at least " +
                             std::to_string(kLeastReferenceRows) + " are needed");
    if (!std::ranges::all_of(embeddings, [](float value) { return std::isfinite(value); }))
        return invalid_input("a reference holds NaN or infinity");
    TheftReference out;
    out.width_ = width;
    out.centre(embeddings, classes, classes.size() / 2);
    out.draw_waves(embeddings, classes, classes.size() / 2, options.seed);
    out.calibrate(embeddings, classes, options);
    return out;
}

std::optional<TheftJudgement> TheftReference::see(TheftState& state, std::span<const float> embedding,
                                                  std::int64_t said) const {
    std::array<float, kFourierFeatures> z;
    features(embedding, said, z.data());
    for (std::size_t k = 0; k < kFourierFeatures; ++k) state.sum[k] += z[k];
    const auto checkpoint = std::ranges::find(kTheftCheckpoints, ++state.count) - kTheftCheckpoints.begin();
    if (checkpoint == std::ssize(kTheftCheckpoints)) return {};
    const auto c = static_cast<std::size_t>(checkpoint);
    const double above = (distance(state.sum.data(), state.count) - mean_[c]) / deviation_[c];
    const TheftJudgement judgement{state.count, above, threshold_, above > threshold_};
    if (state.count == kTheftCheckpoints.back()) state = {};
    return judgement;
}

}  // namespace bartizan::monitor
