#include "serving/batcher.h"

#include <utility>

namespace bartizan::serving {

Batcher::Batcher(const ServedModel& model, BatchLimits limits) : model_(model), limits_(limits) {
    for (std::size_t i = 0; i < limits_.threads; ++i) threads_.emplace_back([this] { work(); });
}

Batcher::~Batcher() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    for (const Job& job : queue_) job.done(Error(Errc::unavailable, "the worker ends"));
}

void Batcher::submit(const oip::InferRequest& request, Done done) {
    {
        const std::lock_guard lock(mutex_);
        if (!ending_ && queue_.size() < limits_.waiting) {
            queue_.push_back({&request, std::move(done), model_.rows(request), std::chrono::steady_clock::now()});
            ++counts_.requests;
            changed_.notify_one();
            return;
        }
    }
    done(exhausted("the queue of the worker is full"));
}

BatchCounts Batcher::counts() const {
    const std::lock_guard lock(mutex_);
    BatchCounts out = counts_;
    out.waiting = queue_.size();
    return out;
}

void Batcher::work() {
    for (;;) {
        std::vector<Job> batch = next_batch();
        if (batch.empty()) return;
        run(std::move(batch));
    }
}

/// Moves what fits to `batch` from the queue, in order. With the lock held.
void Batcher::take_fitting(std::vector<Job>& batch) {
    std::int64_t rows = 0;
    for (const Job& job : batch) rows += job.rows;
    for (auto it = queue_.begin(); it != queue_.end() && rows < limits_.rows;) {
        const bool fits = batch.empty() || (batch[0].rows > 0 && it->rows > 0 && rows + it->rows <= limits_.rows &&
                                            ServedModel::joinable(*batch[0].request, *it->request));
        if (!fits) {
            ++it;
            continue;
        }
        rows += it->rows;
        batch.push_back(std::move(*it));
        it = queue_.erase(it);
        if (batch[0].rows == 0) return;
    }
}

/// Empty: the batcher ends.
std::vector<Batcher::Job> Batcher::next_batch() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return ending_ || !queue_.empty(); });
    if (ending_) return {};
    std::vector<Job> batch;
    take_fitting(batch);
    const auto until = batch[0].came + limits_.delay;
    const auto full = [&] {
        std::int64_t rows = 0;
        for (const Job& job : batch) rows += job.rows;
        return batch[0].rows == 0 || rows >= limits_.rows;
    };
    while (!full() && !ending_ && changed_.wait_until(lock, until) != std::cv_status::timeout) take_fitting(batch);
    ++counts_.batches;
    for (const Job& job : batch) counts_.rows += static_cast<std::uint64_t>(std::max<std::int64_t>(job.rows, 1));
    return batch;
}

void Batcher::run(std::vector<Job> batch) {
    const auto now = std::chrono::steady_clock::now();
    std::erase_if(batch, [&](const Job& job) {
        const bool late = now - job.came > limits_.patience;
        if (late) job.done(Error(Errc::cancelled, "the request waited too long"));
        return late;
    });
    if (batch.empty()) return;
    std::vector<const oip::InferRequest*> requests;
    for (const Job& job : batch) requests.push_back(job.request);
    auto answers = model_.run(requests);
    if (answers.ok()) {
        for (std::size_t i = 0; i < batch.size(); ++i) batch[i].done(std::move((*answers)[i]));
        return;
    }
    // One bad request must not take its neighbours along.
    for (std::size_t i = 0; i < batch.size(); ++i) {
        if (batch.size() > 1) {
            auto alone = model_.run({&requests[i], 1});
            if (alone.ok()) {
                batch[i].done(std::move((*alone)[0]));
                continue;
            }
            batch[i].done(std::move(alone).error());
            continue;
        }
        batch[i].done(answers.error());
    }
}

}  // namespace bartizan::serving
