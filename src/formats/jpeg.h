#pragma once
/// JPEG pictures (ITU-T T.81), by libjpeg-turbo. Dimensions are checked before anything is allocated.
/// Thread rule: pure functions.

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "formats/bytes.h"

namespace bartizan::formats {

/// uint8 [height, width, 1 or 3]. Fails with `invalid_input` on damaged or cut data, `exhausted` beyond the limits of
/// png.h.
Result<NdArray> decode_jpeg(Bytes bytes);

bool is_jpeg(Bytes bytes);

}  // namespace bartizan::formats
