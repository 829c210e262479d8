#pragma once
/// Server-sent events (HTML Living Standard, section 9.2): what happens now, for whoever looks on. A thread of its own
/// writes to every stream once a second, each what its caller may see; a second of silence means that the line is dead.
/// A stream ends with the session or key that opened it. Nobody waits for a reader: what he does not take in time ends
/// his stream. Thread rule: all members may be called from any thread.

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "access/access.h"
#include "core/json.h"
#include "gateway/alerts.h"
#include "gateway/problem.h"
#include "gateway/traffic.h"
#include "gateway/watch.h"

namespace bartizan::gateway {

class Live {
public:
    static constexpr std::size_t kMostStreams = 256;       ///< of everybody
    static constexpr std::size_t kMostOfPrincipal = 8;     ///< a browser's tabs

    struct Parts {
        const Traffic& traffic;
        const Alerts& alerts;
        const Watch& watch;
        access::Access& access;
        std::function<std::uint64_t()> entries;                   ///< of the ledger
        std::function<Result<Json>()> incidents;                  ///< the newest ones, as a list; may wait
        std::function<bool(std::function<void()> work)> elsewhere;  ///< runs what may wait
        std::function<std::int64_t()> now;                        ///< seconds since the epoch
    };
    explicit Live(Parts parts) : parts_(std::move(parts)) {}
    ~Live() { stop(); }

    void start();
    /// Ends all streams.
    void stop();
    /// Why there is no further stream for him; nothing: the call is one from here on.
    std::optional<Problem> join(const http::CallPointer& call, const access::Identity& caller, http::Headers headers);
    std::size_t size() const;

private:
    struct Stream {
        http::CallPointer call;
        access::Identity caller;
        bool greeted = false;
    };
    /// What is told in one second, before it is known to whom.
    struct Second {
        std::map<std::string, Traffic::Sum> traffic;  ///< of this second
        Json alerts, incidents, detectors;            ///< null: nothing new
        std::int64_t epoch = 0;
        bool changed = false;
        std::uint64_t entries = 0;
        std::int64_t at = 0;
    };
    void run();
    Second look();
    void look_at_incidents(bool changed);
    std::string text_for(const Stream& stream, const Second& second) const;
    void tell(const Second& second);

    Parts parts_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    bool ending_ = false;
    std::vector<std::shared_ptr<Stream>> streams_;
    std::map<std::string, Traffic::Sum> totals_;   ///< at the last second
    std::uint64_t alert_ = 0;                      ///< the newest that was told
    std::int64_t epoch_ = 0;
    std::string detectors_;                        ///< as they were told
    std::map<std::int64_t, std::string> incidents_;  ///< as they were told, by number
    bool incidents_known_ = false, asking_ = false;
    Json fresh_incidents_;                         ///< to be told in the next second
    std::thread thread_;
};

}  // namespace bartizan::gateway
