#include "apps/cli/init/running_service.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>
#include <vector>

#include "apps/cli/engine_program.h"
#include "core/file.h"

extern char** environ;

namespace bartizan::program::init {
namespace {

using namespace std::chrono_literals;

constexpr auto kStartPatience = 60s;
constexpr auto kEndPatience = 10s;
constexpr auto kLookEvery = 20ms;
constexpr std::uint64_t kLongestLog = 64 << 20;

/// What follows `name` on a line of its own; empty: no such whole line yet.
std::string line_of(const std::string& text, std::string_view name) {
    const std::size_t at = text.find(name);
    const std::size_t end = at == std::string::npos ? at : text.find('\n', at);
    return end == std::string::npos ? "" : text.substr(at + name.size(), end - at - name.size());
}

int spawn(const std::vector<std::string>& words, int output, const std::string& log) {
    std::vector<std::string> owned = words;
    std::vector<char*> arguments;
    for (std::string& word : owned) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);  // Ctrl-C is for this process, which ends it
    pid_t child = -1;
    const int failed = ::posix_spawn(&child, owned[0].c_str(), &actions, &attributes, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failed == 0 ? child : -1;
}

}  // namespace

Result<std::unique_ptr<RunningService>> RunningService::start(const std::filesystem::path& config,
                                                              const std::filesystem::path& state,
                                                              const std::filesystem::path& log) {
    const std::string program = BARTIZAN_TRY(find_commands()).string();
    int pipe[2];
    if (::pipe2(pipe, O_CLOEXEC) != 0) return exhausted("no pipe could be made for the service");
    const int child =
        spawn({program, "serve", "--config", config.string(), "--state", state.string(), "--listen", "127.0.0.1:0"},
              pipe[1], log.string());
    ::close(pipe[1]);
    if (child < 0) {
        ::close(pipe[0]);
        return Error(Errc::unavailable, "'" + program + " serve' does not start");
    }
    std::unique_ptr<RunningService> service(new RunningService(child, pipe[0]));
    BARTIZAN_TRY(service->read_greeting(log));
    return service;
}

/// The address comes in one piece with the key, where there is one.
Result<void> RunningService::read_greeting(const std::filesystem::path& log) {
    std::string said;
    const auto until = std::chrono::steady_clock::now() + kStartPatience;
    while (line_of(said, "listening on ").empty()) {
        pollfd polled{output_, POLLIN, 0};
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        if (left <= 0ms || ::poll(&polled, 1, static_cast<int>(left.count())) == 0)
            return Error(Errc::unavailable, "the service did not start in time", "see " + log.string());
        std::array<char, 4096> buffer;
        const ssize_t got = ::read(output_, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            std::string last = read_file(log, kLongestLog).value_or("");
            last.resize(last.find_last_not_of('\n') + 1);
            return Error(Errc::unavailable, "the service ended: " + last.substr(last.rfind('\n') + 1).substr(0, 500),
                         "see " + log.string());
        }
        said.append(buffer.data(), static_cast<std::size_t>(got));
    }
    address_ = line_of(said, "listening on ");
    admin_key_ = line_of(said, "admin key: ");
    return {};
}

RunningService::~RunningService() {
    ::kill(child_, SIGTERM);
    int status = 0;
    for (auto waited = 0ms; waited < kEndPatience; waited += kLookEvery) {
        if (::waitpid(child_, &status, WNOHANG) == child_) {
            ::close(output_);
            return;
        }
        std::this_thread::sleep_for(kLookEvery);
    }
    ::kill(child_, SIGKILL);
    ::waitpid(child_, &status, 0);
    ::close(output_);
}

}  // namespace bartizan::program::init
