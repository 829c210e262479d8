#pragma once
/// SHA-256 (FIPS 180-4) by OpenSSL: of bytes, of files read piecewise, and under a key.

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

#include "bartizan/result.h"

namespace bartizan::crypto {

using Sha256Digest = std::array<std::uint8_t, 32>;

/// Feeds pieces, gives one digest. One thread at a time.
class Sha256 {
public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;

    void update(std::span<const std::byte> bytes);
    /// The digest of all that was fed; the object must not be fed afterwards.
    Sha256Digest finish();

private:
    struct State;
    std::unique_ptr<State> state_;
};

Sha256Digest sha256(std::span<const std::byte> bytes);
/// Of a file of any size, in constant memory.
Result<Sha256Digest> sha256_file(const std::filesystem::path& path);
/// HMAC-SHA-256 (RFC 2104): what nobody without the key can foretell.
Sha256Digest hmac_sha256(std::span<const std::byte> key, std::span<const std::byte> bytes);
/// Lower-case hexadecimal.
std::string to_hex(std::span<const std::uint8_t> bytes);

}  // namespace bartizan::crypto
