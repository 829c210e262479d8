#include "provenance/names.h"

#include <algorithm>

#include "core/utf8.h"

namespace bartizan::provenance {
namespace {

Result<void> check_part(std::string_view part) {
    if (part.empty()) return invalid_input("a name that is absolute or has an empty part");
    if (part == "." || part == "..")
        return invalid_input("a name with the part '" + std::string(part) + "', which could leave the folder");
    return {};
}

}  // namespace

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
