#pragma once
/// The inner product that projections are made of. Pure; the same bytes on every machine.

#include <cstddef>
#include <cstring>

namespace bartizan::monitor {

/// Sixteen sums side by side, four to a vector: the order is fixed, and no sum waits for another.
inline float dot(const float* a, const float* b, std::size_t count) {
    using Four = float __attribute__((vector_size(16)));
    const auto product = [&](std::size_t at) {
        Four left, right;
        std::memcpy(&left, a + at, sizeof left);
        std::memcpy(&right, b + at, sizeof right);
        return left * right;
    };
    Four first{}, second{}, third{}, fourth{};
    std::size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        first += product(i);
        second += product(i + 4);
        third += product(i + 8);
        fourth += product(i + 12);
    }
    const Four all = (first + second) + (third + fourth);
    float out = (all[0] + all[1]) + (all[2] + all[3]);
    for (; i < count; ++i) out += a[i] * b[i];
    return out;
}

}  // namespace bartizan::monitor
