#pragma once
/// Threads for work that waits: the database, the ledger, other programs. Loops hand it over and go on.
/// Thread rule: all members may be called from any thread.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace bartizan::gateway {

class Pool {
public:
    Pool(std::size_t threads, std::size_t most_waiting) : most_(most_waiting) {
        for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
    }
    /// Does what waits, then ends.
    ~Pool() { stop(); }
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    /// False: too much waits already, or the pool has ended.
    bool post(std::function<void()> work) {
        {
            const std::lock_guard lock(mutex_);
            if (ending_ || waiting_.size() >= most_) return false;
            waiting_.push_back(std::move(work));
        }
        changed_.notify_one();
        return true;
    }
    void stop() {
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
        }
        changed_.notify_all();
        for (std::thread& thread : threads_)
            if (thread.joinable()) thread.join();
    }

private:
    void work() {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [&] { return ending_ || !waiting_.empty(); });
            if (waiting_.empty()) return;
            const auto next = std::move(waiting_.front());
            waiting_.pop_front();
            lock.unlock();
            next();
            lock.lock();
        }
    }

    std::size_t most_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> waiting_;
    bool ending_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace bartizan::gateway
