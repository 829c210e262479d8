#pragma once
/// How much each model was asked in the last hour, minute by minute; about 2.5 KB a model. Time is steady: a jump of the
/// clock moves nothing. Thread rule: all members may be called from any thread.

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "core/json.h"
#include "gateway/event.h"

namespace bartizan::gateway {

class Traffic final : public Detector {
public:
    static constexpr std::size_t kMinutes = 60;
    static constexpr std::size_t kMostModels = 1000;  ///< what is asked beyond them is not shown

    struct Sum {
        std::uint64_t answered = 0, refused = 0, rows = 0;
        std::uint64_t nanoseconds = 0;  ///< of what was answered
        void add(const Sum& other);
        double mean_ms() const { return answered == 0 ? 0 : static_cast<double>(nanoseconds) / 1e6 / static_cast<double>(answered); }
    };
    struct Hour {
        std::array<Sum, kMinutes> minutes{};  ///< the oldest first; the last one is under way
        Sum total;                            ///< of those
        Sum ever;                             ///< since the start: only grows
    };
    using Clock = std::function<std::int64_t()>;  ///< minutes, steady

    explicit Traffic(Clock clock = {});
    void see(const Event& event) override;
    Hour of(const std::string& model) const;
    /// Since the start, by model.
    std::map<std::string, Sum> totals() const;

private:
    struct Ring {
        std::array<Sum, kMinutes> minutes{};
        std::int64_t newest = 0;  ///< the minute that was written last
        Sum ever;
    };
    static void turn(Ring& ring, std::int64_t minute);

    Clock clock_;
    mutable std::mutex mutex_;
    std::map<std::string, Ring, std::less<>> rings_;
};

Json to_json(const Traffic::Hour& hour);

}  // namespace bartizan::gateway
