#pragma once
/// Items of an image data set as PNG pictures.

#include <cstdint>
#include <string>
#include <vector>

#include "bartizan/finding.h"
#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "data/dataset.h"

namespace bartizan::data {

/// True if items are pictures that a person can look at: [H,W], [C,H,W] or [H,W,C] with 1, 3 channels.
bool is_picture(const Info& info);

/// The row of `batch` with this id, as [1, item shape].
Result<NdArray> find_row(const Batch& batch, std::int64_t id);

/// Three pictures: original, attacked, and their difference (grey is none; scaled to full contrast, and the caption
/// says how much). Both arrays hold one float32 item in [0, 1].
Result<PictureRow> before_after(const Info& info, const NdArray& before, const NdArray& after);

/// Each item of `x` [n, item shape], float32 in [0, 1], as a picture with a caption of its own (n of them).
Result<PictureRow> side_by_side(const Info& info, const NdArray& x, const std::vector<std::string>& captions);

}  // namespace bartizan::data
