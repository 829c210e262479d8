#include "quality/outliers.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "core/statistics.h"

namespace bartizan::quality {
namespace {

constexpr double kFence = 1.7;      // 1 / 0.37037 - 1
constexpr double kMostShare = 0.1;  ///< beyond it, it is no longer a matter of single items
constexpr float kTie = 0.05F, kTogether = 0.8F;

}  // namespace

std::optional<std::vector<Issue>> outlier_issues(const Neighbours& neighbours, std::span<const std::int64_t> ids) {
    const std::size_t items = neighbours.items();
    const auto k = static_cast<std::size_t>(neighbours.k);
    std::vector<double> far(items);
    for (std::size_t i = 0; i < items; ++i) {
        double sum = 0;
        for (std::size_t n = 0; n < k; ++n) sum += neighbours.distance[i * k + n];
        far[i] = sum / static_cast<double>(k);
    }
    std::vector<double> sorted = far;
    std::ranges::sort(sorted);
    const double low = quantile(sorted, 0.25), high = quantile(sorted, 0.75);
    const double fence = high + kFence * (high - low);
    if (!(high > low)) return std::nullopt;
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < items; ++i)
        if (far[i] > fence) found.push_back(i);
    if (found.empty()) return std::vector<Issue>();
    std::ranges::sort(found, [&](std::size_t a, std::size_t b) { return far[a] > far[b]; });
    const double share = static_cast<double>(found.size()) / static_cast<double>(items);
    Issue issue{.kind = "outlier",
                .severity = share > 0.02 ? Severity::medium : Severity::low,
                .title = fmt::format("{} items lie far from all others", found.size()),
                .score = std::min(1.0, 1 - fence / far[found.front()]),
                .detail = fmt::format("mean distance to {} neighbours above {:.4g} (median {:.4g})", k, fence,
                                      quantile(sorted, 0.5)),
                .suspect = share <= kMostShare};
    for (const std::size_t i : found) issue.indices.push_back(ids[i]);
    return std::vector<Issue>{std::move(issue)};
}

std::vector<Issue> ambiguity_issues(std::span<const float> probabilities, std::int64_t classes,
                                    std::span<const std::int64_t> ids) {
    const auto width = static_cast<std::size_t>(classes);
    std::vector<std::pair<float, std::int64_t>> found;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        float first = 0, second = 0;
        for (const float p : probabilities.subspan(i * width, width)) {
            if (p > first)
                second = std::exchange(first, p);
            else
                second = std::max(second, p);
        }
        if (width > 2 && first - second < kTie && first + second > kTogether)
            found.emplace_back(first - second, ids[i]);
    }
    if (found.empty()) return {};
    std::ranges::sort(found);
    Issue issue{
        .kind = "ambiguous",
        .severity = Severity::info,
        .title = fmt::format("{} items lie between two classes", found.size()),
        .score = static_cast<double>(found.size()) / static_cast<double>(ids.size()),
        .detail = "the two likeliest classes are within 0.05 of each other; look at them when labels are revised"};
    for (const auto& [gap, id] : found) issue.indices.push_back(id);
    return {issue};
}

}  // namespace bartizan::quality
