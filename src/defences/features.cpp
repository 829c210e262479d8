#include "defences/features.h"

#include <cmath>
#include <string>

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/tensor.h>

namespace bartizan::defences {

RowsByLabel rows_by_label(std::span<const std::int64_t> labels) {
    RowsByLabel rows;
    for (std::size_t i = 0; i < labels.size(); ++i) rows[labels[i]].push_back(static_cast<std::int64_t>(i));
    return rows;
}

at::Tensor pick_rows(const at::Tensor& x, const std::vector<std::int64_t>& rows) {
    return x.index_select(0, at::tensor(rows));
}

Result<void> check_features(const at::Tensor& x, std::span<const std::int64_t> labels, std::string_view name) {
    const std::string what = "the " + std::string(name) + " features";
    if (x.dim() != 2 || x.size(0) == 0 || x.size(1) == 0 || x.size(1) > kMostFeatures)
        return invalid_input(what + " must be a non-empty matrix of at most " + std::to_string(kMostFeatures) +
                             " columns");
    if (x.size(0) != static_cast<std::int64_t>(labels.size()))
        return invalid_input(what + " have " + std::to_string(x.size(0)) + " rows but " +
                             std::to_string(labels.size()) + " labels");
    // A finite sum has finite terms; one that is not may have overflowed, which only a look at each term tells.
    if (!std::isfinite(x.sum().item<double>()) && !at::isfinite(x).all().item<bool>())
        return invalid_input(what + " hold NaN or infinity");
    return {};
}

}  // namespace bartizan::defences
