#pragma once
/// PNG pictures (ISO/IEC 15948), by libpng. Dimensions are checked before anything is allocated.
/// Thread rule: pure functions.

#include <string>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "formats/bytes.h"

namespace bartizan::formats {

inline constexpr std::int64_t kMaxImageSide = 16384;
inline constexpr std::int64_t kMaxImagePixels = std::int64_t{1} << 26;

/// uint8 [height, width, channels] with 1 (grey) or 3 (colour) channels. The values are those in the file: palettes are
/// resolved, 16 bits become 8, an alpha channel is left out, gamma is not applied. Fails with `invalid_input` on
/// damaged data, `exhausted` beyond the limits.
Result<NdArray> decode_png(Bytes bytes);

/// From uint8 [height, width] or [height, width, 1, 3 or 4].
Result<std::string> encode_png(const NdArray& pixels);

bool is_png(Bytes bytes);

}  // namespace bartizan::formats
