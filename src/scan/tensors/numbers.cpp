#include "scan/tensors/numbers.h"

#include <bit>
#include <cstring>
#include <utility>

#include "core/float16.h"

namespace bartizan::scan {
namespace {

template <class T>
T read(Bytes values, std::size_t i) {
    T value;
    std::memcpy(&value, values.data() + i * sizeof(T), sizeof value);
    return value;
}

template <class T, class Convert>
std::vector<float> each(Bytes values, Convert convert) {
    std::vector<float> out(values.size() / sizeof(T));
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = convert(read<T>(values, i));
    return out;
}

template <class T>
std::vector<float> plain(Bytes values) {
    return each<T>(values, [](T value) { return static_cast<float>(value); });
}

std::optional<std::vector<float>> decode(std::string_view type, Bytes values) {
    if (type == "F32") return plain<float>(values);
    if (type == "F64") return plain<double>(values);
    if (type == "F16") return each<std::uint16_t>(values, float_from_half);
    if (type == "BF16")
        return each<std::uint16_t>(
            values, [](std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); });
    if (type == "I64") return plain<std::int64_t>(values);
    if (type == "I32") return plain<std::int32_t>(values);
    if (type == "I16") return plain<std::int16_t>(values);
    if (type == "I8") return plain<std::int8_t>(values);
    if (type == "U8" || type == "BOOL") return plain<std::uint8_t>(values);
    if (type == "U16") return plain<std::uint16_t>(values);
    if (type == "U32") return plain<std::uint32_t>(values);
    if (type == "U64") return plain<std::uint64_t>(values);
    return std::nullopt;
}

}  // namespace

std::optional<std::vector<float>> numbers_of(const StoredTensor& tensor) {
    std::vector<std::byte> space;
    const auto count = element_count(tensor.shape);
    const Bytes values = row_major(tensor, space);
    auto out = decode(tensor.type, values);
    if (!count || !out || out->size() != *count) return std::nullopt;
    return out;
}

}  // namespace bartizan::scan
