#pragma once
/// A caller who asks the same row again and again while something happens to the model, on a thread of his own: who
/// answered when, and who did not. Thread rule: one thread owns it; its own thread asks.

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "drill/site.h"

namespace bartizan::drill {

class Traffic {
public:
    using Time = std::chrono::steady_clock::time_point;
    struct One {
        Time sent, answered;
        int status = 0;  ///< 0: no connection
        std::string version = {};
        bool labels_alone = false;
    };
    /// Asks every `pause`; `row` is one row.
    Traffic(const Site& site, std::string key, Question question, NdArray row, std::chrono::milliseconds pause);
    ~Traffic() { stop(); }

    void stop();
    std::vector<One> seen() const;
    std::size_t count() const;

private:
    void run(std::chrono::milliseconds pause);
    const Site& site_;
    const std::string key_;
    const Question question_;
    const NdArray row_;
    mutable std::mutex mutex_;
    std::vector<One> seen_;
    std::atomic<bool> ending_ = false;
    std::thread thread_;
};

}  // namespace bartizan::drill
