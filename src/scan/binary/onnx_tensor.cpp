#include "scan/binary/onnx_tensor.h"

#include <iterator>

#include "scan/binary/wire.h"

namespace bartizan::scan {
namespace {

enum Field : std::uint32_t {
    kDims = 1,
    kType = 2,
    kFloats = 4,
    kInt32s = 5,
    kInt64s = 7,
    kName = 8,
    kRaw = 9,
    kDoubles = 10,
    kUint64s = 11,
    kExternal = 13
};
/// Larger tensors are written raw by every exporter.
constexpr std::size_t kMaxUnpacked = std::size_t{64} << 20;

std::string_view type_name(std::uint64_t type) {
    constexpr std::string_view kNames[] = {"",    "F32", "U8",  "I8",  "U16", "I16",  "I32",  "I64",     "", "BOOL",
                                           "F16", "F64", "U32", "U64", "C64", "C128", "BF16", "F8_E4M3", "", "F8_E5M2"};
    return type < std::size(kNames) ? kNames[type] : std::string_view();
}

/// Numbers written one by one with as many bytes as each needs.
void unpack(Bytes packed, std::size_t size, std::vector<std::byte>& out) {
    for_each_varint(packed, [&](std::uint64_t value) {
        if (out.size() + size > kMaxUnpacked) return;
        for (std::size_t i = 0; i < size; ++i) out.push_back(static_cast<std::byte>(value >> (8 * i)));
    });
}

}  // namespace

OnnxTensor onnx_tensor(Bytes message) {
    constexpr std::size_t kMaxName = 4'096, kMaxDims = 64;
    OnnxTensor out;
    Bytes packed;
    bool external = false;
    WireReader reader(message);
    for (WireField field; reader.next(field);) {
        const bool bytes = field.type == WireType::bytes;
        const auto extent = [&](std::uint64_t value) {
            if (out.tensor.shape.size() < kMaxDims) out.tensor.shape.push_back(value);
        };
        if (field.number == kDims && field.type == WireType::varint) extent(field.value);
        if (field.number == kDims && bytes) for_each_varint(field.content, extent);
        if (field.number == kType) out.tensor.type = type_name(field.value);
        if (field.number == kName && bytes) out.tensor.name = field.text().substr(0, kMaxName);
        external |= field.number == kExternal;
        if (bytes && (field.number == kRaw || field.number == kFloats || field.number == kDoubles)) {
            out.tensor.values = field.content;
            out.at = field.at;
        }
        if (bytes && (field.number == kInt32s || field.number == kInt64s || field.number == kUint64s))
            packed = field.content;
    }
    const std::uint64_t size = element_bits(out.tensor.type) / 8;
    if (size > 0 && out.tensor.values.empty() && !packed.empty()) {
        unpack(packed, size, out.unpacked);
        out.tensor.values = out.unpacked;
    }
    const auto count = element_count(out.tensor.shape);
    if (external)
        out.why_not = "its numbers lie in another file";
    else if (out.tensor.type.empty())
        out.why_not = "a type that holds no plain numbers";
    else if (!count || *count > out.tensor.values.size() / size)
        out.why_not = "its numbers are fewer than its shape asks for";
    return out;
}

}  // namespace bartizan::scan
