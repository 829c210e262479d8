#pragma once
/// Reading numbers from bytes that come from outside: every read is checked.
/// Thread rule: pure functions.

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

namespace bartizan::formats {

using Bytes = std::span<const std::byte>;

/// The unsigned number of `T` at `offset`, nothing if it does not lie inside.
template <std::unsigned_integral T>
std::optional<T> read_number(Bytes bytes, std::uint64_t offset, std::endian order = std::endian::little) {
    if (offset > bytes.size() || bytes.size() - offset < sizeof(T)) return std::nullopt;
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        const std::size_t at = order == std::endian::little ? sizeof(T) - 1 - i : i;
        value = static_cast<T>((static_cast<std::uint64_t>(value) << 8) |
                               std::to_integer<std::uint64_t>(bytes[static_cast<std::size_t>(offset) + at]));
    }
    return value;
}

/// The part [offset, offset + size), nothing if it does not lie inside.
inline std::optional<Bytes> part(Bytes bytes, std::uint64_t offset, std::uint64_t size) {
    if (offset > bytes.size() || size > bytes.size() - offset) return std::nullopt;
    return bytes.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(size));
}

inline std::string_view as_text(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

}  // namespace bartizan::formats
