#pragma once
/// The element types of the ONNX format (TensorProto.DataType) and what they are here.
/// Thread rule: pure functions.

#include <cstdint>
#include <optional>
#include <string>

#include "bartizan/ndarray.h"

namespace bartizan::graph {

/// TensorProto.STRING: kept as `Strings`, never as an array of numbers.
constexpr std::int32_t kStringElement = 8;

/// The dtype of an ONNX element type; nothing for strings and for types that arrays here do not have.
std::optional<DType> dtype_from_onnx(std::int32_t element);
/// The ONNX element type of a dtype.
std::int32_t onnx_from_dtype(DType dtype);
/// "FLOAT", "INT4", "type 77": for messages.
std::string element_name(std::int32_t element);

}  // namespace bartizan::graph
