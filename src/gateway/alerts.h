#pragma once
/// What detectors have to say: each alert is logged, counted, written to the ledger, and kept for `GET /v1/alerts`. The
/// same one again within ten minutes is counted onto the first. Entries that the ledger does not take are kept until it
/// does. An alert names clients and a version, with its
/// evidence; no caller is ever told that his query set it off. Thread rule: all members may be called from any thread.

#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "core/json.h"
#include "gateway/log.h"
#include "gateway/metrics.h"
#include "ledger/ledger.h"

namespace bartizan::gateway {

struct Alert {
    std::string detector;                 ///< "similarity", "theft", "drift", "volume", "golden-set"
    std::string version;                  ///< "model:fashion@3"
    std::vector<std::string> principals;  ///< whose queries; empty: the traffic of the version
    std::string severity;                 ///< "low", "medium", "high"
    std::string title;
    std::string atlas;  ///< technique of MITRE ATLAS; may be empty
    Json evidence = Json::object();
    // Set by `Alerts`:
    std::uint64_t number = 0;
    std::int64_t first = 0, last = 0;  ///< seconds since the epoch
    std::uint64_t times = 1;
};

class Alerts {
public:
    Alerts(ledger::Ledger& ledger, Log& log, Metrics& metrics) : ledger_(ledger), log_(log), metrics_(metrics) {}

    /// Whoever else wants to know of a fresh alert; set before any is raised. Must not wait.
    void tell(std::function<void(const Alert&)> told) { told_ = std::move(told); }
    void raise(Alert alert, std::int64_t now);
    /// Writes what was raised to the ledger; may wait for the disk.
    Result<void> flush();
    /// The newest first, at most `most`; with a number above `after`.
    Json list(std::uint64_t after, std::size_t most) const;

private:
    static constexpr std::size_t kMost = 10'000;
    static constexpr std::int64_t kSameFor = 600;  // seconds

    ledger::Ledger& ledger_;
    Log& log_;
    Metrics& metrics_;
    mutable std::mutex mutex_;
    std::deque<Alert> alerts_;
    std::deque<ledger::Event> unwritten_;
    std::uint64_t next_ = 1;
    std::function<void(const Alert&)> told_;
};

}  // namespace bartizan::gateway
