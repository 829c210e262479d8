#pragma once
/// The border between light arrays and tensors, and random tensors that do not depend on threads.

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"

namespace at {
class Tensor;
}
namespace c10 {
enum class ScalarType : std::int8_t;
}

namespace bartizan::model {

/// The type that holds an array's elements: unsigned types above 8 bits become the next wider signed one.
c10::ScalarType scalar_type_of(DType dtype);
/// Copies; uint16/32/64, which ATen 1.13 lacks, are widened to int32/int64 (uint64 above 2^63 fails).
Result<at::Tensor> to_tensor(const NdArray& array);
/// Copies; any device, any layout.
Result<NdArray> to_array(const at::Tensor& tensor);

/// Runs `body` and turns what LibTorch or std throws into an `Error`: the one place where exceptions stop.
/// Out-of-memory becomes `exhausted`, the rest `invalid_input` with the first line of the message.
Result<void> guarded(const std::function<Result<void>()>& body);

}  // namespace bartizan::model
