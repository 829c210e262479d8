#include "oip/tensor.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/float16.h"

namespace bartizan::oip {
namespace {

struct Row {
    Datatype type;
    std::string_view name;
    std::size_t size;
    std::optional<DType> dtype;
};
constexpr Row kRows[] = {
    {Datatype::boolean, "BOOL", 1, DType::boolean}, {Datatype::u8, "UINT8", 1, DType::u8},
    {Datatype::u16, "UINT16", 2, DType::u16},       {Datatype::u32, "UINT32", 4, DType::u32},
    {Datatype::u64, "UINT64", 8, DType::u64},       {Datatype::i8, "INT8", 1, DType::i8},
    {Datatype::i16, "INT16", 2, DType::i16},        {Datatype::i32, "INT32", 4, DType::i32},
    {Datatype::i64, "INT64", 8, DType::i64},        {Datatype::fp16, "FP16", 2, DType::f16},
    {Datatype::bf16, "BF16", 2, DType::bf16},       {Datatype::fp32, "FP32", 4, DType::f32},
    {Datatype::fp64, "FP64", 8, DType::f64},        {Datatype::bytes, "BYTES", 0, std::nullopt},
};

const Row& row(Datatype type) { return kRows[static_cast<std::size_t>(type)]; }

template <class T>
double read(std::string_view bytes, std::int64_t index) {
    T value;
    std::memcpy(&value, bytes.data() + static_cast<std::size_t>(index) * sizeof(T), sizeof(T));
    return static_cast<double>(value);
}

/// BYTES elements up to the end of `bytes`; -1: a length runs past it.
std::int64_t count_strings(std::string_view bytes) {
    std::int64_t count = 0;
    while (!bytes.empty()) {
        if (bytes.size() < 4) return -1;
        std::uint32_t length = 0;
        std::memcpy(&length, bytes.data(), 4);
        if (length > bytes.size() - 4) return -1;
        bytes.remove_prefix(4 + std::size_t{length});
        ++count;
    }
    return count;
}

}  // namespace

std::string_view to_string(Datatype type) { return row(type).name; }
std::size_t size_of(Datatype type) { return row(type).size; }
std::optional<DType> dtype_of(Datatype type) { return row(type).dtype; }

std::optional<Datatype> datatype_of(std::string_view name) {
    for (const Row& one : kRows)
        if (one.name == name) return one.type;
    return std::nullopt;
}

Datatype datatype_of(DType dtype) {
    for (const Row& one : kRows)
        if (one.dtype == dtype) return one.type;
    return Datatype::bytes;
}

char* Tensor::writable() {
    if (storage_.size() != bytes_.size() || storage_.data() != bytes_.data())
        own(std::vector<char>(bytes_.begin(), bytes_.end()));
    return storage_.data();
}

std::int64_t Tensor::elements() const {
    std::int64_t count = 1;
    for (const std::int64_t dimension : shape) count *= dimension;
    return count;
}

Result<void> check_bytes(const Tensor& tensor) {
    const std::int64_t count = BARTIZAN_TRY(element_count(tensor.shape));
    if (tensor.type == Datatype::bytes) {
        if (count_strings(tensor.bytes()) == count) return {};
        return invalid_input("tensor '" + tensor.name + "' does not hold " + std::to_string(count) +
                             " elements of type BYTES");
    }
    const std::uint64_t wanted = static_cast<std::uint64_t>(count) * size_of(tensor.type);
    if (tensor.bytes().size() == wanted) return {};
    return invalid_input("tensor '" + tensor.name + "' has " + std::to_string(tensor.bytes().size()) +
                         " bytes; its shape " + bartizan::to_string(tensor.shape) + " of " +
                         std::string(to_string(tensor.type)) + " asks for " + std::to_string(wanted));
}

double number_at(const Tensor& tensor, std::int64_t index) {
    const std::string_view bytes = tensor.bytes();
    switch (tensor.type) {
        case Datatype::boolean:
        case Datatype::u8:
            return read<std::uint8_t>(bytes, index);
        case Datatype::u16:
            return read<std::uint16_t>(bytes, index);
        case Datatype::u32:
            return read<std::uint32_t>(bytes, index);
        case Datatype::u64:
            return read<std::uint64_t>(bytes, index);
        case Datatype::i8:
            return read<std::int8_t>(bytes, index);
        case Datatype::i16:
            return read<std::int16_t>(bytes, index);
        case Datatype::i32:
            return read<std::int32_t>(bytes, index);
        case Datatype::i64:
            return read<std::int64_t>(bytes, index);
        case Datatype::fp16:
            return static_cast<double>(float_from_half(static_cast<std::uint16_t>(read<std::uint16_t>(bytes, index))));
        case Datatype::bf16: {
            const auto high = static_cast<std::uint32_t>(read<std::uint16_t>(bytes, index));
            return static_cast<double>(std::bit_cast<float>(high << 16));
        }
        case Datatype::fp32:
            return read<float>(bytes, index);
        case Datatype::fp64:
            return read<double>(bytes, index);
        case Datatype::bytes:
            break;
    }
    return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace bartizan::oip
