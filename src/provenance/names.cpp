#include "provenance/names.h"

#include <algorithm>
#include <cstdint>

namespace bartizan::provenance {
namespace {

/// The bytes that a UTF-8 sequence takes by its first byte (RFC 3629); 0: none begins so.
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

Result<void> check_part(std::string_view part) {
    if (part.empty()) return invalid_input("a name that is absolute or has an empty part");
    if (part == "." || part == "..")
        return invalid_input("a name with the part '" + std::string(part) + "', which could leave the folder");
    return {};
}

}  // namespace

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = length_by_first(static_cast<unsigned char>(text[0]));
        if (length == 0 || length > text.size() || !is_sequence(text.substr(0, length))) return false;
        text.remove_prefix(length);
    }
    return true;
}

Result<void> check_name(std::string_view name) {
    if (name.size() > kLongestName) return invalid_input("a name of " + std::to_string(name.size()) + " bytes");
    if (name.find('\0') != std::string_view::npos) return invalid_input("a name with a NUL in it");
    if (!is_utf8(name)) return invalid_input("a name that is not UTF-8");
    while (true) {
        const std::size_t slash = name.find('/');
        BARTIZAN_TRY(check_part(name.substr(0, slash)));
        if (slash == std::string_view::npos) return {};
        name.remove_prefix(slash + 1);
    }
}

bool before_by_parts(std::string_view a, std::string_view b) {
    // A part that ends goes before one that goes on, so the separator is the least of all characters.
    const auto rank = [](char c) { return c == '/' ? -1 : static_cast<int>(static_cast<unsigned char>(c)); };
    return std::ranges::lexicographical_compare(a, b, {}, rank, rank);
}

}  // namespace bartizan::provenance
