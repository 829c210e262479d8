#include "core/utf8.h"

#include <cstdint>

namespace bartizan {
namespace utf8 {
namespace {

/// The bytes that a sequence takes by its first; 0: none begins so.
std::size_t length_by_first(unsigned char first) {
    if (first < 0x80) return 1;
    if (first >= 0xc2 && first < 0xe0) return 2;
    if (first >= 0xe0 && first < 0xf0) return 3;
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

std::uint32_t code_point(std::string_view sequence) {
    std::uint32_t code = static_cast<unsigned char>(sequence[0]) & (0xffU >> (sequence.size() + 1));
    for (const char c : sequence.substr(1)) code = code << 6 | (static_cast<unsigned char>(c) & 0x3fU);
    return code;
}

bool is_sequence(std::string_view sequence) {
    for (const char c : sequence.substr(1))
        if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) return false;
    if (sequence.size() < 3) return true;
    const std::uint32_t code = code_point(sequence);
    const bool surrogate = code >= 0xd800 && code < 0xe000;
    return !surrogate && code >= (sequence.size() == 3 ? 0x800U : 0x10000U) && code < 0x110000U;
}

}  // namespace
}  // namespace utf8

std::size_t utf8_length(std::string_view text) {
    if (text.empty()) return 0;
    const std::size_t length = utf8::length_by_first(static_cast<unsigned char>(text[0]));
    return length <= text.size() && length != 0 && utf8::is_sequence(text.substr(0, length)) ? length : 0;
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

}  // namespace bartizan
