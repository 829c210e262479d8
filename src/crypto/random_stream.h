#pragma once
/// Random numbers that nobody can foretell: the ChaCha20 key stream (RFC 8439) under a key of the operating system.
/// For what an attacker must not guess, as the noise of differential privacy; experiments that are to be repeated use
/// `Random`. Thread rule: one stream per thread.

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "bartizan/result.h"

namespace bartizan::crypto {

class RandomStream {
public:
    /// Fails with `internal` when the system gives no randomness.
    static Result<RandomStream> from_system();
    /// The same numbers each time, for each `purpose` others: for tests, and for nothing that is to stay secret.
    static Result<RandomStream> from_seed(std::uint64_t seed, std::uint64_t purpose = 0);

    RandomStream(RandomStream&&) noexcept;
    RandomStream& operator=(RandomStream&&) noexcept;
    ~RandomStream();

    /// Another stream, for another thread, keyed by this one: what follows here and what comes there have nothing to do
    /// with each other.
    Result<RandomStream> fork();

    std::uint64_t bits64();
    /// Uniform in [0, 1), 53 bits.
    double uniform53();
    /// Independent standard normal numbers, tails included (the ziggurat of Marsaglia and Tsang 2000 in the form of
    /// Doornik 2005, which draws layer and place from different bits).
    void fill_normal(std::span<float> out);

private:
    struct Cipher;
    explicit RandomStream(std::unique_ptr<Cipher> cipher);
    static Result<RandomStream> from_key(const std::array<std::uint8_t, 32>& key);
    void refill();
    double normal();
    double normal_tail(bool negative);

    std::unique_ptr<Cipher> cipher_;
    std::array<std::uint64_t, 512> block_{};
    std::size_t used_ = 512;
};

}  // namespace bartizan::crypto
