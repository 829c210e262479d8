#include "oip/wire.h"

#include <algorithm>
#include <cstring>

#include "core/utf8.h"

namespace bartizan::oip {

WireReader::WireReader(Pieces pieces) : pieces_(pieces) {
    for (const std::string_view piece : pieces) left_ += piece.size();
}

bool WireReader::fail(const char* what) {
    if (fault_ == nullptr) fault_ = what;
    return false;
}

Error WireReader::error() const {
    return invalid_input("byte " + std::to_string(position_) + ": " + (fault_ == nullptr ? "no fault" : fault_));
}

std::string_view WireReader::here() {
    while (left_ > 0 && offset_ == pieces_[piece_].size()) {
        ++piece_;
        offset_ = 0;
    }
    return left_ == 0 ? std::string_view() : pieces_[piece_].substr(offset_, left_);
}

bool WireReader::advance(std::uint64_t bytes) {
    if (failed()) return false;
    if (bytes > left_) return fail("the message ends too early");
    while (bytes > 0) {
        const std::uint64_t step = std::min<std::uint64_t>(bytes, here().size());
        offset_ += step;
        position_ += step;
        left_ -= step;
        bytes -= step;
    }
    return true;
}

bool WireReader::copy(void* out, std::size_t size) {
    if (failed()) return false;
    if (size > left_) return fail("the message ends too early");
    for (auto* to = static_cast<char*>(out); size > 0;) {
        const std::string_view from = here().substr(0, size);
        std::memcpy(to, from.data(), from.size());
        to += from.size();
        size -= from.size();
        advance(from.size());
    }
    return true;
}

void WireReader::append_to(std::string& out) {
    while (!at_end()) {
        const std::string_view from = here();
        out += from;
        advance(from.size());
    }
}

bool WireReader::varint(std::uint64_t& out) {
    out = 0;
    for (int shift = 0; shift < 70; shift += 7) {
        unsigned char byte = 0;
        if (!copy(&byte, 1)) return false;
        const std::uint64_t part = byte & 0x7fU;
        if (shift == 63 && part > 1) break;
        out |= part << shift;
        if (byte < 0x80) return true;
    }
    return fail("a number of more than 64 bits");
}

bool WireReader::next(Field& field) {
    if (at_end()) return false;
    std::uint64_t tag = 0;
    if (!varint(tag)) return false;
    const auto kind = static_cast<unsigned>(tag & 7);
    if (kind == 3 || kind == 4 || kind > 5) return fail("a field of no known kind");
    if (tag >> 3 == 0 || tag >> 32 != 0) return fail("a field of no valid number");
    field = {static_cast<std::uint32_t>(tag >> 3), static_cast<Kind>(kind)};
    return true;
}

bool WireReader::varint(Field field, std::uint64_t& out) {
    if (field.kind != Kind::varint) return fail("expected a whole number");
    return varint(out);
}

bool WireReader::length(std::uint64_t& out) {
    if (!varint(out)) return false;
    return out <= left_ || fail("a length that goes beyond the message");
}

bool WireReader::text(Field field, std::string& out, std::size_t most) {
    if (field.kind != Kind::bytes) return fail("expected a text");
    std::uint64_t size = 0;
    if (!length(size)) return false;
    if (size > most) return fail("a text that is too long");
    out.resize(size);
    if (!copy(out.data(), size)) return false;
    return is_utf8(out) || fail("a text that is no UTF-8");
}

bool WireReader::inside(Field field, WireReader& out) {
    if (field.kind != Kind::bytes) return fail("expected a message or bytes");
    std::uint64_t size = 0;
    if (!length(size)) return false;
    out = *this;
    out.left_ = size;
    return advance(size);
}

bool WireReader::skip(Field field) {
    std::uint64_t size = 0;
    switch (field.kind) {
        case Kind::varint:
            return varint(size);
        case Kind::fixed64:
            return advance(8);
        case Kind::fixed32:
            return advance(4);
        case Kind::bytes:
            return length(size) && advance(size);
    }
    return false;
}

void append_varint(std::string& out, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
    out += static_cast<char>(value);
}

void append_tag(std::string& out, std::uint32_t number, WireReader::Kind kind) {
    append_varint(out, std::uint64_t{number} << 3 | static_cast<std::uint64_t>(kind));
}

void append_number(std::string& out, std::uint32_t number, std::uint64_t value) {
    if (value == 0) return;
    append_tag(out, number, WireReader::Kind::varint);
    append_varint(out, value);
}

void append_item(std::string& out, std::uint32_t number, std::string_view value) {
    append_tag(out, number, WireReader::Kind::bytes);
    append_varint(out, value.size());
    out += value;
}

void append_bytes(std::string& out, std::uint32_t number, std::string_view value) {
    if (!value.empty()) append_item(out, number, value);
}

}  // namespace bartizan::oip
