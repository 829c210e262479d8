#pragma once
/// What long work is given: seed, threads, device, deadline, a way to be stopped and a place to tell progress.
/// Nothing global: clock and randomness come in here, so tests need no sleeping and no wall clock.
/// Thread rule: every method may be called from any thread.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "bartizan/result.h"

namespace bartizan {

/// Set once (by a signal handler, say); read often. Lock-free.
class CancelToken {
public:
    void cancel() { cancelled_.store(true, std::memory_order_relaxed); }
    bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }

private:
    std::atomic<bool> cancelled_{false};
};

/// How far a stage has come. `total` 0 means unknown.
struct Progress {
    std::string_view stage;  ///< what is being done: "pgd", "training epoch 3"
    std::uint64_t done = 0;
    std::uint64_t total = 0;
    std::string_view unit = "samples";
};

/// Where progress is told. Implementations must be callable from several threads at once.
class ProgressSink {
public:
    virtual ~ProgressSink() = default;
    virtual void update(const Progress& progress) = 0;
    /// Ends the line of the current stage, so that other output may follow.
    virtual void finish() {}
};

using Clock = std::function<std::chrono::steady_clock::time_point()>;

class RunContext {
public:
    struct Options {
        std::uint64_t seed = 0;
        int threads = 0;             ///< 0: all cores
        std::string device = "cpu";  ///< "cpu", "cuda", "cuda:1"
        std::optional<std::chrono::steady_clock::time_point> deadline;
        const CancelToken* cancel = nullptr;  ///< must outlive the context
        ProgressSink* progress = nullptr;     ///< must outlive the context
        Clock clock;                          ///< empty: the steady clock
    };

    RunContext() : RunContext(Options()) {}
    explicit RunContext(Options options);

    std::uint64_t seed() const { return options_.seed; }
    int threads() const { return options_.threads; }  ///< at least 1
    const std::string& device() const { return options_.device; }
    std::chrono::steady_clock::time_point now() const;

    bool stop_requested() const;
    /// Fails with `cancelled` when asked to stop or past the deadline. Call it once per step of long work.
    Result<void> checkpoint() const;

    void progress(const Progress& progress) const;
    void progress_finish() const;

    /// The same context telling its progress elsewhere: for the parts of a larger piece of work.
    RunContext with_progress(ProgressSink* sink) const;

private:
    Options options_;
};

}  // namespace bartizan
