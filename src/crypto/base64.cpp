#include "crypto/base64.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace bartizan::crypto {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNone = 0xff;

constexpr std::array<std::uint8_t, 256> make_values() {
    std::array<std::uint8_t, 256> values{};
    values.fill(kNone);
    for (std::size_t i = 0; i < kAlphabet.size(); ++i)
        values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
    return values;
}
constexpr auto kValues = make_values();

std::uint32_t byte_at(std::string_view bytes, std::size_t i) {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0;
}

std::size_t padding_of(std::string_view text) {
    if (text.ends_with("==")) return 2;
    return text.ends_with("=") ? 1 : 0;
}

}  // namespace

std::string to_base64(std::string_view bytes) {
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::uint32_t word = byte_at(bytes, i) << 16 | byte_at(bytes, i + 1) << 8 | byte_at(bytes, i + 2);
        text += kAlphabet[word >> 18];
        text += kAlphabet[word >> 12 & 63];
        text += i + 1 < bytes.size() ? kAlphabet[word >> 6 & 63] : '=';
        text += i + 2 < bytes.size() ? kAlphabet[word & 63] : '=';
    }
    return text;
}

Result<std::string> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) return invalid_input("base64 of " + std::to_string(text.size()) + " characters");
    const std::size_t padding = padding_of(text);
    const std::string_view digits = text.substr(0, text.size() - padding);
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3);
    std::uint32_t word = 0;
    int bits = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        const std::uint8_t value = kValues[static_cast<unsigned char>(digits[i])];
        if (value == kNone) return invalid_input("not standard base64 at character " + std::to_string(i));
        word = (word << 6 | value) & 0xffffff;
        bits += 6;
        if (bits < 8) continue;
        bits -= 8;
        bytes += static_cast<char>(word >> bits & 0xff);
    }
    if ((word & ((1U << bits) - 1)) != 0) return invalid_input("base64 with bits left over at its end");
    return bytes;
}

std::string to_base64url(std::string_view bytes) {
    std::string text = to_base64(bytes);
    text.resize(text.size() - padding_of(text));
    std::ranges::replace(text, '+', '-');
    std::ranges::replace(text, '/', '_');
    return text;
}

Result<std::string> from_base64url(std::string_view text) {
    if (text.find_first_of("+/=") != std::string_view::npos) return invalid_input("not base64url: '+', '/' or '='");
    std::string standard(text);
    std::ranges::replace(standard, '-', '+');
    std::ranges::replace(standard, '_', '/');
    standard.append((4 - standard.size() % 4) % 4, '=');
    return from_base64(standard);
}

}  // namespace bartizan::crypto
