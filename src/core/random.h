#pragma once
/// Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011, "Parallel Random Numbers: As Easy as
/// 1, 2, 3", section 4.3). A number is a pure function of (seed, stream, counter), so results do not depend on
/// the number of threads or on the order in which work is done: give each sample its own stream.
/// Thread rule: plain values; one `Random` per stream and thread.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace bartizan {

using PhiloxCounter = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

/// One block of four 32-bit numbers: ten rounds of Philox4x32.
PhiloxCounter philox4x32(PhiloxCounter counter, PhiloxKey key);

/// A sequence of random numbers. Equal (seed, stream) give equal sequences on every machine.
class Random {
public:
    /// `purpose` keeps apart the uses of one stream ("start point", "stripes"); `stream` is usually the
    /// index of the sample in its data set.
    Random(std::uint64_t seed, std::uint64_t stream, std::uint32_t purpose = 0);

    std::uint32_t bits32();
    std::uint64_t bits64();
    /// Uniform in [0, 1), 24 bits.
    float uniform();
    /// Uniform in [0, 1), 53 bits.
    double uniform53();
    /// Uniform in {0, ..., bound - 1}, without bias; `bound` at least 1.
    std::uint64_t below(std::uint64_t bound);
    /// Standard normal (Box-Muller).
    float normal();
    /// -1 or +1.
    float sign() { return (bits32() & 1U) != 0 ? 1.0F : -1.0F; }

    void fill_uniform(std::span<float> out, float low, float high);
    void fill_normal(std::span<float> out);

private:
    PhiloxKey key_;
    PhiloxCounter counter_;
    PhiloxCounter block_{};
    unsigned used_ = 4;
    bool has_spare_ = false;
    float spare_ = 0;
};

/// A seeded permutation of {0, ..., count - 1} (Fisher-Yates).
std::vector<std::int64_t> permutation(std::int64_t count, std::uint64_t seed, std::uint32_t purpose = 0);

}  // namespace bartizan
