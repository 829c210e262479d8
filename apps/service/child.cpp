#include "apps/service/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>

extern char** environ;

namespace bartizan::program {
namespace {

struct Pipe {
    int ends[2] = {-1, -1};
    ~Pipe() {
        for (int& end : ends) close(end);
    }
    static void close(int& end) {
        if (end >= 0) ::close(end);
        end = -1;
    }
};

/// Signals as a program that was just started has them: those of a server are blocked and ignored.
pid_t start(const std::filesystem::path& program, const std::vector<std::string>& words, Pipe& out, Pipe& errors,
            ChildErrors where) {
    std::vector<std::string> owned{program.string()};
    owned.insert(owned.end(), words.begin(), words.end());
    std::vector<char*> arguments;
    for (std::string& word : owned) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out.ends[1], STDOUT_FILENO);
    if (where == ChildErrors::kept) posix_spawn_file_actions_adddup2(&actions, errors.ends[1], STDERR_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigset_t pipe;
    sigemptyset(&none);
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &pipe);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    pid_t child = -1;
    const int failed = ::posix_spawn(&child, program.c_str(), &actions, &attributes, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failed == 0 ? child : -1;
}

/// Reads both streams to their ends; false: out of time or beyond the limit.
bool read_both(Pipe& out, Pipe& errors, ChildOutput& output, std::chrono::steady_clock::time_point until,
               std::size_t most) {
    constexpr std::size_t kMostErrors = 64 * 1024;
    while (out.ends[0] >= 0 || errors.ends[0] >= 0) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
        std::array<pollfd, 2> polled{pollfd{out.ends[0], POLLIN, 0}, pollfd{errors.ends[0], POLLIN, 0}};
        if (left <= 0 || (::poll(polled.data(), polled.size(), static_cast<int>(left)) < 0 && errno != EINTR))
            return false;
        for (std::size_t i = 0; i < 2; ++i) {
            if (polled[i].revents == 0) continue;
            std::array<char, 16 * 1024> buffer;
            const ssize_t got = ::read(polled[i].fd, buffer.data(), buffer.size());
            if (got <= 0) {
                Pipe::close(i == 0 ? out.ends[0] : errors.ends[0]);
                continue;
            }
            std::string& text = i == 0 ? output.out : output.errors;
            if (i == 0 || text.size() < kMostErrors) text.append(buffer.data(), static_cast<std::size_t>(got));
            if (text.size() > most) return false;
        }
    }
    return true;
}

}  // namespace

Result<ChildOutput> run_child(const std::filesystem::path& program, const std::vector<std::string>& words,
                              std::chrono::milliseconds patience, std::size_t most_bytes, ChildErrors where) {
    Pipe out;
    Pipe errors;
    if (::pipe2(out.ends, O_CLOEXEC) != 0 || ::pipe2(errors.ends, O_CLOEXEC) != 0)
        return exhausted("no pipe could be made");
    const pid_t child = start(program, words, out, errors, where);
    if (child < 0) return Error(Errc::unavailable, "'" + program.string() + "' does not start");
    Pipe::close(out.ends[1]);
    Pipe::close(errors.ends[1]);
    ChildOutput output;
    const bool read = read_both(out, errors, output, std::chrono::steady_clock::now() + patience, most_bytes);
    if (!read) ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    if (!read) return Error(Errc::unavailable, "'" + program.string() + " " + words[0] + "' did not end in time");
    if (WIFEXITED(status)) output.status = WEXITSTATUS(status);
    return output;
}

}  // namespace bartizan::program
