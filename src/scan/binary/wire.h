#pragma once
/// Protocol-buffer messages as a row of fields (protobuf.dev, "Encoding"), without a schema, over the bytes themselves.
/// A field that claims more bytes than there are is given with those that are there: lenient readers stop behind it.
/// Thread rule: one reader, one thread.

#include <cstdint>
#include <string_view>

#include "scan/judge.h"

namespace bartizan::scan {

enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

struct WireField {
    std::uint32_t number = 0;
    WireType type = WireType::varint;
    std::uint64_t value = 0;  ///< of varint
    Bytes content;            ///< of bytes
    std::size_t at = 0;       ///< of the content, in the message

    std::string_view text() const { return {reinterpret_cast<const char*>(content.data()), content.size()}; }
};

class WireReader {
public:
    explicit WireReader(Bytes message) : message_(message) {}
    /// False at the end or at a fault.
    bool next(WireField& field);
    bool faulty() const { return faulty_; }
    std::size_t at() const { return at_; }

private:
    bool varint(std::uint64_t& value);
    bool fail() {
        faulty_ = true;
        return false;
    }

    Bytes message_;
    std::size_t at_ = 0;
    bool faulty_ = false;
};

/// The numbers of a packed field (protobuf.dev, "Packed Repeated Fields"); one that breaks off at the end is left out.
template <class Use>
void for_each_varint(Bytes content, Use use) {
    std::uint64_t value = 0;
    int shift = 0;
    for (const std::byte byte : content) {
        if (shift < 64) value |= (std::to_integer<std::uint64_t>(byte) & 0x7f) << shift;
        shift += 7;
        if ((byte & std::byte{0x80}) != std::byte{0}) continue;
        use(value);
        value = 0;
        shift = 0;
    }
}

}  // namespace bartizan::scan
