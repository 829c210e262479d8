#pragma once
/// Which random stream is for what: with the seed and the sample's id, the key of every random number drawn here.

#include <cstdint>

namespace bartizan::attacks::evasion {

enum class Purpose : std::uint32_t { start = 1, apgd_start, fab_start, square };

/// Streams of different restarts, or target classes, of one attack are different streams.
inline std::uint32_t purpose(Purpose use, std::int64_t run) {
    return (static_cast<std::uint32_t>(use) << 24) | (static_cast<std::uint32_t>(run) & 0xFFFFFFU);
}

}  // namespace bartizan::attacks::evasion
