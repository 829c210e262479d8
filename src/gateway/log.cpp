#include "gateway/log.h"

#include <chrono>

#include "ledger/entry.h"

namespace bartizan::gateway {
namespace {

constexpr std::size_t kMostWaiting = std::size_t{4} << 20;
constexpr std::chrono::milliseconds kRest{2};

std::string time_now() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return ledger::time_text(std::chrono::duration_cast<std::chrono::microseconds>(now).count());
}

std::string line_of(std::string_view level, std::string_view event, const Json& more) {
    Json line = {{"time", time_now()}, {"level", level}, {"event", event}};
    line.update(more);
    return line.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

}  // namespace

Log::Log(Sink sink) : sink_(std::move(sink)), thread_([this] { work(); }) {}

Log::~Log() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void Log::say(std::string_view level, std::string_view event, const Json& more) {
    put(line_of(level, event, more), false);
}

void Log::request(const Json& line) { put(line_of("info", "request", line), true); }

void Log::put(std::string line, bool may_be_dropped) {
    {
        const std::lock_guard lock(mutex_);
        if (may_be_dropped && waiting_.size() > kMostWaiting) {
            ++dropped_;
            return;
        }
        if (dropped_ > 0) {
            waiting_ += line_of("warning", "log.dropped", {{"lines", dropped_}});
            dropped_ = 0;
        }
        waiting_ += line;
        if (!idle_) return;  // it looks by itself within `kRest`
    }
    changed_.notify_one();
}

void Log::work() {
    std::unique_lock lock(mutex_);
    while (!ending_ || !waiting_.empty()) {
        idle_ = true;
        changed_.wait(lock, [&] { return ending_ || !waiting_.empty(); });
        idle_ = false;
        std::string lines;
        lines.swap(waiting_);
        lock.unlock();
        if (!lines.empty()) sink_(lines);
        std::this_thread::sleep_for(kRest);  // lines of busy times are written together, without a wake for each
        lock.lock();
    }
}

}  // namespace bartizan::gateway
