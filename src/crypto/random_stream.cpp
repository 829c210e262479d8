#include "crypto/random_stream.h"

#include <cmath>
#include <cstring>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

namespace bartizan::crypto {

namespace ziggurat {
namespace {

constexpr std::size_t kLayers = 128;
constexpr double kStart = 3.442619855899;      // where the tail begins
constexpr double kArea = 9.91256303526217e-3;  // of each layer

/// Layer i reaches out to edge[i], and up to inside[i] of that it lies below the curve.
struct Layers {
    std::array<double, kLayers + 1> edge{};
    std::array<double, kLayers> inside{};
};

Layers make_layers() {
    Layers layers;
    double height = std::exp(-0.5 * kStart * kStart);
    layers.edge[0] = kArea / height;
    layers.edge[1] = kStart;
    for (std::size_t i = 2; i < kLayers; ++i) {
        layers.edge[i] = std::sqrt(-2 * std::log(kArea / layers.edge[i - 1] + height));
        height = std::exp(-0.5 * layers.edge[i] * layers.edge[i]);
    }
    for (std::size_t i = 0; i < kLayers; ++i) layers.inside[i] = layers.edge[i + 1] / layers.edge[i];
    return layers;
}

const Layers& layers() {
    static const Layers made = make_layers();
    return made;
}

}  // namespace
}  // namespace ziggurat

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

double RandomStream::normal_tail(bool negative) {
    double x = 0, y = 0;
    do {
        x = std::log1p(-uniform53()) / ziggurat::kStart;
        y = std::log1p(-uniform53());
    } while (-2 * y < x * x);
    return negative ? x - ziggurat::kStart : ziggurat::kStart - x;
}

double RandomStream::normal() {
    const ziggurat::Layers& layers = ziggurat::layers();
    while (true) {
        const std::uint64_t bits = bits64();
        const auto layer = static_cast<std::size_t>(bits % ziggurat::kLayers);
        const double u = static_cast<double>(static_cast<std::int64_t>(bits) >> 10) * 0x1p-53;  // in [-1, 1)
        if (std::abs(u) < layers.inside[layer]) return u * layers.edge[layer];
        if (layer == 0) return normal_tail(u < 0);
        const double x = u * layers.edge[layer];
        const double outer = std::exp(-0.5 * (layers.edge[layer] * layers.edge[layer] - x * x));
        const double inner = std::exp(-0.5 * (layers.edge[layer + 1] * layers.edge[layer + 1] - x * x));
        if (inner + uniform53() * (outer - inner) < 1) return x;
    }
}

void RandomStream::fill_normal(std::span<float> out) {
    for (float& value : out) value = static_cast<float>(normal());
}

}  // namespace bartizan::crypto
