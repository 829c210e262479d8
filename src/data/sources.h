#pragma once
/// The ways a data set can be stored, each opening one. Internal to `data`: callers use dataset.h.
/// Thread rule: as Dataset.

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "bartizan/result.h"
#include "data/dataset.h"

namespace bartizan::data {

/// A data set whose items are rows of one array, in memory or mapped.
/// Fails with `invalid_input` when labels and items differ in number, or labels are no class numbers.
Result<std::unique_ptr<Dataset>> from_arrays(NdArray x, std::optional<NdArray> y, Info info);

Result<std::unique_ptr<Dataset>> open_npz(const std::filesystem::path& path, const OpenOptions& options);
Result<std::unique_ptr<Dataset>> open_npy(const std::filesystem::path& path, const OpenOptions& options);
Result<std::unique_ptr<Dataset>> open_idx(const std::filesystem::path& path, const OpenOptions& options);
Result<std::unique_ptr<Dataset>> open_csv(const std::filesystem::path& path, const OpenOptions& options);
Result<std::unique_ptr<Dataset>> open_image_folder(const std::filesystem::path& path, const OpenOptions& options);
Result<std::unique_ptr<Dataset>> open_fashion_mnist(const OpenOptions& options);

/// Every number of `values` is finite; else an error naming row and place.
Result<void> check_finite(std::span<const float> values, std::int64_t row);


}  // namespace bartizan::data
