#pragma once
/// The detectors with memory, behind the gateway: each answered query is handed over with its answer and looked at by a
/// thread of its own, so that no caller waits for it, and none learns from the time of an answer what it found. When
/// that thread cannot keep up, queries are let go and counted. Thread rule: `offer` and `seen` may be called from any
/// thread.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>

#include "gateway/alerts.h"
#include "gateway/exchange.h"
#include "gateway/usual.h"
#include "gateway/watch_options.h"
#include "gateway/watch_query.h"
#include "gateway/workers.h"
#include "monitor/client_table.h"
#include "monitor/repeats.h"

namespace bartizan::gateway {

class Watch {
public:
    struct Parts {
        registry::Registry& registry;
        Workers& workers;
        http::Loops& loops;
        Alerts& alerts;
        Metrics& metrics;
        /// Holds a principal back for so many seconds.
        std::function<void(const std::string& principal, std::int64_t seconds)> hold;
        std::function<std::int64_t()> now;  ///< seconds since the epoch; may jump
    };
    Watch(Parts parts, std::uint64_t key);
    ~Watch() { stop(); }

    void start(const WatchOptions& options);
    void stop();
    using Query = WatchQuery;
    /// `body`: the worker's answer, `length` its header, `features` what was behind it.
    static Query query_of(const Exchange& exchange, std::string_view body, std::string_view length,
                          std::string_view features);
    /// Never waits; what there is no room for is let go.
    void offer(Query query);
    /// The same, from an instance elsewhere. False: there is no room now.
    bool take(Query query);
    /// Should workers be asked for features?
    bool wants_features() const { return options_.on && options_.outliers; }
    /// What is watched on each version, since when, and what not and why.
    Json seen() const;

private:
    /// What a full window of queries gave: its worst column.
    struct DriftPoint {
        std::int64_t at = 0;
        double index = 0;  ///< population stability
        std::string column;
    };
    struct Watched {
        ServedVersion version;
        std::shared_ptr<const Usual> usual;
        std::string reason = "not looked at yet";  ///< why there is none
        std::int64_t try_again = 0;
        std::int64_t golden_at = 0;
        std::unique_ptr<monitor::SimilarityHistory> history;
        std::unique_ptr<monitor::DriftWindow> window;
        std::unique_ptr<monitor::Repeats> repeats;
        std::deque<DriftPoint> drift;  ///< the last full windows
        std::uint64_t queries = 0;
        std::int64_t asked = 0;
    };
    /// Of one principal on one version: 1,280 bytes at most, and its names where they are long.
    struct Known {
        std::string principal;
        monitor::TheftState theft;
        monitor::ClientVolume volume;
        monitor::FlagCount squeezed, outliers, members;
        bool theft_leans = false;  ///< halfway to an alarm at the last look
    };
    using Clients = monitor::ClientTable<Known>;
    using Client = Clients::Client;
    /// A row of a query with what was answered to it.
    struct Row {
        std::span<const float> input, scores, features;
    };

    void run();
    void look(const Query& query);
    void look_at_row(Watched& watched, Known& client, const Row& row);
    void look_at_theft(const Watched& watched, Known& client, const std::vector<float>& embedded, std::int64_t said);
    void look_at_outliers(const Watched& watched, Known& client, const Row& row);
    void look_at_members(const Watched& watched, Known& client, const Row& row);
    void look_at_squeezing(Watched& watched, Known& client, const Row& row);
    void look_at_similarity(Watched& watched, const Known& client, std::span<const float> row);
    void look_at_drift(Watched& watched, const std::vector<float>& columns);
    void look_at_volume(const Watched& watched, Known& client, std::uint64_t rows);
    void raise_count(const Watched& watched, const Known& client, const monitor::FlagCount::Sign& sign, Alert alert);
    bool suspected(const Watched& watched, const Known& client) const;
    void tick();
    void check_golden_set(Watched& watched);
    void learn(Watched& watched);
    /// The version's worker if it runs and is ready: to watch is no reason to start one.
    std::shared_ptr<Worker> ready_worker(const Watched& watched) const;
    Result<std::shared_ptr<const Usual>> learn_from(const Watched& watched, const std::shared_ptr<Worker>& worker);
    Client& client_of(const std::string& principal, const std::string& version);
    void raise(Alert alert, bool act);

    Parts parts_;
    std::uint64_t key_;
    WatchOptions options_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Query> queue_;
    std::size_t queued_bytes_ = 0;
    bool ending_ = false;
    bool idle_ = false;  ///< the thread waits to be woken
    mutable std::mutex watched_mutex_;        ///< held by the thread while it changes what `seen` tells
    std::map<std::string, Watched> watched_;  ///< by version
    Clients clients_;
    std::unordered_map<std::uint64_t, std::string> accounts_;
    std::int64_t ticked_ = 0;
    std::uint64_t squeezed_ = 0;                       ///< pictures since then
    std::chrono::steady_clock::duration squeezing_{};  ///< time for them
    std::thread thread_;
};

}  // namespace bartizan::gateway
