#include "crypto/random_stream.h"

#include <cmath>
#include <cstring>
#include <numbers>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

namespace bartizan::crypto {

struct RandomStream::Cipher {
    EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
    Cipher() = default;
    Cipher(const Cipher&) = delete;
    Cipher& operator=(const Cipher&) = delete;
    ~Cipher() { EVP_CIPHER_CTX_free(context); }
};

RandomStream::RandomStream(std::unique_ptr<Cipher> cipher) : cipher_(std::move(cipher)) {}
RandomStream::RandomStream(RandomStream&&) noexcept = default;
RandomStream& RandomStream::operator=(RandomStream&&) noexcept = default;
RandomStream::~RandomStream() { OPENSSL_cleanse(block_.data(), sizeof block_); }

Result<RandomStream> RandomStream::from_key(const std::array<std::uint8_t, 32>& key) {
    auto cipher = std::make_unique<Cipher>();
    constexpr std::array<std::uint8_t, 16> kFromTheStart{};  // block counter and nonce: a key is used once
    if (cipher->context == nullptr ||
        EVP_EncryptInit_ex(cipher->context, EVP_chacha20(), nullptr, key.data(), kFromTheStart.data()) != 1)
        return internal_error("the ChaCha20 cipher is not to be had");
    return RandomStream(std::move(cipher));
}

Result<RandomStream> RandomStream::from_system() {
    std::array<std::uint8_t, 32> key{};
    if (RAND_priv_bytes(key.data(), static_cast<int>(key.size())) != 1)
        return internal_error("the system gives no random numbers");
    auto stream = from_key(key);
    OPENSSL_cleanse(key.data(), key.size());
    return stream;
}

Result<RandomStream> RandomStream::from_seed(std::uint64_t seed, std::uint64_t purpose) {
    std::array<std::uint8_t, 32> key{};
    std::memcpy(key.data(), &seed, sizeof seed);
    std::memcpy(key.data() + sizeof seed, &purpose, sizeof purpose);
    return from_key(key);
}

Result<RandomStream> RandomStream::fork() {
    std::array<std::uint8_t, 32> key{};
    for (std::size_t i = 0; i < key.size(); i += sizeof(std::uint64_t)) {
        const std::uint64_t bits = bits64();
        std::memcpy(key.data() + i, &bits, sizeof bits);
    }
    auto stream = from_key(key);
    OPENSSL_cleanse(key.data(), key.size());
    return stream;
}

void RandomStream::refill() {
    block_.fill(0);
    int written = 0;
    auto* bytes = reinterpret_cast<unsigned char*>(block_.data());
    EVP_EncryptUpdate(cipher_->context, bytes, &written, bytes, static_cast<int>(sizeof block_));
    used_ = 0;
}

std::uint64_t RandomStream::bits64() {
    if (used_ == block_.size()) refill();
    return block_[used_++];
}

double RandomStream::uniform53() { return static_cast<double>(bits64() >> 11U) * 0x1p-53; }

void RandomStream::fill_normal(std::span<float> out) {
    for (std::size_t i = 0; i < out.size(); i += 2) {
        const double radius = std::sqrt(-2 * std::log1p(-uniform53())), angle = 2 * std::numbers::pi * uniform53();
        out[i] = static_cast<float>(radius * std::cos(angle));
        if (i + 1 < out.size()) out[i + 1] = static_cast<float>(radius * std::sin(angle));
    }
}

}  // namespace bartizan::crypto
