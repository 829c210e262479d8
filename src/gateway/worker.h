#pragma once
/// One version of a model, run by a worker process of its own: started, watched, started again with a growing wait when
/// it ends, asked over its Unix socket. The model's file lies in the clear only until the worker has read it. Or run by
/// a server elsewhere (`upstream.h`), which is watched in the same way.
/// Thread rule: all members may be called from any thread; `ask` on a loop's own thread.

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "bartizan/result.h"
#include "gateway/log.h"
#include "gateway/metrics.h"
#include "gateway/routing.h"
#include "gateway/upstream.h"
#include "http/peer.h"
#include "oip/metadata.h"

namespace bartizan::gateway {

struct WorkerOptions {
    std::filesystem::path engine;         ///< the program that has the command `worker`
    std::filesystem::path folder;         ///< for sockets and models, for the owner alone
    std::vector<std::string> words = {};  ///< further options of `worker`
    std::size_t most = 16;                ///< processes at one time
    std::chrono::milliseconds first_wait{100};
    std::chrono::milliseconds longest_wait{10'000};
    std::chrono::milliseconds start_time{60'000};  ///< a worker that is not ready then is ended
    /// Answers in place of a process: for tests and measurements of what stands around it.
    std::function<http::PeerResponse(const http::PeerRequest&)> stand_in = {};
    Upstreams upstreams = {};                       ///< versions for which this gives peers are run elsewhere
    std::chrono::milliseconds upstream_every{500};  ///< between two looks at whether it is ready
    std::chrono::minutes idle{5};                   ///< one that nobody needs, and nobody asked for that long, ends
};

namespace worker_process {

/// A process that was started and is ended with this: first by the end of its input, then by force.
class Process {
public:
    Process(int id, int input) : id_(id), input_(input) {}
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;
    /// Its status as waitpid tells it, if it has ended.
    std::optional<int> ended();

private:
    int id_;
    int input_;
    std::optional<int> status_;
};

}  // namespace worker_process

enum class WorkerState : std::uint8_t { starting, ready, waiting, stopped };

class Worker {
public:
    /// Puts the model's file at `path`.
    using Provide = std::function<Result<void>(const std::filesystem::path& path)>;
    Worker(const ServedVersion& version, Provide provide, const WorkerOptions& options, http::Loops& loops, Log& log,
           Metrics& metrics);
    /// Lets requests under way end, then ends the process.
    ~Worker();
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    WorkerState state() const;
    /// Why it is not ready.
    std::string trouble() const;
    /// What the model declares; null before it was ready once.
    std::shared_ptr<const oip::Metadata> signature() const;
    /// Waits until it is ready. Fails with `unavailable` and why not.
    Result<void> wait_ready(std::chrono::milliseconds patience);
    /// Sends an inference; fails with `unavailable` when the process is not there.
    void ask(http::Loop& loop, http::PeerRequest request, http::PeerDone done);
    std::chrono::steady_clock::time_point last_asked() const { return last_asked_.load(std::memory_order_relaxed); }

private:
    void supervise();
    Result<void> run();
    Result<void> run_process();
    Result<void> run_elsewhere();
    Result<void> stand_in();
    Result<std::unique_ptr<worker_process::Process>> start_process();
    Result<void> wait_for_model(worker_process::Process& process);
    Result<void> learn_signature();
    http::Peer& peer(http::Loop& loop);
    Result<std::string> get(const std::string& path);
    Error ended_error(int status) const;
    void set(WorkerState state, std::string trouble = {});
    bool sleep(std::chrono::milliseconds time);
    bool ending() const;

    ServedVersion version_;
    Provide provide_;
    WorkerOptions options_;
    http::Loops& loops_;
    Log& log_;
    Metrics& metrics_;
    std::filesystem::path folder_, socket_, model_;
    PeerMaker elsewhere_;                             ///< empty: a process
    std::vector<std::shared_ptr<http::Peer>> peers_;  ///< one for each loop, used there alone
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    WorkerState state_ = WorkerState::starting;
    std::string trouble_;
    std::shared_ptr<const oip::Metadata> signature_;
    bool ending_ = false;
    std::atomic<std::chrono::steady_clock::time_point> last_asked_{std::chrono::steady_clock::now()};
    std::thread thread_;
};

}  // namespace bartizan::gateway
