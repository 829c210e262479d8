#pragma once
/// How pictures lie in an array, and the way to [n, channels, height, width] and back; some rows of an array.
/// Thread rule: pure functions.

#include <cstdint>
#include <span>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"

namespace bartizan::attacks {

/// [n, h, w], [n, c, h, w] or [n, h, w, c] with 1, 3 or 4 channels.
enum class Layout { planes, channels_first, channels_last };

/// Fails with `invalid_input` on what is no float32 picture.
Result<Layout> layout_of(const NdArray& x);
Result<NdArray> to_nchw(const NdArray& x, Layout layout);
Result<NdArray> from_nchw(const NdArray& x, Layout layout);

/// Fails with `invalid_input`, naming the row that leaves [0, 1] (or is not a number).
Result<void> check_unit_range(const NdArray& x);

/// The rows of float32 `x` at `rows`, in that order.
Result<NdArray> gather_rows(const NdArray& x, std::span<const std::int64_t> rows);
/// A copy of `x` with `changed` at `rows`.
Result<NdArray> with_rows(const NdArray& x, std::span<const std::int64_t> rows, const NdArray& changed);

}  // namespace bartizan::attacks
