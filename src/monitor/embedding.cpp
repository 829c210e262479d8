#include "monitor/embedding.h"

#include <algorithm>
#include <cmath>

#include "core/random.h"
#include "monitor/dot.h"

namespace bartizan::monitor {
namespace embedding {
namespace {

constexpr std::uint32_t kProjected = 630'000;
constexpr std::size_t kShortRow = 32;  // columns that stand for themselves
constexpr double kLeastProbability = 1e-9;

}  // namespace
}  // namespace embedding

std::vector<double> probabilities_of(std::span<const float> scores) {
    std::vector<double> p(scores.begin(), scores.end());
    if (p.empty()) return p;
    double sum = 0;
    bool probable = true;
    for (const double value : p) {
        probable = probable && value >= 0 && value <= 1 + 1e-4;
        sum += value;
    }
    if (probable && std::abs(sum - 1) < 1e-3) return p;
    const double most = *std::ranges::max_element(p);
    sum = 0;
    for (double& value : p) sum += value = std::exp(value - most);
    for (double& value : p) value /= sum;
    return p;
}

Answer read_answer(std::span<const float> output) {
    Answer out;
    if (output.empty()) return out;
    const std::vector<double> p = probabilities_of(output);
    const auto most = std::ranges::max_element(p);
    out.said = most - p.begin();
    out.confidence = *most;
    double mean = 0;
    for (std::size_t i = 0; i < std::min(p.size(), kMostScores); ++i) {
        out.scores.push_back(static_cast<float>(std::log(std::max(p[i], embedding::kLeastProbability))));
        mean += out.scores.back();
    }
    for (float& score : out.scores) score -= static_cast<float>(mean / static_cast<double>(out.scores.size()));
    return out;
}

Embedding::Embedding(std::vector<std::int64_t> shape, std::uint64_t seed)
    : columns_{"mean", "deviation", "roughness", "curvature"} {
    for (const std::int64_t size : shape) length_ *= static_cast<std::size_t>(size);
    line_ = shape.empty() ? 1 : static_cast<std::size_t>(shape.back());
    if (length_ <= embedding::kShortRow) {
        for (std::size_t i = 0; i < length_; ++i) columns_.push_back("feature " + std::to_string(i));
        return;
    }
    projections_.resize(kProjections * length_);
    Random(seed, length_, embedding::kProjected).fill_normal(projections_);
    for (float& one : projections_) one /= std::sqrt(static_cast<float>(length_));
    for (std::size_t i = 0; i < kProjections; ++i) columns_.push_back("projection " + std::to_string(i));
}

void Embedding::append(std::span<const float> row, std::vector<float>& out) const {
    double sum = 0, squares = 0, steps = 0, bends = 0;
    for (std::size_t i = 0; i < row.size(); ++i) {
        sum += row[i];
        squares += static_cast<double>(row[i]) * row[i];
        const std::size_t column = i % line_;
        if (column >= 1) steps += std::abs(row[i] - row[i - 1]);
        if (column >= 2) bends += std::abs(row[i] - 2 * row[i - 1] + row[i - 2]);
    }
    const auto count = static_cast<double>(row.size());
    const double mean = sum / count;
    for (const double value :
         {mean, std::sqrt(std::max(squares / count - mean * mean, 0.0)), steps / count, bends / count})
        out.push_back(static_cast<float>(value));
    if (projections_.empty()) {
        out.insert(out.end(), row.begin(), row.end());
        return;
    }
    for (std::size_t p = 0; p < kProjections; ++p)
        out.push_back(dot(row.data(), projections_.data() + p * length_, row.size()));
}

}  // namespace bartizan::monitor
