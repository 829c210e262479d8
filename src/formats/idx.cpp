#include "formats/idx.h"

#include <algorithm>
#include <cstring>
#include <optional>

namespace bartizan::formats {
namespace {

constexpr std::size_t kMaxRank = 8;

std::optional<DType> dtype_of_code(std::byte code) {
    switch (std::to_integer<int>(code)) {
        case 0x08:
            return DType::u8;
        case 0x09:
            return DType::i8;
        case 0x0B:
            return DType::i16;
        case 0x0C:
            return DType::i32;
        case 0x0D:
            return DType::f32;
        case 0x0E:
            return DType::f64;
        default:
            return std::nullopt;
    }
}

}  // namespace

Result<NdArray> parse_idx(Bytes bytes, std::shared_ptr<const void> owner) {
    if (bytes.size() < 4 || bytes[0] != std::byte{0} || bytes[1] != std::byte{0})
        return invalid_input("not an IDX file: it does not begin with two zero bytes");
    const auto dtype = dtype_of_code(bytes[2]);
    if (!dtype)
        return invalid_input("IDX element type " + std::to_string(std::to_integer<int>(bytes[2])) + " is unknown");
    const auto rank = std::to_integer<std::size_t>(bytes[3]);
    if (rank == 0 || rank > kMaxRank)
        return invalid_input("IDX file of " + std::to_string(rank) + " dimensions, 1 to 8 make sense");
    Shape shape;
    for (std::size_t i = 0; i < rank; ++i) {
        const auto dimension = read_number<std::uint32_t>(bytes, 4 + 4 * i, std::endian::big);
        if (!dimension) return invalid_input("IDX header ends at byte " + std::to_string(bytes.size()));
        shape.push_back(*dimension);
    }
    const Bytes data = bytes.subspan(4 + 4 * rank);
    NdArray array = BARTIZAN_TRY_WITHIN(NdArray::view(*dtype, shape, data, std::move(owner)), "IDX file");
    const std::size_t item = size_of(*dtype);
    if (item == 1) return array;
    NdArray turned = BARTIZAN_TRY(NdArray::zeros(*dtype, shape));
    const std::span<std::byte> out = turned.mutable_bytes();
    if (!data.empty()) std::memcpy(out.data(), data.data(), data.size());
    for (std::size_t at = 0; at < out.size(); at += item) std::ranges::reverse(out.subspan(at, item));
    return turned;
}

}  // namespace bartizan::formats
