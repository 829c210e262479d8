#include "bartizan/run_context.h"

#include <algorithm>
#include <thread>

namespace bartizan {

RunContext::RunContext(Options options) : options_(std::move(options)) {
    if (options_.threads <= 0) options_.threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

std::chrono::steady_clock::time_point RunContext::now() const {
    return options_.clock ? options_.clock() : std::chrono::steady_clock::now();
}

bool RunContext::stop_requested() const {
    if (options_.cancel != nullptr && options_.cancel->cancelled()) return true;
    return options_.deadline && now() >= *options_.deadline;
}

Result<void> RunContext::checkpoint() const {
    if (!stop_requested()) return {};
    const bool asked = options_.cancel != nullptr && options_.cancel->cancelled();
    return Error(Errc::cancelled, asked ? "stopped on request" : "out of time");
}

void RunContext::progress(const Progress& progress) const {
    if (options_.progress != nullptr) options_.progress->update(progress);
}

void RunContext::progress_finish() const {
    if (options_.progress != nullptr) options_.progress->finish();
}

RunContext RunContext::with_progress(ProgressSink* sink) const {
    RunContext other = *this;
    other.options_.progress = sink;
    return other;
}

}  // namespace bartizan
