#pragma once
/// Progress of many chunks told as one number: each chunk says how far its attack has come, the sum goes up.
/// Thread rule: `StageProgress` may be used from several threads; each `ChunkProgress` from one.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>
#include <utility>

#include "bartizan/run_context.h"

namespace bartizan::attacks {

class StageProgress {
public:
    /// `ctx` must outlive this.
    StageProgress(const RunContext& ctx, std::string stage, std::int64_t rows)
        : ctx_(ctx), stage_(std::move(stage)), rows_(rows) {}

    /// Adds `parts` thousandths of rows.
    void add(std::uint64_t parts) {
        const std::uint64_t done = parts_.fetch_add(parts, std::memory_order_relaxed) + parts;
        ctx_.progress({stage_, done / kPartsPerRow, static_cast<std::uint64_t>(rows_), "samples"});
    }

    static constexpr std::uint64_t kPartsPerRow = 1000;

private:
    const RunContext& ctx_;
    std::string stage_;
    std::int64_t rows_;
    std::atomic<std::uint64_t> parts_{0};
};

/// What the attack on one chunk of `rows` rows is given as its sink. Its end counts the chunk as done.
class ChunkProgress final : public ProgressSink {
public:
    ChunkProgress(StageProgress& stage, std::int64_t rows)
        : stage_(stage), parts_(static_cast<std::uint64_t>(rows) * StageProgress::kPartsPerRow) {}
    ~ChunkProgress() override { reach(parts_); }

    void update(const Progress& progress) override {
        if (progress.total > 0) reach(parts_ * std::min(progress.done, progress.total) / progress.total);
    }

private:
    void reach(std::uint64_t parts) {
        if (parts <= told_) return;
        stage_.add(parts - told_);
        told_ = parts;
    }

    StageProgress& stage_;
    std::uint64_t parts_;
    std::uint64_t told_ = 0;
};

}  // namespace bartizan::attacks
