#pragma once
/// Makes guessing slow: whoever failed a few times waits, twice as long after each further failure. Bounded memory:
/// when it is full, the one whose wait ended longest ago is forgotten, so a flood of new names cannot free a waiting
/// one while others wait less. Thread rule: all members may be called from any thread.

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace bartizan::access {

struct BackoffLimits {
    int free = 5;                               ///< failures without a wait
    std::chrono::milliseconds first{1'000};     ///< the wait after one more
    std::chrono::milliseconds longest{60'000};  ///< no wait is longer
    std::chrono::minutes memory{15};            ///< without a failure: forgotten
    std::size_t most = 16'384;                  ///< names remembered
};

class Backoff {
public:
    using Time = std::chrono::steady_clock::time_point;
    explicit Backoff(BackoffLimits limits = {}) : limits_(limits) {}

    /// How long `who` must still wait; 0: not at all.
    std::chrono::milliseconds wait(std::string_view who, Time now) const;
    void failed(std::string_view who, Time now);
    void succeeded(std::string_view who);
    std::size_t size() const;

private:
    struct Entry {
        int failures = 0;
        Time last{};
        Time until{};
    };
    void make_room(Time now);

    BackoffLimits limits_;
    mutable std::mutex mutex_;
    std::unordered_map<std::string, Entry> entries_;
};

}  // namespace bartizan::access
