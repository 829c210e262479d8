#pragma once
/// The IDX format of the MNIST files (http://yann.lecun.com/exdb/mnist/): a big-endian header, then numbers.
/// Thread rule: pure functions.

#include <memory>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"
#include "formats/bytes.h"

namespace bartizan::formats {

/// uint8 arrays are views of `bytes`, which `owner` keeps alive; wider ones are converted to the machine's order.
/// Fails with `invalid_input` on a bad header or a size that is not what it says.
Result<NdArray> parse_idx(Bytes bytes, std::shared_ptr<const void> owner);

}  // namespace bartizan::formats
