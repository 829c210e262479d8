#pragma once
/// Waits until it is time to look at a data set again: an interval has passed, or the system tells that something below
/// it changed (inotify). What the system tells is a reason to verify, never a verdict.
/// Thread rule: one thread at a time.

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "bartizan/result.h"
#include "bartizan/run_context.h"

namespace bartizan::lineage {

enum class Woken : std::uint8_t { interval, event };

class Watcher {
public:
    virtual ~Watcher() = default;
    /// Until `interval` has passed or an event came and then nothing more for a while. Fails with `cancelled`.
    virtual Result<Woken> wait(std::chrono::milliseconds interval, const RunContext& context) = 0;
    /// Why there are no events, or not all; empty: there are.
    virtual std::string limits() const = 0;
};

/// Watches every folder below `path`, or the file. Where the system grants no more watches, `limits` tells, and the
/// interval remains.
Result<std::unique_ptr<Watcher>> watch_events(const std::filesystem::path& path);
/// The interval alone.
std::unique_ptr<Watcher> watch_clock();

}  // namespace bartizan::lineage
