#include "drill/child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "core/file.h"

extern char** environ;

namespace bartizan::drill {
namespace {

using namespace std::chrono_literals;
constexpr std::uint64_t kMostOutput = std::uint64_t{64} << 20;
constexpr auto kPatience = 3s;

std::vector<std::string> environment_with(const std::string& key) {
    std::vector<std::string> out;
    for (char** one = environ; *one != nullptr; ++one)
        if (!std::string_view(*one).starts_with("BARTIZAN_KEY=")) out.emplace_back(*one);
    out.push_back("BARTIZAN_KEY=" + key);
    return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (std::string& text : texts) out.push_back(text.data());
    out.push_back(nullptr);
    return out;
}

}  // namespace

Result<Child> Child::start(const std::filesystem::path& program, const std::vector<std::string>& words,
                           const std::string& key, const std::filesystem::path& folder) {
    std::vector<std::string> owned{program.string()};
    owned.insert(owned.end(), words.begin(), words.end());
    std::vector<std::string> variables = environment_with(key);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    const std::string out = (folder / "stdout").string(), error = (folder / "stderr").string();
    constexpr int kFresh = O_WRONLY | O_CREAT | O_TRUNC;
    ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(), kFresh, 0600);
    ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, error.c_str(), kFresh, 0600);
    pid_t pid = -1;
    const int failed =
        ::posix_spawn(&pid, owned[0].c_str(), &actions, nullptr, pointers(owned).data(), pointers(variables).data());
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) return Error(Errc::unavailable, "'" + owned[0] + "' does not start");
    return Child(pid, folder);
}

bool Child::running() {
    if (pid_ < 0) return false;
    int status = 0;
    const pid_t done = ::waitpid(pid_, &status, WNOHANG);
    if (done == 0 || (done < 0 && errno == EINTR)) return true;
    status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    pid_ = -1;
    return false;
}

void Child::stop() {
    if (!running()) return;
    ::kill(pid_, SIGTERM);
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (running() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(10ms);
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    while (running()) std::this_thread::sleep_for(10ms);
}

std::string Child::output() const { return read_file(folder_ / "stdout", kMostOutput).value_or(""); }

std::string Child::complaint() const {
    std::string text = read_file(folder_ / "stderr", kMostOutput).value_or("");
    while (text.ends_with('\n')) text.pop_back();
    const auto line = text.rfind('\n');
    return (line == std::string::npos ? text : text.substr(line + 1)).substr(0, 500);
}

}  // namespace bartizan::drill
