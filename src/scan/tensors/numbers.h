#pragma once
/// The elements of a tensor as floats, for measuring. Thread rule: pure functions.

#include <optional>

#include "scan/tensors/tensor.h"

namespace bartizan::scan {

/// In row-major order; nothing for types that hold no plain numbers and for shapes that the values do not fill.
std::optional<std::vector<float>> numbers_of(const StoredTensor& tensor);

}  // namespace bartizan::scan
