#include "crypto/hash.h"

#include <cstdio>
#include <cstdlib>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "core/file.h"

namespace bartizan::crypto {
namespace {

/// OpenSSL's digest calls fail only when memory is gone or the library is broken.
void require(int ok) {
    if (ok == 1) return;
    std::fputs("bartizan: SHA-256 is not available\n", stderr);
    std::abort();
}

}  // namespace

struct Sha256::State {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
    require(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr));
}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(std::span<const std::byte> bytes) {
    require(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()));
}

Sha256Digest Sha256::finish() {
    Sha256Digest digest{};
    require(EVP_DigestFinal_ex(state_->context, digest.data(), nullptr));
    return digest;
}

Sha256Digest sha256(std::span<const std::byte> bytes) {
    Sha256 hash;
    hash.update(bytes);
    return hash.finish();
}

Result<Sha256Digest> sha256_file(const std::filesystem::path& path) {
    const auto file = BARTIZAN_TRY(MappedFile::open(path));
    return sha256(file->bytes());
}

Sha256Digest hmac_sha256(std::span<const std::byte> key, std::span<const std::byte> bytes) {
    Sha256Digest digest{};
    const auto* const data = reinterpret_cast<const unsigned char*>(bytes.data());
    const unsigned char* const made = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data, bytes.size(),
                                           digest.data(), nullptr);
    require(made != nullptr ? 1 : 0);
    return digest;
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string hex;
    hex.reserve(2 * bytes.size());
    for (const std::uint8_t byte : bytes) {
        hex += kDigits[byte >> 4];
        hex += kDigits[byte & 0xF];
    }
    return hex;
}

}  // namespace bartizan::crypto
