#include "core/random.h"

#include <cmath>
#include <numeric>
#include <utility>

namespace bartizan {
namespace {

// Salmon et al. 2011, table 2 and section 4.3.
constexpr std::uint32_t kMultiplier0 = 0xD2511F53;
constexpr std::uint32_t kMultiplier1 = 0xCD9E8D57;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9;
constexpr std::uint32_t kWeyl1 = 0xBB67AE85;

}  // namespace

PhiloxCounter philox4x32(PhiloxCounter counter, PhiloxKey key) {
    for (int round = 0; round < 10; ++round) {
        const std::uint64_t product0 = std::uint64_t{kMultiplier0} * counter[0];
        const std::uint64_t product1 = std::uint64_t{kMultiplier1} * counter[2];
        counter = {static_cast<std::uint32_t>(product1 >> 32) ^ counter[1] ^ key[0],
                   static_cast<std::uint32_t>(product1),
                   static_cast<std::uint32_t>(product0 >> 32) ^ counter[3] ^ key[1],
                   static_cast<std::uint32_t>(product0)};
        key[0] += kWeyl0;
        key[1] += kWeyl1;
    }
    return counter;
}

Random::Random(std::uint64_t seed, std::uint64_t stream, std::uint32_t purpose)
    : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)},
      counter_{0, purpose, static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)} {}

std::uint32_t Random::bits32() {
    if (used_ == 4) {
        block_ = philox4x32(counter_, key_);
        ++counter_[0];
        used_ = 0;
    }
    return block_[used_++];
}

std::uint64_t Random::bits64() {
    const std::uint64_t low = bits32();
    return low | (std::uint64_t{bits32()} << 32);
}

float Random::uniform() { return static_cast<float>(bits32() >> 8) * 0x1p-24F; }

double Random::uniform53() { return static_cast<double>(bits64() >> 11) * 0x1p-53; }

std::uint64_t Random::below(std::uint64_t bound) {
    // Rejects the incomplete last copy of [0, bound) in [0, 2^64).
    const std::uint64_t threshold = (0 - bound) % bound;
    for (;;) {
        const std::uint64_t bits = bits64();
        if (bits >= threshold) return bits % bound;
    }
}

float Random::normal() {
    if (has_spare_) {
        has_spare_ = false;
        return spare_;
    }
    const double radius = std::sqrt(-2 * std::log(1 - uniform53()));
    const double angle = 2 * 3.14159265358979323846 * uniform53();
    spare_ = static_cast<float>(radius * std::sin(angle));
    has_spare_ = true;
    return static_cast<float>(radius * std::cos(angle));
}

void Random::fill_uniform(std::span<float> out, float low, float high) {
    for (float& value : out) value = low + (high - low) * uniform();
}

void Random::fill_normal(std::span<float> out) {
    for (float& value : out) value = normal();
}

std::vector<std::int64_t> permutation(std::int64_t count, std::uint64_t seed, std::uint32_t purpose) {
    std::vector<std::int64_t> order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), 0);
    Random random(seed, 0, purpose);
    for (std::size_t last = order.size(); last > 1; --last)
        std::swap(order[last - 1], order[random.below(last)]);
    return order;
}

}  // namespace bartizan
