#pragma once
/// The numbers of an ONNX TensorProto (onnx.proto3), where they lie in the message itself.
/// Thread rule: pure functions.

#include <string_view>
#include <vector>

#include "scan/tensors/tensor.h"

namespace bartizan::scan {

struct OnnxTensor {
    StoredTensor tensor;            ///< its values are views of the message, or of `unpacked`
    std::size_t at = 0;             ///< of the values, in the message
    std::string_view why_not = {};  ///< empty: the values are there
    std::vector<std::byte> unpacked = {};
};

OnnxTensor onnx_tensor(Bytes message);

}  // namespace bartizan::scan
