#include "model/operators/suppression.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/ops/tensor.h>

#include "model/kernel.h"

namespace bartizan::model::operators {
namespace suppression {
namespace {

/// Comparisons of boxes at most: about ten seconds of one core.
constexpr std::int64_t kMaxComparisons = std::int64_t{4'000'000'000};

struct Box {
    float top, left, bottom, right;

    float area() const { return (bottom - top) * (right - left); }
};

Box box_at(const float* p, bool centred) {
    if (centred) return {p[1] - p[3] / 2, p[0] - p[2] / 2, p[1] + p[3] / 2, p[0] + p[2] / 2};
    return {std::min(p[0], p[2]), std::min(p[1], p[3]), std::max(p[0], p[2]), std::max(p[1], p[3])};
}

float intersection_over_union(const Box& a, const Box& b) {
    const float height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
    const float width = std::min(a.right, b.right) - std::max(a.left, b.left);
    if (!(height > 0) || !(width > 0)) return 0;
    const float shared = height * width;
    return shared / (a.area() + b.area() - shared);
}

/// The boxes of one class of one batch entry that survive, best first.
std::vector<std::int64_t> survivors(const std::vector<Box>& boxes, const float* scores,
                                    const SuppressionOptions& options) {
    std::vector<std::int64_t> order;
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(boxes.size()); ++i)
        if (scores[i] > options.least_score) order.push_back(i);
    std::stable_sort(order.begin(), order.end(),
                     [scores](std::int64_t a, std::int64_t b) { return scores[a] > scores[b]; });
    std::vector<std::int64_t> kept;
    for (const std::int64_t candidate : order) {
        if (static_cast<std::int64_t>(kept.size()) >= options.per_class) break;
        const Box& box = boxes[static_cast<std::size_t>(candidate)];
        const bool clear = std::all_of(kept.begin(), kept.end(), [&](std::int64_t better) {
            return intersection_over_union(boxes[static_cast<std::size_t>(better)], box) <= options.overlap;
        });
        if (clear) kept.push_back(candidate);
    }
    return kept;
}

Result<void> check(const at::Tensor& boxes, const at::Tensor& scores, const SuppressionOptions& options) {
    if (boxes.dim() != 3 || scores.dim() != 3 || boxes.size(2) != 4 || boxes.size(0) != scores.size(0) ||
        boxes.size(1) != scores.size(2))
        return invalid_input("NonMaxSuppression of boxes " + to_string(boxes.sizes().vec()) + " and scores " +
                             to_string(scores.sizes().vec()));
    const std::int64_t count = boxes.size(1);
    const std::int64_t chosen = std::clamp<std::int64_t>(options.per_class, 1, std::max<std::int64_t>(count, 1));
    if (static_cast<double>(scores.numel()) * static_cast<double>(chosen) > static_cast<double>(kMaxComparisons))
        return exhausted("NonMaxSuppression of " + std::to_string(scores.numel()) + " scores");
    return {};
}

}  // namespace
}  // namespace suppression

Result<at::Tensor> suppress(const at::Tensor& boxes, const at::Tensor& scores, const SuppressionOptions& options) {
    BARTIZAN_TRY(suppression::check(boxes, scores, options));
    const at::Tensor flat_boxes = boxes.detach().to(at::kCPU, at::kFloat).contiguous();
    const at::Tensor flat_scores = scores.detach().to(at::kCPU, at::kFloat).contiguous();
    const std::int64_t count = boxes.size(1);
    std::vector<std::int64_t> chosen;
    for (std::int64_t batch = 0; batch < boxes.size(0); ++batch) {
        std::vector<suppression::Box> here;
        const float* corner = flat_boxes.data_ptr<float>() + batch * count * 4;
        for (std::int64_t i = 0; i < count; ++i) here.push_back(suppression::box_at(corner + 4 * i, options.centred));
        for (std::int64_t label = 0; label < scores.size(1); ++label) {
            const float* row = flat_scores.data_ptr<float>() + (batch * scores.size(1) + label) * count;
            for (const std::int64_t box : suppression::survivors(here, row, options))
                chosen.insert(chosen.end(), {batch, label, box});
        }
    }
    return at::tensor(chosen, at::kLong).reshape({-1, 3});
}

}  // namespace bartizan::model::operators
