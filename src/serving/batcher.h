#pragma once
/// Joins requests that come close together into one batch: a batch starts when it is full, or when its first request
/// has waited long enough. With a wait of 0 batches form only while the model is busy.
/// Thread rule: `submit` from any thread; the model runs, and answers are told, on the batcher's own threads.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "bartizan/result.h"
#include "oip/message.h"
#include "serving/served_model.h"

namespace bartizan::serving {

struct BatchLimits {
    std::int64_t rows = 32;                      ///< of one batch
    std::chrono::microseconds delay{0};          ///< that the first request of a batch waits for others
    std::size_t waiting = 256;                   ///< requests in the queue; more are refused with `exhausted`
    std::size_t threads = 1;                     ///< batches at one time
    std::chrono::milliseconds patience{30'000};  ///< a request that waited longer is not run any more
};

struct BatchCounts {
    std::uint64_t requests = 0;
    std::uint64_t batches = 0;
    std::uint64_t rows = 0;
    std::size_t waiting = 0;
};

class Batcher {
public:
    using Done = std::function<void(Result<oip::InferResponse>)>;

    Batcher(const ServedModel& model, BatchLimits limits);
    /// Ends after the batch that is running; what waits is told `unavailable`.
    ~Batcher();
    Batcher(const Batcher&) = delete;
    Batcher& operator=(const Batcher&) = delete;

    /// `request` must have passed `ServedModel::check`, and must live until `done` is called.
    void submit(const oip::InferRequest& request, Done done);
    BatchCounts counts() const;

private:
    struct Job {
        const oip::InferRequest* request;
        Done done;
        std::int64_t rows;
        std::chrono::steady_clock::time_point came;
    };
    void work();
    std::vector<Job> next_batch();
    void take_fitting(std::vector<Job>& batch);
    void run(std::vector<Job> batch);

    const ServedModel& model_;
    BatchLimits limits_;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Job> queue_;
    BatchCounts counts_;
    bool ending_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace bartizan::serving
