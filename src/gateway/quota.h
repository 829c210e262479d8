#pragma once
/// How much a principal may ask: a token bucket of requests, and a budget of queries (rows) a day and model. What is
/// taken is taken before the work, in one step, so requests side by side cannot overspend; what did not reach the model
/// is given back.
/// Thread rule: all members may be called from any thread. Bounded memory: a principal that has not asked for a day is
/// forgotten.

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>

namespace bartizan::gateway {

struct QuotaLimits {
    double requests_per_second = 1000;
    double burst = 2000;
    std::uint64_t queries_per_day = 1'000'000;  ///< rows, of each principal and model
};

class Quota {
public:
    using Time = std::chrono::steady_clock::time_point;
    struct Verdict {
        enum class Why { granted, rate, budget };
        Why why = Why::granted;
        std::int64_t retry_after = 0;  ///< seconds
        explicit operator bool() const { return why == Why::granted; }
    };

    Verdict take(const std::string& principal, const std::string& model, std::uint64_t rows, const QuotaLimits& limits,
                 Time now);
    void give_back(const std::string& principal, const std::string& model, std::uint64_t rows);
    /// No requests of the principal until then.
    void hold(const std::string& principal, Time until);
    std::uint64_t spent(const std::string& principal, const std::string& model) const;
    /// Drops what has run out.
    void sweep(Time now);

private:
    struct Bucket {
        double tokens = 0;
        Time filled{};
        bool fresh = true;
    };
    struct Budget {
        std::uint64_t spent = 0;
        Time began{};
    };
    static std::string name_of(const std::string& principal, const std::string& model) {
        return principal + '\n' + model;
    }

    mutable std::mutex mutex_;
    std::unordered_map<std::string, Bucket> buckets_;
    std::unordered_map<std::string, Budget> budgets_;
    std::unordered_map<std::string, Time> held_;
};

}  // namespace bartizan::gateway
