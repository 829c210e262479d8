#pragma once
/// The ways a data set can be stored, each opening one. Internal to `data`: callers use dataset.h.
/// Errors name the place within the data (file of a folder, array, row, column); the caller adds what was asked for.
/// Thread rule: as Dataset.

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bartizan/result.h"
#include "data/dataset.h"

namespace bartizan::data {

/// A data set whose items are rows of one array, in memory or mapped. `info` needs format, path and what names there
/// are; the rest is filled in here.
/// Fails with `invalid_input` when labels and items differ in number, or labels are no class numbers.
Result<std::unique_ptr<Dataset>> from_arrays(NdArray x, std::optional<NdArray> y, Info info);

/// The rows of `whole` at `rows`, in that order; ids stay those of the whole.
std::unique_ptr<Dataset> subset_of(std::unique_ptr<Dataset> whole, std::vector<std::int64_t> rows);

Result<std::unique_ptr<Dataset>> open_npz(const std::filesystem::path& path, const OpenOptions& options);
Result<std::unique_ptr<Dataset>> open_npy(const std::filesystem::path& path, const OpenOptions& options);
Result<std::unique_ptr<Dataset>> open_idx(const std::filesystem::path& path, const OpenOptions& options);
Result<std::unique_ptr<Dataset>> open_csv(const std::filesystem::path& path, const OpenOptions& options);
Result<std::unique_ptr<Dataset>> open_image_folder(const std::filesystem::path& path, const OpenOptions& options);
Result<std::unique_ptr<Dataset>> open_fashion_mnist(const OpenOptions& options);

/// Holds *-images-idx3-ubyte or its like.
bool has_idx_files(const std::filesystem::path& folder);

/// `count` of `items` rows in a seeded order, each class with its share; `labels` empty: any.
std::vector<std::int64_t> stratified_rows(std::span<const std::int64_t> labels, std::int64_t items, std::int64_t count,
                                          std::uint64_t seed);

/// Labels as class numbers from 0. Fails with `invalid_input` naming the row on anything negative, fractional or not
/// below `kMaxClasses`.
Result<std::vector<std::int64_t>> class_numbers(const NdArray& y);
inline constexpr std::int64_t kMaxClasses = 1'000'000;

/// Every number of a row is finite; else an error naming row and place.
Result<void> check_finite(std::span<const float> values, std::int64_t row, const Info& info);
Result<void> check_positions(std::span<const std::int64_t> positions, std::int64_t items);

}  // namespace bartizan::data
