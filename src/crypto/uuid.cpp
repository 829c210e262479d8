#include "crypto/uuid.h"

#include <array>
#include <cstdint>

#include <openssl/evp.h>

#include "crypto/hash.h"

namespace bartizan::crypto {
namespace {

int digit(char c) { return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10; }

/// The 16 bytes of a UUID as text.
std::string bytes_of(std::string_view uuid) {
    std::string out;
    int high = -1;
    for (const char c : uuid) {
        if (c == '-') continue;
        if (high < 0) {
            high = digit(c);
            continue;
        }
        out += static_cast<char>(high << 4 | digit(c));
        high = -1;
    }
    return out;
}

}  // namespace

std::string name_uuid(std::string_view name_space, std::string_view name) {
    const std::string text = bytes_of(name_space) + std::string(name);
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
    digest[6] = static_cast<std::uint8_t>((digest[6] & 0x0F) | 0x50);
    digest[8] = static_cast<std::uint8_t>((digest[8] & 0x3F) | 0x80);
    std::string hex = to_hex(std::span(digest).first(16));
    for (const std::size_t at : {20U, 16U, 12U, 8U}) hex.insert(at, 1, '-');
    return hex;
}

}  // namespace bartizan::crypto
