#include "core/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace bartizan {
namespace {

using namespace std::chrono_literals;
constexpr auto kTerminalInterval = 100ms;
constexpr auto kLineInterval = 5s;
constexpr auto kWorthALine = 2s;

}  // namespace

ProgressStyle progress_style_for_stderr(bool quiet) {
    if (quiet) return ProgressStyle::quiet;
    return isatty(STDERR_FILENO) == 1 ? ProgressStyle::terminal : ProgressStyle::lines;
}

std::string human_duration(double seconds) {
    if (!(seconds >= 0) || seconds > 1e9) return "?";
    if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1000);
    if (seconds < 60) return fmt::format("{:.1f} s", seconds);
    const auto whole = static_cast<long>(std::lround(seconds));
    if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
    return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

TextProgress::TextProgress(std::FILE* out, ProgressStyle style, Clock clock)
    : out_(out), style_(style), clock_(clock ? std::move(clock) : Clock(&std::chrono::steady_clock::now)) {}

TextProgress::~TextProgress() { finish(); }

std::string TextProgress::render(const Progress& progress, double elapsed_s) const {
    std::string line(progress.stage);
    if (progress.total > 0) {
        const double share = static_cast<double>(progress.done) / static_cast<double>(progress.total);
        line += fmt::format("  {:3.0f}%  {}/{} {}", 100 * share, progress.done, progress.total, progress.unit);
    } else {
        line += fmt::format("  {} {}", progress.done, progress.unit);
    }
    if (progress.done == 0 || elapsed_s < 0.2) return line;
    const double rate = static_cast<double>(progress.done) / elapsed_s;
    line += fmt::format("  {:.3g}/s", rate);
    if (progress.total > progress.done)
        line += "  " + human_duration(static_cast<double>(progress.total - progress.done) / rate) + " left";
    else if (progress.total > 0)
        line += "  in " + human_duration(elapsed_s);
    return line;
}

void TextProgress::update(const Progress& progress) {
    if (style_ == ProgressStyle::quiet) return;
    const std::lock_guard lock(mutex_);
    const auto now = clock_();
    const bool new_stage = stage_ != progress.stage;
    if (new_stage) {
        finish_locked();
        stage_ = progress.stage;
        stage_start_ = now;
        last_drawn_ = now;
    }
    const bool complete = progress.total > 0 && progress.done >= progress.total;
    const auto interval = style_ == ProgressStyle::terminal
                              ? std::chrono::duration_cast<std::chrono::milliseconds>(kTerminalInterval)
                              : std::chrono::duration_cast<std::chrono::milliseconds>(kLineInterval);
    if (!complete && now - last_drawn_ < interval) return;
    // A stage that was over at once is not worth a line of a log.
    if (style_ == ProgressStyle::lines && now - stage_start_ < kWorthALine) return;
    std::string line = render(progress, std::chrono::duration<double>(now - stage_start_).count());
    if (line == last_line_) return;
    last_drawn_ = now;
    if (style_ == ProgressStyle::terminal) {
        const std::size_t erase = last_line_.size() > line.size() ? last_line_.size() - line.size() : 0;
        std::fprintf(out_, "\r%s%s", line.c_str(), std::string(erase, ' ').c_str());
        line_open_ = true;
    } else {
        std::fprintf(out_, "%s\n", line.c_str());
    }
    std::fflush(out_);
    last_line_ = std::move(line);
}

void TextProgress::finish() {
    const std::lock_guard lock(mutex_);
    finish_locked();
}

void TextProgress::finish_locked() {
    if (line_open_) {
        std::fputc('\n', out_);
        std::fflush(out_);
    }
    line_open_ = false;
    stage_.clear();
    last_line_.clear();
}

}  // namespace bartizan
