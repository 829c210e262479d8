#include "quality/label_errors.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace bartizan::quality {
namespace {

constexpr float kSumSlack = 1e-2F;

Result<void> check(std::span<const float> probabilities, std::span<const std::int64_t> labels, std::int64_t classes) {
    if (classes < 2) return invalid_input("label errors need two classes");
    const auto width = static_cast<std::size_t>(classes);
    if (probabilities.size() != labels.size() * width)
        return invalid_input(
            fmt::format("{} probabilities for {} items of {} classes", probabilities.size(), labels.size(), classes));
    for (std::size_t row = 0; row < labels.size(); ++row) {
        if (labels[row] < 0 || labels[row] >= classes)
            return invalid_input(fmt::format("item {} has label {}, there are {} classes", row, labels[row], classes));
        float sum = 0, least = 0;
        for (const float p : probabilities.subspan(row * width, width)) sum += p, least = std::min(least, p);
        if (!(std::abs(sum - 1) < kSumSlack) || least < 0)
            return invalid_input(fmt::format("the probabilities of item {} sum to {}", row, sum),
                                 "give softmax outputs, not logits");
    }
    return {};
}

/// Mean confidence in each class among the items labelled so; a class without items cannot be believed.
std::vector<double> thresholds_of(std::span<const float> probabilities, std::span<const std::int64_t> labels,
                                  std::size_t width) {
    std::vector<double> sum(width, 0), count(width, 0);
    for (std::size_t row = 0; row < labels.size(); ++row) {
        const auto label = static_cast<std::size_t>(labels[row]);
        sum[label] += probabilities[row * width + label];
        ++count[label];
    }
    for (std::size_t k = 0; k < width; ++k) sum[k] = count[k] == 0 ? 2 : sum[k] / count[k];
    return sum;
}

}  // namespace

Result<LabelErrors> find_label_errors(std::span<const float> probabilities, std::span<const std::int64_t> labels,
                                      std::int64_t classes) {
    BARTIZAN_TRY(check(probabilities, labels, classes));
    const auto width = static_cast<std::size_t>(classes);
    LabelErrors out{.thresholds = thresholds_of(probabilities, labels, width)};
    std::vector<float> bar(width);
    for (std::size_t k = 0; k < width; ++k) bar[k] = static_cast<float>(out.thresholds[k] - 1e-6);

    std::size_t count = 0;  // off the diagonal of the confident joint
    std::vector<std::pair<float, std::int64_t>> disagreeing;
    std::vector<std::int64_t> best(labels.size());
    for (std::size_t row = 0; row < labels.size(); ++row) {
        const float* p = probabilities.data() + row * width;
        std::size_t top = 0, confident = width;
        for (std::size_t k = 0; k < width; ++k) {
            if (p[k] > p[top]) top = k;
            if (p[k] >= bar[k] && (confident == width || p[k] > p[confident])) confident = k;
        }
        best[row] = static_cast<std::int64_t>(top);
        const auto label = static_cast<std::size_t>(labels[row]);
        if (top == label) continue;
        disagreeing.emplace_back(p[label], static_cast<std::int64_t>(row));
        count += confident != width && confident != label ? 1 : 0;
    }
    count = std::min(count, disagreeing.size());
    std::ranges::nth_element(disagreeing, disagreeing.begin() + static_cast<std::ptrdiff_t>(count));
    disagreeing.resize(count);
    std::ranges::sort(disagreeing);
    for (const auto& [confidence, row] : disagreeing) {
        out.items.push_back(row);
        out.suggested.push_back(best[static_cast<std::size_t>(row)]);
        out.confidence.push_back(confidence);
    }
    return out;
}

}  // namespace bartizan::quality
