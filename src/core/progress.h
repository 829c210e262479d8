#pragma once
/// Progress as people read it: one line that rewrites itself on a terminal, a plain line every few seconds
/// elsewhere, nothing with `quiet`. Rate and time left come from the stage's own start.
/// Thread rule: `update` may be called from any thread.

#include <chrono>
#include <cstdio>
#include <mutex>
#include <string>

#include "bartizan/run_context.h"

namespace bartizan {

enum class ProgressStyle { quiet, lines, terminal };

/// `terminal` if standard error is one, else `lines`.
ProgressStyle progress_style_for_stderr(bool quiet);

class TextProgress final : public ProgressSink {
public:
    /// Writes to `out`, which must outlive this. `clock` is for tests; empty means the steady clock.
    TextProgress(std::FILE* out, ProgressStyle style, Clock clock = {});
    ~TextProgress() override;

    void update(const Progress& progress) override;
    void finish() override;

private:
    std::string render(const Progress& progress, double elapsed_s) const;
    void finish_locked();

    std::FILE* out_;
    ProgressStyle style_;
    Clock clock_;
    std::mutex mutex_;
    std::string stage_;
    std::chrono::steady_clock::time_point stage_start_;
    std::chrono::steady_clock::time_point last_drawn_;
    std::string last_line_;
    bool line_open_ = false;
};

/// "850 ms", "12.3 s", "4 min 05 s", "2 h 10 min".
std::string human_duration(double seconds);

}  // namespace bartizan
