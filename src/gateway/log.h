#pragma once
/// The log: one JSON object a line, on standard error or wherever the sink leads. Never a key, a token, a password or
/// the content of a request. Written by a thread of its own; when that cannot keep up, lines of requests are dropped
/// and counted, others never. Thread rule: all members may be called from any thread.

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/json.h"

namespace bartizan::gateway {

class Log {
public:
    using Sink = std::function<void(std::string_view lines)>;
    explicit Log(Sink sink);
    ~Log();
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

    /// A line of its own event: "worker.ready".
    void say(std::string_view level, std::string_view event, const Json& more = Json::object());
    /// The line of one request; may be dropped.
    void request(const Json& line);

private:
    void put(std::string line, bool may_be_dropped);
    void work();

    Sink sink_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::string waiting_;
    std::uint64_t dropped_ = 0;
    bool ending_ = false;
    bool idle_ = false;  ///< the thread waits to be woken
    std::thread thread_;
};

}  // namespace bartizan::gateway
