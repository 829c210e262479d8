#include "scan/sandbox.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scan/confine.h"
#include "scan/result_wire.h"
#include "scan/scratch_files.h"

namespace bartizan::scan {
namespace {

constexpr int kPollMilliseconds = 100;
constexpr std::size_t kNone = static_cast<std::size_t>(-1);
constexpr std::size_t kMaxChildren = 64;
constexpr int kMaxDeathsInARow = 50;  // without a result between them: then this machine cannot run children
constexpr unsigned char kReady = 0x42;

/// What parent and children share: which file is next, and which each child is at.
struct Shared {
    std::atomic<std::size_t> next{0};
    std::atomic<bool> stop{false};
    std::atomic<std::size_t> at[kMaxChildren];
};

struct SharedDeleter {
    void operator()(Shared* shared) const { ::munmap(shared, sizeof(Shared)); }
};
using SharedMemory = std::unique_ptr<Shared, SharedDeleter>;

SharedMemory share() {
    void* const place = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (place == MAP_FAILED) return nullptr;
    SharedMemory shared(new (place) Shared);
    for (auto& at : shared->at) at = kNone;
    return shared;
}

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::write(fd, bytes.data(), bytes.size());
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

/// A result as it goes through the pipe: its length, the target's index, its bytes.
std::string frame_of(std::size_t index, const FileResult& result) {
    std::string payload = result_to_bytes(result);
    if (payload.size() > kMaxResultBytes) {
        FileResult shorter = result;
        shorter.program.clear();
        payload = result_to_bytes(shorter);
    }
    const std::uint64_t head[2] = {payload.size(), index};
    return std::string(reinterpret_cast<const char*>(head), sizeof head) + payload;
}

/// Standard streams lead nowhere in a child; all other files but the pipe are closed.
void keep_only(int pipe) {
    const int nowhere = ::open("/dev/null", O_RDWR);
    for (const int fd : {0, 1, 2}) ::dup2(nowhere, fd);
    ::close_range(3, static_cast<unsigned>(pipe) - 1, 0);
    ::close_range(static_cast<unsigned>(pipe) + 1, ~0U, 0);
}

[[noreturn]] void be_child(Shared& shared, std::size_t number, int pipe, const std::vector<Target>& targets,
                           const JudgeTarget& judge) {
    ::signal(SIGINT, SIG_IGN);  // the parent says when to stop
    ::signal(SIGTERM, SIG_DFL);
    keep_only(pipe);
    keep_scratch_files();
    if (!confine_this_process() || !write_all(pipe, {reinterpret_cast<const char*>(&kReady), 1})) ::_exit(1);
    for (std::size_t i = shared.next++; i < targets.size() && !shared.stop; i = shared.next++) {
        shared.at[number] = i;
        if (!write_all(pipe, frame_of(i, judge(targets[i])))) ::_exit(1);
        shared.at[number] = kNone;
    }
    ::_exit(0);
}

using Clock = std::chrono::steady_clock;

/// The parent's side of one child.
struct Child {
    pid_t process = -1;
    int pipe = -1;
    bool ready = false;
    std::string received;
    std::size_t at = kNone;  ///< as seen last, since `since`
    Clock::time_point since;
};

class Sandbox {
public:
    Sandbox(const std::vector<Target>& targets, const JudgeTarget& judge, const RunContext& run, double max_seconds)
        : targets_(targets), judge_(judge), run_(run), max_seconds_(max_seconds), results_(targets.size()) {}
    ~Sandbox() {
        for (Child& child : children_) end(child);
    }
    Sandbox(const Sandbox&) = delete;
    Sandbox& operator=(const Sandbox&) = delete;

    std::optional<std::vector<FileResult>> operator()(std::size_t jobs) {
        shared_ = share();
        if (!shared_) return std::nullopt;
        children_.resize(std::min(jobs, kMaxChildren));
        for (std::size_t i = 0; i < children_.size(); ++i)
            if (!start(i)) return std::nullopt;
        while (alive() > 0 && done_ < targets_.size()) {
            if (run_.stop_requested()) shared_->stop = true;
            wait_for_news();
            if (!confined_ && deaths_ >= static_cast<int>(children_.size())) return std::nullopt;
            for (Child& child : children_) kill_if_late(child);
        }
        // A child may die before it has said which file it took, and one that was taken over may skip files.
        for (std::size_t i = 0; i < results_.size() && !shared_->stop; ++i)
            if (results_[i].path.empty()) results_[i] = fallen(targets_[i], 0, "was gone before it was read");
        return std::move(results_);
    }

private:
    std::size_t alive() const {
        return static_cast<std::size_t>(std::ranges::count_if(children_, [](const Child& c) { return c.process > 0; }));
    }

    bool start(std::size_t number) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) return false;
        Child& child = children_[number];
        child = {};
        child.process = ::fork();
        if (child.process < 0) return false;
        if (child.process == 0) {
            ::close(ends[0]);
            be_child(*shared_, number, ends[1], targets_, judge_);
        }
        ::close(ends[1]);
        child.pipe = ends[0];
        child.since = Clock::now();
        return true;
    }

    static int end(Child& child) {
        int status = 0;
        if (child.process > 0) {
            ::kill(child.process, SIGKILL);
            while (::waitpid(child.process, &status, 0) < 0 && errno == EINTR) {
            }
        }
        if (child.pipe >= 0) ::close(child.pipe);
        child.process = -1;
        child.pipe = -1;
        return status;
    }

    void wait_for_news() {
        std::vector<pollfd> polled;
        std::vector<std::size_t> whose;
        for (std::size_t i = 0; i < children_.size(); ++i)
            if (children_[i].process > 0) {
                polled.push_back({children_[i].pipe, POLLIN, 0});
                whose.push_back(i);
            }
        if (::poll(polled.data(), polled.size(), kPollMilliseconds) <= 0) return;
        for (std::size_t i = 0; i < polled.size(); ++i)
            if (polled[i].revents != 0) hear(whose[i]);
    }

    /// Reads what a child has sent; at its end, sees whether it died over a file.
    void hear(std::size_t number) {
        Child& child = children_[number];
        char buffer[1 << 16];
        const ssize_t got = ::read(child.pipe, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) return;
        if (got > 0) {
            child.received.append(buffer, static_cast<std::size_t>(got));
            if (!take_frames(child)) bury(number, "sent something that is no result");
            return;
        }
        bury(number, {});
    }

    /// False on bytes that are no frame: the child is not to be trusted any more.
    bool take_frames(Child& child) {
        if (!child.ready) {
            if (static_cast<unsigned char>(child.received[0]) != kReady) return false;
            child.received.erase(0, 1);
            child.ready = confined_ = true;
        }
        std::size_t used = 0;
        std::uint64_t head[2];
        bool good = true;
        while (good && child.received.size() - used >= sizeof head) {
            std::memcpy(head, child.received.data() + used, sizeof head);
            if (head[0] > kMaxResultBytes || head[1] >= targets_.size()) return false;
            if (child.received.size() - used - sizeof head < head[0]) break;
            const std::string_view payload(child.received.data() + used + sizeof head,
                                           static_cast<std::size_t>(head[0]));
            good = take(static_cast<std::size_t>(head[1]), payload);
            used += sizeof head + static_cast<std::size_t>(head[0]);
        }
        child.received.erase(0, used);
        return good;
    }

    bool take(std::size_t index, std::string_view payload) {
        auto result = result_from_bytes(payload);
        if (!result || result->path != targets_[index].path.string() || !results_[index].path.empty()) return false;
        results_[index] = *std::move(result);
        deaths_ = 0;
        if (++done_ % 64 == 0) run_.progress({"scan", done_, targets_.size(), "files"});
        return true;
    }

    /// A child is gone, or has to go. What it was at is incomplete; another takes its place while there is work.
    void bury(std::size_t number, std::string why) {
        const std::size_t at = shared_->at[number].exchange(kNone);
        const int status = end(children_[number]);
        const bool done = why.empty() && WIFEXITED(status) && WEXITSTATUS(status) == 0;
        if (done) return;
        ++deaths_;
        if (at < targets_.size() && results_[at].path.empty()) results_[at] = fallen(targets_[at], status, why);
        const bool work_left = shared_->next < targets_.size() && !shared_->stop;
        if (confined_ && work_left && deaths_ < kMaxDeathsInARow) start(number);
    }

    static FileResult fallen(const Target& target, int status, const std::string& why) {
        FileResult result{.path = target.path.string(), .format = "unknown"};
        Budget budget;
        const std::string how = !why.empty()          ? why
                                : WIFSIGNALED(status) ? fmt::format("was ended by signal {}", WTERMSIG(status))
                                                      : fmt::format("ended with status {}", WEXITSTATUS(status));
        Context{result, budget}.incomplete("the reader of this file " + how, 0);
        return result;
    }

    void kill_if_late(Child& child) {
        if (child.process <= 0) return;
        const auto number = static_cast<std::size_t>(&child - children_.data());
        const std::size_t at = shared_->at[number];
        const auto now = Clock::now();
        if (at != child.at) {
            child.at = at;
            child.since = now;
        }
        if (at >= targets_.size()) return;
        std::error_code ignored;
        const auto size = std::filesystem::file_size(targets_[at].path, ignored);
        const double most = max_seconds_ + (ignored ? 0 : static_cast<double>(size) / kBytesASecond);
        if (std::chrono::duration<double>(now - child.since).count() > most) bury(number, "took too long");
    }

    const std::vector<Target>& targets_;
    const JudgeTarget& judge_;
    const RunContext& run_;
    double max_seconds_;
    std::vector<FileResult> results_;
    SharedMemory shared_;
    std::vector<Child> children_;
    std::size_t done_ = 0;
    int deaths_ = 0;
    bool confined_ = false;  ///< some child got that far
};

}  // namespace

std::optional<std::vector<FileResult>> judge_in_sandbox(const std::vector<Target>& targets, std::size_t jobs,
                                                        const JudgeTarget& judge, const RunContext& run,
                                                        double max_seconds) {
    if (!obstacle_to_confinement().empty()) return std::nullopt;
    return Sandbox(targets, judge, run, max_seconds)(jobs);
}

}  // namespace bartizan::scan
