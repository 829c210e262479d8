#pragma once
/// What the detectors ask of features with labels, in one place.
/// Thread rule: pure functions.

#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "bartizan/result.h"

namespace at {
class Tensor;
}

namespace bartizan::defences {

constexpr std::int64_t kMostFeatures = 65'536;

using RowsByLabel = std::map<std::int64_t, std::vector<std::int64_t>>;

/// The rows of each label, ascending.
RowsByLabel rows_by_label(std::span<const std::int64_t> labels);
/// Those rows of `x`.
at::Tensor pick_rows(const at::Tensor& x, const std::vector<std::int64_t>& rows);
/// Fails with `invalid_input` unless `x` is a non-empty finite matrix of at most `kMostFeatures` columns with one label
/// for each row; `name` says which ("suspect").
Result<void> check_features(const at::Tensor& x, std::span<const std::int64_t> labels, std::string_view name);

}  // namespace bartizan::defences
