#include "defences/neighbours.h"

#include <algorithm>
#include <limits>
#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/topk.h>

#include "defences/features.h"

namespace bartizan::defences {
namespace neighbours {
namespace {

constexpr std::int64_t kChunk = 512;

}  // namespace
}  // namespace neighbours

Result<std::vector<double>> neighbour_disagreement(const at::Tensor& features, std::span<const std::int64_t> labels,
                                                   const at::Tensor& clean, std::span<const std::int64_t> clean_labels,
                                                   std::int64_t neighbours) {
    BARTIZAN_TRY(check_features(features, labels, "suspect"));
    BARTIZAN_TRY(check_features(clean, clean_labels, "clean"));
    if (features.size(1) != clean.size(1)) return invalid_input("suspect and clean features differ in width");
    if (neighbours < 1 || clean.size(0) <= neighbours)
        return invalid_input(std::to_string(clean.size(0)) + " clean items are too few for " +
                             std::to_string(neighbours) + " neighbours");
    const bool itself = features.is_same(clean);
    std::vector<double> out;
    const at::Tensor lengths = clean.square().sum(1);
    for (std::int64_t begin = 0; begin < features.size(0); begin += neighbours::kChunk) {
        const std::int64_t count = std::min(neighbours::kChunk, features.size(0) - begin);
        const at::Tensor rows = features.narrow(0, begin, count);
        // |c|^2 - 2 x c orders the clean items as the distance does.
        at::Tensor far = at::addmm(lengths.unsqueeze(0), rows, clean.t(), 1, -2);
        if (itself) far.narrow(1, begin, count).diagonal().fill_(std::numeric_limits<float>::infinity());
        const at::Tensor nearest = std::get<1>(at::topk(far, neighbours, 1, false)).contiguous();
        const std::int64_t* at_clean = nearest.data_ptr<std::int64_t>();
        for (std::int64_t i = 0; i < count; ++i) {
            std::int64_t other = 0;
            for (std::int64_t k = 0; k < neighbours; ++k)
                other += clean_labels[static_cast<std::size_t>(at_clean[i * neighbours + k])] !=
                                 labels[static_cast<std::size_t>(begin + i)]
                             ? 1
                             : 0;
            out.push_back(static_cast<double>(other) / static_cast<double>(neighbours));
        }
    }
    return out;
}

}  // namespace bartizan::defences
