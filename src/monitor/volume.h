#pragma once
/// How much a client asks, and when: against his own past. A minute counts as strange when it lies far above the
/// exponentially weighted mean of his minutes (Roberts 1959), an hour of the day when he has never asked in it in two
/// weeks or more. Thread rule: a `ClientVolume` is used by one thread at a time.

#include <array>
#include <cstdint>
#include <optional>

namespace bartizan::monitor {

struct VolumeOptions {
    double deviations = 8;             ///< above the mean of his minutes
    double factor = 4;                 ///< and this many times the mean
    std::uint64_t least = 120;         ///< queries in a minute that can be strange
    std::uint32_t minutes_known = 30;  ///< minutes with queries before he is judged
    std::int64_t days_known = 14;      ///< days before an hour can be strange
};

struct VolumeSign {
    enum class Kind : std::uint8_t { rate, hour };
    Kind kind = Kind::rate;
    std::uint64_t queries = 0;  ///< of the minute so far
    double usual = 0;           ///< mean of a minute
    int hour = 0;               ///< of the day, UTC
};

/// 88 bytes.
class ClientVolume {
public:
    /// `seconds`: since the epoch; may not run backwards by more than it matters (a clock that jumps back begins a new
    /// minute). A sign at most once a minute, and once for an hour.
    std::optional<VolumeSign> see(std::int64_t seconds, std::uint64_t queries, const VolumeOptions& options);

private:
    void close_minute();

    std::int64_t minute_ = -1;
    std::int64_t first_day_ = -1;
    std::uint64_t in_minute_ = 0;
    bool told_ = false;
    bool strange_ = false;  ///< the minute is left out of the mean: an attack does not become usual
    std::uint32_t minutes_ = 0;
    double mean_ = 0, variance_ = 0;
    std::array<bool, 24> hours_{};  ///< in which he has asked
};

}  // namespace bartizan::monitor
