#include "defences/neighbours.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/topk.h>

#include "defences/features.h"

namespace bartizan::defences {
namespace neighbours {
namespace {

constexpr std::int64_t kChunk = 512;
constexpr double kTiny = 1e-9;  // of a distance: equal items have a finite contrast

Result<void> check(const RowsByLabel& rows, const RowsByLabel& clean_rows, std::int64_t neighbours) {
    if (neighbours < 1 || neighbours >= kNeighboursLeastClean)
        return invalid_input("neighbours must be from 1 to " + std::to_string(kNeighboursLeastClean - 1));
    std::int64_t all = 0;
    for (const auto& [label, at_rows] : clean_rows) all += static_cast<std::int64_t>(at_rows.size());
    for (const auto& [label, at_rows] : rows) {
        const auto found = clean_rows.find(label);
        const auto held = found == clean_rows.end() ? 0 : static_cast<std::int64_t>(found->second.size());
        if (held < kNeighboursLeastClean)
            return invalid_input("class " + std::to_string(label) + " has " + std::to_string(held) +
                                     " trusted items, neighbours need " + std::to_string(kNeighboursLeastClean),
                                 "give more trusted items");
        if (all - held < neighbours) return invalid_input("the trusted items have one label only");
    }
    return {};
}

/// Mean of the smallest `count` of each row of squared distances, as distances.
at::Tensor mean_nearest(const at::Tensor& squared, std::int64_t count) {
    return std::get<0>(at::topk(squared, count, 1, false)).clamp_min(0).sqrt().mean(1);
}

}  // namespace
}  // namespace neighbours

Result<std::vector<double>> label_contrast(const at::Tensor& features, std::span<const std::int64_t> labels,
                                           const at::Tensor& clean, std::span<const std::int64_t> clean_labels,
                                           std::int64_t neighbours) {
    BARTIZAN_TRY(check_features(features, labels, "suspect"));
    BARTIZAN_TRY(check_features(clean, clean_labels, "clean"));
    if (features.size(1) != clean.size(1)) return invalid_input("suspect and clean features differ in width");
    const RowsByLabel rows = rows_by_label(labels), clean_rows = rows_by_label(clean_labels);
    BARTIZAN_TRY(neighbours::check(rows, clean_rows, neighbours));
    const bool itself = features.is_same(clean);
    const at::Tensor own_label = at::tensor(std::vector<std::int64_t>(clean_labels.begin(), clean_labels.end()));
    const at::Tensor lengths = clean.square().sum(1);
    constexpr double kFar = std::numeric_limits<float>::infinity();
    std::vector<double> out(labels.size());
    for (const auto& [label, at_rows] : rows) {
        const at::Tensor same = own_label.eq(label).unsqueeze(0);
        for (std::size_t begin = 0; begin < at_rows.size(); begin += neighbours::kChunk) {
            const std::size_t end = std::min(begin + neighbours::kChunk, at_rows.size());
            const std::vector<std::int64_t> part(at_rows.begin() + static_cast<std::ptrdiff_t>(begin),
                                                 at_rows.begin() + static_cast<std::ptrdiff_t>(end));
            const at::Tensor x = pick_rows(features, part);
            at::Tensor squared = at::addmm(lengths.unsqueeze(0), x, clean.t(), 1, -2) + x.square().sum(1, true);
            if (itself)
                for (std::size_t i = 0; i < part.size(); ++i)
                    squared.select(0, static_cast<std::int64_t>(i)).select(0, part[i]).fill_(kFar);
            const at::Tensor own = neighbours::mean_nearest(squared.masked_fill(~same, kFar), neighbours);
            const at::Tensor other = neighbours::mean_nearest(squared.masked_fill(same, kFar), neighbours);
            for (std::size_t i = 0; i < part.size(); ++i)
                out[static_cast<std::size_t>(part[i])] =
                    std::log(static_cast<double>(own.data_ptr<float>()[i]) + neighbours::kTiny) -
                    std::log(static_cast<double>(other.data_ptr<float>()[i]) + neighbours::kTiny);
        }
    }
    return out;
}

}  // namespace bartizan::defences
