#include "lineage/watcher.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>
#include <unordered_map>

#include "core/file.h"

namespace bartizan::lineage {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

/// How soon a wish to stop is heard, how long it must be quiet after an event, and how long that may last.
constexpr milliseconds kSlice{100};
constexpr milliseconds kQuiet{500};
constexpr milliseconds kLongestNoise{10'000};
constexpr std::size_t kMostFolders = 100'000;

constexpr std::uint32_t kEvents = IN_CREATE | IN_DELETE | IN_CLOSE_WRITE | IN_MODIFY | IN_MOVED_FROM | IN_MOVED_TO |
                                  IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB;

class ClockWatcher final : public Watcher {
public:
    Result<Woken> wait(milliseconds interval, const RunContext& context) override {
        const auto end = Clock::now() + interval;
        while (Clock::now() < end) {
            BARTIZAN_TRY(context.checkpoint());
            std::this_thread::sleep_for(std::min<Clock::duration>(kSlice, end - Clock::now()));
        }
        BARTIZAN_TRY(context.checkpoint());
        return Woken::interval;
    }
    std::string limits() const override { return {}; }
};

class EventWatcher final : public Watcher {
public:
    explicit EventWatcher(int fd) : fd_(fd) {}
    EventWatcher(const EventWatcher&) = delete;
    EventWatcher& operator=(const EventWatcher&) = delete;
    ~EventWatcher() override { ::close(fd_); }

    void add(const std::filesystem::path& path) {
        if (folders_.size() >= kMostFolders) {
            limits_ = "more than " + std::to_string(kMostFolders) + " folders: some are looked at on schedule only";
            return;
        }
        const int watch = ::inotify_add_watch(fd_, path.c_str(), kEvents | IN_DONT_FOLLOW);
        if (watch >= 0)
            folders_[watch] = path;
        else if (errno == ENOSPC)
            limits_ =
                "the system grants no more watches (fs.inotify.max_user_watches): the rest is looked at on schedule";
    }

    /// A file by its folder: one that is replaced by another of its name would be lost from sight.
    void watch(const std::filesystem::path& path) {
        std::error_code error;
        if (std::filesystem::is_directory(path, error)) return add_below(path);
        only_ = path.filename().string();
        add(path.has_parent_path() ? path.parent_path() : ".");
    }

    void add_below(const std::filesystem::path& path) {
        add(path);
        std::error_code error;
        if (!std::filesystem::is_directory(path, error)) return;
        const auto skip = std::filesystem::directory_options::skip_permission_denied;
        std::filesystem::recursive_directory_iterator at(path, skip, error);
        for (; !error && at != std::filesystem::recursive_directory_iterator(); at.increment(error)) {
            std::error_code ignored;
            if (at->is_directory(ignored) && !at->is_symlink(ignored)) add(at->path());
        }
    }

    Result<Woken> wait(milliseconds interval, const RunContext& context) override {
        const auto end = Clock::now() + interval;
        while (Clock::now() < end) {
            BARTIZAN_TRY(context.checkpoint());
            const auto left = std::chrono::ceil<milliseconds>(end - Clock::now());
            if (!heard(std::clamp(left, milliseconds(0), kSlice))) continue;
            settle();
            return Woken::event;
        }
        BARTIZAN_TRY(context.checkpoint());
        return Woken::interval;
    }
    std::string limits() const override { return limits_; }

private:
    /// Many writes are one change: waits until they end.
    void settle() {
        const auto end = Clock::now() + kLongestNoise;
        while (Clock::now() < end && heard(kQuiet)) {
        }
    }

    bool heard(milliseconds patience) {
        pollfd wanted{fd_, POLLIN, 0};
        if (::poll(&wanted, 1, static_cast<int>(patience.count())) <= 0) return false;
        alignas(inotify_event) std::array<char, 64 * 1024> buffer{};
        const ssize_t got = ::read(fd_, buffer.data(), buffer.size());
        bool any = false;
        for (ssize_t at = 0; at < got;) {
            const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
            any = take(*event) || any;
            at += static_cast<ssize_t>(sizeof *event + event->len);
        }
        return any;
    }

    /// Whether it is about the data set. A new folder is watched too.
    bool take(const inotify_event& event) {
        const auto folder = folders_.find(event.wd);
        if (folder == folders_.end()) return (event.mask & IN_Q_OVERFLOW) != 0;
        const std::string name = event.len > 0 ? event.name : "";
        const bool ours = only_.empty() ? (event.mask & IN_IGNORED) == 0 : name == only_;
        const bool came = (event.mask & (IN_CREATE | IN_MOVED_TO)) != 0;
        if (only_.empty() && (event.mask & IN_ISDIR) != 0 && came && !name.empty())
            add_below(std::filesystem::path(folder->second) / name);
        if ((event.mask & IN_IGNORED) != 0) folders_.erase(folder);
        return ours;
    }

    int fd_;
    std::unordered_map<int, std::filesystem::path> folders_;
    std::string only_;  ///< the name of the one file that counts; empty: all do
    std::string limits_;
};

}  // namespace

Result<std::unique_ptr<Watcher>> watch_events(const std::filesystem::path& path) {
    const int fd = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0) return system_failure(errno, "cannot watch", path);
    auto watcher = std::make_unique<EventWatcher>(fd);
    watcher->watch(path);
    return std::unique_ptr<Watcher>(std::move(watcher));
}

std::unique_ptr<Watcher> watch_clock() { return std::make_unique<ClockWatcher>(); }

}  // namespace bartizan::lineage
