#include "model/shards.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>

#include "model/classifier.h"
#include "model/tensors.h"

namespace bartizan::model {
namespace {

constexpr std::int64_t kPredictChunk = 256;

/// The queue of chunks that the workers take from, and the first error.
class Queue {
public:
    Queue(std::int64_t rows, std::int64_t chunk_size) : rows_(rows), chunk_size_(chunk_size) {}

    std::optional<Chunk> take() {
        if (stopped_.load(std::memory_order_relaxed)) return std::nullopt;
        const std::int64_t begin = next_.fetch_add(chunk_size_, std::memory_order_relaxed);
        if (begin >= rows_) return std::nullopt;
        return Chunk{begin, std::min(chunk_size_, rows_ - begin)};
    }

    void fail(Error error) {
        stopped_.store(true, std::memory_order_relaxed);
        const std::lock_guard lock(mutex_);
        if (!error_) error_ = std::move(error);
    }

    Result<void> outcome() {
        if (error_) return *error_;
        return {};
    }

private:
    std::int64_t rows_;
    std::int64_t chunk_size_;
    std::atomic<std::int64_t> next_{0};
    std::atomic<bool> stopped_{false};
    std::mutex mutex_;
    std::optional<Error> error_;
};

void drain(Queue& queue, const RunContext& ctx, const std::function<Result<void>(const Chunk&)>& work) {
    while (const auto chunk = queue.take()) {
        auto done = ctx.checkpoint();
        if (done.ok()) done = guarded([&] { return work(*chunk); });
        if (!done.ok()) queue.fail(std::move(done).error());
    }
}

}  // namespace

Result<void> for_each_chunk(std::int64_t rows, std::int64_t chunk_size, const RunContext& ctx,
                            const std::function<Result<void>(const Chunk&)>& work) {
    Queue queue(rows, chunk_size);
    const std::int64_t chunks = (rows + chunk_size - 1) / chunk_size;
    const auto workers = static_cast<int>(std::min<std::int64_t>(ctx.threads(), chunks));
    if (workers <= 1) {
        drain(queue, ctx, work);
        return queue.outcome();
    }
    std::vector<std::jthread> threads;
    for (int i = 0; i < workers; ++i)
        threads.emplace_back([&] {
            at::set_num_threads(1);  // OpenMP keeps this per thread
            drain(queue, ctx, work);
        });
    threads.clear();  // joins
    return queue.outcome();
}

Result<NdArray> predict(const Classifier& classifier, const NdArray& x, const RunContext& ctx) {
    const std::int64_t rows = x.shape().empty() ? 0 : x.shape()[0];
    NdArray logits = BARTIZAN_TRY(NdArray::zeros(DType::f32, {rows, classifier.classes()}));
    const std::span<float> out = logits.mutable_values<float>();
    const auto width = static_cast<std::size_t>(classifier.classes());
    BARTIZAN_TRY(for_each_chunk(rows, kPredictChunk, ctx, [&](const Chunk& chunk) -> Result<void> {
        const NdArray part = BARTIZAN_TRY(x.rows(chunk.begin, chunk.count));
        const at::Tensor batch = BARTIZAN_TRY(to_tensor(part));
        const at::Tensor scores = BARTIZAN_TRY(classifier.logits(batch)).detach().to(at::kCPU, at::kFloat).contiguous();
        if (scores.numel() != chunk.count * classifier.classes())
            return internal_error("the classifier returned " + std::to_string(scores.numel()) + " logits for " +
                                  std::to_string(chunk.count) + " rows");
        std::memcpy(out.data() + static_cast<std::size_t>(chunk.begin) * width, scores.data_ptr<float>(),
                    static_cast<std::size_t>(scores.numel()) * sizeof(float));
        return {};
    }));
    return logits;
}

}  // namespace bartizan::model
