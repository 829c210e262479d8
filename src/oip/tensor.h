#pragma once
/// Tensors of the Open Inference Protocol: little-endian, row-major bytes with a name, a type and a shape. Elements of
/// type BYTES are each four bytes of length and as many bytes (the protocol's binary tensor extension).
/// Thread rule: plain values that move and do not copy.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/ndarray.h"
#include "bartizan/result.h"

namespace bartizan::oip {

enum class Datatype : std::uint8_t { boolean, u8, u16, u32, u64, i8, i16, i32, i64, fp16, bf16, fp32, fp64, bytes };

/// "FP32"
std::string_view to_string(Datatype type);
std::optional<Datatype> datatype_of(std::string_view name);
/// Bytes of one element; 0 for BYTES.
std::size_t size_of(Datatype type);
Datatype datatype_of(DType dtype);
/// Nothing for BF16 and BYTES.
std::optional<DType> dtype_of(Datatype type);

class Tensor {
public:
    Tensor() = default;
    Tensor(Tensor&&) noexcept = default;
    Tensor& operator=(Tensor&&) noexcept = default;
    Tensor(const Tensor&) = delete;
    Tensor& operator=(const Tensor&) = delete;

    std::string name;
    Datatype type = Datatype::fp32;
    Shape shape;

    /// Little-endian elements in row-major order.
    std::string_view bytes() const { return bytes_; }
    /// Bytes that live elsewhere, as long as the tensor does.
    void refer(std::string_view bytes) { bytes_ = bytes; }
    void own(std::vector<char> bytes) {
        storage_ = std::move(bytes);
        bytes_ = {storage_.data(), storage_.size()};
    }
    /// A copy of its own that may be written to.
    char* writable();
    std::int64_t elements() const;

private:
    std::string_view bytes_;
    std::vector<char> storage_;
};

/// Succeeds if the bytes have the length that type and shape ask for; BYTES: if its lengths run exactly to the end.
Result<void> check_bytes(const Tensor& tensor);
/// Element `index` as a number; NaN for BYTES.
double number_at(const Tensor& tensor, std::int64_t index);

}  // namespace bartizan::oip
