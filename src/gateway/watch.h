#pragma once
/// The detectors with memory, behind the gateway: each answered query is handed over with its answer and looked at by a
/// thread of its own, so that no caller waits for it, and none learns from the time of an answer what it found. When
/// that thread cannot keep up, queries are let go and counted. Thread rule: `offer` and `seen` may be called from any
/// thread.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
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
    Watch(Parts parts, std::uint64_t key) : parts_(std::move(parts)), key_(key) {}
    ~Watch() { stop(); }

    void start(const WatchOptions& options);
    void stop();
    using Query = WatchQuery;
    /// `body`: the worker's answer, `length` its header.
    static Query query_of(const Exchange& exchange, std::string_view body, std::string_view length);
    /// Never waits; what there is no room for is let go.
    void offer(Query query);
    /// The same, from an instance elsewhere. False: there is no room now.
    bool take(Query query);
    /// What is watched on each version, since when, and what not and why.
    Json seen() const;

private:
    struct Watched {
        ServedVersion version;
        std::shared_ptr<const Usual> usual;
        std::string reason = "not looked at yet";  ///< why there is none
        std::int64_t try_again = 0;
        std::int64_t golden_at = 0;
        std::unique_ptr<monitor::SimilarityHistory> history;
        std::unique_ptr<monitor::DriftWindow> window;
        std::unique_ptr<monitor::Repeats> repeats;
        std::uint64_t queries = 0;
        std::int64_t asked = 0;
    };
    struct Client {
        std::string key;  ///< in `client_at_`
        std::string principal;
        monitor::TheftState theft;
        monitor::ClientVolume volume;
        monitor::FlagCount flags;
    };

    void run();
    void look(const Query& query);
    void look_at_row(Watched& watched, Client& client, std::span<const float> row, std::span<const float> scores);
    void look_at_squeezing(Watched& watched, Client& client, std::span<const float> row, std::span<const float> scores);
    void look_at_similarity(Watched& watched, const Client& client, std::span<const float> row);
    void look_at_volume(const Watched& watched, Client& client, std::uint64_t rows);
    void tick();
    void check_golden_set(Watched& watched);
    void learn(Watched& watched);
    /// The version's worker if it runs and is ready: to watch is no reason to start one.
    std::shared_ptr<Worker> ready_worker(const Watched& watched) const;
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
    mutable std::mutex watched_mutex_;        ///< held by the thread while it changes what `seen` tells
    std::map<std::string, Watched> watched_;  ///< by version
    std::list<Client> clients_;               ///< most recently seen first
    std::unordered_map<std::string, std::list<Client>::iterator> client_at_;
    std::unordered_map<std::uint64_t, std::string> accounts_;
    std::int64_t ticked_ = 0;
    std::uint64_t squeezed_ = 0;                       ///< pictures since then
    std::chrono::steady_clock::duration squeezing_{};  ///< time for them
    std::thread thread_;
};

}  // namespace bartizan::gateway
