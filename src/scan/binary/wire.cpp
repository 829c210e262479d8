#include "scan/binary/wire.h"

namespace bartizan::scan {

bool WireReader::varint(std::uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
        if (at_ >= message_.size()) return fail();
        const auto byte = std::to_integer<std::uint64_t>(message_[at_++]);
        if (shift < 64) value |= (byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) return true;
    }
    return fail();
}

bool WireReader::next(WireField& field) {
    if (at_ >= message_.size() || faulty_) return false;
    std::uint64_t key = 0;
    if (!varint(key)) return false;
    field = {};
    field.number = static_cast<std::uint32_t>(key >> 3);
    field.type = static_cast<WireType>(key & 7);
    if (field.number == 0 || (key >> 3) > 0x1fffffff) return fail();
    field.at = at_;
    const std::size_t room = message_.size() - at_;
    switch (field.type) {
        case WireType::varint:
            return varint(field.value);
        case WireType::fixed64:
        case WireType::fixed32: {
            const std::size_t size = field.type == WireType::fixed64 ? 8 : 4;
            if (room < size) return fail();
            at_ += size;
            return true;
        }
        case WireType::bytes: {
            std::uint64_t size = 0;
            if (!varint(size)) return false;
            field.at = at_;
            const std::size_t left = message_.size() - at_;
            if (size > left) faulty_ = true;
            field.content = message_.subspan(at_, static_cast<std::size_t>(std::min<std::uint64_t>(size, left)));
            at_ += field.content.size();
            return true;
        }
    }
    return fail();
}

}  // namespace bartizan::scan
