#pragma once
/// What ties several instances of the service together, over a `stream::Bus`: events go to whoever watches, changes of
/// the registry, of access and of policy, and clients that are held back, to every instance. Without it the same
/// happens within one process. Thread rule: all members may be called from any thread.

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "gateway/config.h"
#include "gateway/event.h"
#include "gateway/log.h"
#include "gateway/metrics.h"
#include "gateway/routing.h"
#include "gateway/watch.h"
#include "stream/bus.h"
#include "stream/consumer.h"

namespace bartizan::gateway {

class Fleet {
public:
    struct Parts {
        Role role = Role::both;
        std::string instance;  ///< unlike any other
        bool inputs = true;    ///< inputs and answers go along, for detectors that look at them
        Watch& watch;
        Metrics& metrics;
        Log& log;
        std::function<RoutingPointer()> routing;
        std::function<std::int64_t()> now;  ///< seconds since the epoch
        /// The state has changed: load it again. Must not wait.
        std::function<void()> renewed;
        std::function<void(const std::string& principal, std::int64_t seconds)> hold;
        /// What an operator loaded elsewhere. Must not wait.
        std::function<void(std::string policy)> adopt;
    };
    Fleet(std::unique_ptr<stream::Bus> bus, Parts parts) : parts_(std::move(parts)), bus_(std::move(bus)) {}
    ~Fleet() { stop(); }

    Result<void> start();
    void stop();
    bool connected() const { return bus_->well(); }

    /// Calls `then` once the event is kept, or when that takes too long. From any thread.
    void publish(const Event& event, const Watch::Query* query, std::function<void()> then);
    /// The state has changed up to here.
    void announce(std::int64_t epoch);
    /// From here on every instance holds this principal back.
    void hold(const std::string& principal, std::int64_t seconds);
    /// The text of a configuration, whose policy holds everywhere from here on.
    Result<void> share_policy(const std::string& text);
    /// In the text format of Prometheus.
    std::string metrics() const;

private:
    bool take(std::string_view bytes, stream::Tally& tally);

    Parts parts_;
    std::atomic<std::int64_t> announced_{0};
    std::atomic<bool> ended_{false};
    std::unique_ptr<stream::Consumer> consumer_;
    std::unique_ptr<stream::Bus> bus_;  ///< last: its threads end before the rest does
};

}  // namespace bartizan::gateway
