#pragma once
/// The workers of all versions: those that must be warm run always, others from their first request until nobody asks.
/// Thread rule: all members may be called from any thread.

#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/worker.h"

namespace bartizan::gateway {

class Workers {
public:
    Workers(registry::Registry& registry, WorkerOptions options, http::Loops& loops, Log& log, Metrics& metrics)
        : registry_(registry), options_(std::move(options)), loops_(loops), log_(log), metrics_(metrics) {}
    ~Workers();

    /// The worker of a version, started if need be. Null: there are as many as there may be, all of them needed.
    std::shared_ptr<Worker> worker(const ServedVersion& version);
    /// The worker of a version if it is there; starts none.
    std::shared_ptr<Worker> running(const registry::VersionId& id) const;
    /// Starts those that must be warm, ends those that may not run or that nobody needs any more.
    void settle(const Routing& routing);
    void stop();

    struct Seen {
        std::string name;
        WorkerState state;
        std::string trouble;
    };
    std::vector<Seen> seen() const;

private:
    using Held = std::map<std::string, std::shared_ptr<Worker>>;
    std::shared_ptr<Worker> start(const ServedVersion& version);
    void end(std::shared_ptr<Worker> worker);

    registry::Registry& registry_;
    WorkerOptions options_;
    http::Loops& loops_;
    Log& log_;
    Metrics& metrics_;
    mutable std::mutex mutex_;
    Held workers_;  ///< by "model:fashion@3"
    std::vector<std::string> warm_;
    std::vector<std::future<void>> ending_;  ///< workers that take their time
    bool stopped_ = false;
};

}  // namespace bartizan::gateway
