#include "gateway/worker.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <future>

#include "core/file.h"
#include "crypto/hash.h"

extern char** environ;

namespace bartizan::gateway {
namespace worker_process {
namespace {

using namespace std::chrono_literals;

constexpr auto kLookEvery = 20ms;
constexpr auto kLongLived = 30s;   // a process that lived so long starts the waits anew
constexpr auto kEndPatience = 5s;  // until a worker that should end is killed
constexpr auto kAskPatience = 2'000ms;
constexpr std::uint64_t kLongestErrors = 1 << 20;

/// Takes it away when this ends.
struct FileInTheClear {
    std::filesystem::path path;
    ~FileInTheClear() {
        std::error_code ignored;
        std::filesystem::remove(path, ignored);
    }
};

/// What of the server's environment a worker gets: neither keys that stand in it, nor libraries to be loaded first.
std::vector<char*> environment() {
    constexpr std::string_view kPassed[] = {
        "PATH=", "HOME=", "LANG=", "TZ=",   "TMPDIR=", "LD_LIBRARY_PATH=", "LC_",   "OMP_",
        "MKL_",  "ASAN_", "LSAN_", "TSAN_", "UBSAN_",  "MALLOC_",          "CUDA_", "NVIDIA_"};
    std::vector<char*> out;
    for (char** one = environ; *one != nullptr; ++one)
        if (std::ranges::any_of(kPassed,
                                [&](std::string_view name) { return std::string_view(*one).starts_with(name); }))
            out.push_back(*one);
    out.push_back(nullptr);
    return out;
}

std::string text_of(int status) {
    if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status));
    return "status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Process::~Process() {
    if (input_ >= 0) ::close(input_);  // the worker ends with it
    for (auto waited = 0ms; waited < kEndPatience && !ended(); waited += kLookEvery)
        std::this_thread::sleep_for(kLookEvery);
    if (ended()) return;
    ::kill(id_, SIGKILL);
    ::waitpid(id_, nullptr, 0);
}

/// Once it has ended its number may be another's: nobody asks for it again.
std::optional<int> Process::ended() {
    int status = 0;
    if (!status_ && ::waitpid(id_, &status, WNOHANG) == id_) status_ = status;
    return status_;
}

}  // namespace worker_process

using namespace std::chrono_literals;

Worker::Worker(const ServedVersion& version, Provide provide, const WorkerOptions& options, http::Loops& loops,
               Log& log, Metrics& metrics)
    : version_(version), provide_(std::move(provide)), options_(options), loops_(loops), log_(log), metrics_(metrics) {
    // Short and of one length: a socket's path has at most 107 characters.
    const std::string name = version.id.text();
    folder_ = options_.folder / crypto::to_hex(crypto::sha256(std::as_bytes(std::span(name)))).substr(0, 16);
    socket_ = folder_ / "s";
    model_ = folder_ / version.file_name;
    if (options_.upstreams && !options_.stand_in) elsewhere_ = options_.upstreams(version_);
    peers_.resize(loops.size());
    thread_ = std::thread([this] { supervise(); });
}

Worker::~Worker() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    thread_.join();
    for (std::size_t i = 0; i < peers_.size(); ++i) {
        if (!peers_[i]) continue;
        std::promise<void> closed;
        loops_.at(i).post([&] {
            peers_[i]->close();
            peers_[i].reset();
            closed.set_value();
        });
        closed.get_future().wait_for(2s);
    }
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

WorkerState Worker::state() const {
    const std::lock_guard lock(mutex_);
    return state_;
}
std::string Worker::trouble() const {
    const std::lock_guard lock(mutex_);
    return trouble_;
}
std::shared_ptr<const oip::Metadata> Worker::signature() const {
    const std::lock_guard lock(mutex_);
    return signature_;
}
bool Worker::ending() const {
    const std::lock_guard lock(mutex_);
    return ending_;
}

void Worker::set(WorkerState state, std::string trouble) {
    {
        const std::lock_guard lock(mutex_);
        state_ = state;
        trouble_ = std::move(trouble);
    }
    changed_.notify_all();
}

/// False: it is to end.
bool Worker::sleep(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return !changed_.wait_for(lock, time, [&] { return ending_; });
}

Result<void> Worker::wait_ready(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return state_ != WorkerState::starting || ending_; });
    if (state_ == WorkerState::ready) return {};
    return Error(Errc::unavailable,
                 version_.id.text() + " does not run: " + (trouble_.empty() ? "it is still being loaded" : trouble_));
}

void Worker::ask(http::Loop& loop, http::PeerRequest request, http::PeerDone done) {
    last_asked_.store(std::chrono::steady_clock::now(), std::memory_order_relaxed);
    if (options_.stand_in) return done(options_.stand_in(request));
    peer(loop).ask(std::move(request), std::move(done));
}

http::Peer& Worker::peer(http::Loop& loop) {
    auto& peer = peers_[loop.index()];
    if (!peer) peer = elsewhere_ ? elsewhere_(loop) : http::Peer::make(loop, {.unix_socket = socket_});
    return *peer;
}

void Worker::supervise() {
    auto wait = options_.first_wait;
    while (!ending()) {
        const auto began = std::chrono::steady_clock::now();
        const Result<void> ran = run();
        if (ending()) break;
        if (std::chrono::steady_clock::now() - began > worker_process::kLongLived) wait = options_.first_wait;
        const std::string why = ran.ok() ? "it ended" : ran.error().line();
        metrics_.worker_ends.at({version_.id.asset.name}).add();
        log_.say("error", "worker.ended", {{"model", version_.id.text()}, {"reason", why}, {"wait_ms", wait.count()}});
        set(WorkerState::waiting, why);
        if (!sleep(wait)) break;
        wait = std::min(wait * 2, options_.longest_wait);
        set(WorkerState::starting);
    }
    set(WorkerState::stopped, "it was stopped");
}

Result<void> Worker::run() {
    if (options_.stand_in) return stand_in();
    return elsewhere_ ? run_elsewhere() : run_process();
}

Result<void> Worker::stand_in() {
    const auto told = options_.stand_in({.method = "GET", .path = "/v2/models/" + version_.id.asset.name});
    oip::Metadata metadata = BARTIZAN_TRY(oip::parse_metadata(told.body));
    {
        const std::lock_guard lock(mutex_);
        signature_ = std::make_shared<const oip::Metadata>(std::move(metadata));
    }
    set(WorkerState::ready);
    while (sleep(worker_process::kLookEvery)) continue;
    return {};
}

/// From start to end of one process; the error says why it ended.
Result<void> Worker::run_process() {
    std::unique_ptr<worker_process::Process> process;
    {
        BARTIZAN_TRY(make_folder(folder_));
        std::filesystem::permissions(folder_, std::filesystem::perms::owner_all);
        const worker_process::FileInTheClear file{model_};
        BARTIZAN_TRY(provide_(model_));
        process = BARTIZAN_TRY(start_process());
        metrics_.worker_starts.at({version_.id.asset.name}).add();
        BARTIZAN_TRY(wait_for_model(*process));
    }
    set(WorkerState::ready);
    log_.say("info", "worker.ready", {{"model", version_.id.text()}});
    while (sleep(worker_process::kLookEvery))
        if (const auto status = process->ended()) return ended_error(*status);
    return {};
}

/// From the first answer of the server to when it is not ready any more, asked twice: one lost answer is no outage.
Result<void> Worker::run_elsewhere() {
    const std::string model = "/v2/models/" + version_.id.asset.name;
    BARTIZAN_TRY(get(model + "/ready"));
    BARTIZAN_TRY(learn_signature());
    set(WorkerState::ready);
    log_.say("info", "worker.ready", {{"model", version_.id.text()}});
    while (sleep(options_.upstream_every)) {
        if (get(model + "/ready").ok()) continue;
        if (!sleep(worker_process::kLookEvery)) break;
        BARTIZAN_TRY(get(model + "/ready"));
    }
    return {};
}

Result<void> Worker::learn_signature() {
    const std::string text = BARTIZAN_TRY(get("/v2/models/" + version_.id.asset.name));
    oip::Metadata metadata = BARTIZAN_TRY(oip::parse_metadata(text));
    metadata.name = version_.id.asset.name;
    const std::lock_guard lock(mutex_);
    signature_ = std::make_shared<const oip::Metadata>(std::move(metadata));
    return {};
}

/// With the last line that it wrote.
Error Worker::ended_error(int status) const {
    std::string said = read_file(folder_ / "errors", worker_process::kLongestErrors).value_or("");
    said.resize(said.find_last_not_of('\n') + 1);
    said.erase(0, said.rfind('\n') + 1);
    return Error(Errc::unavailable, "the process ended with " + worker_process::text_of(status) +
                                        (said.empty() ? "" : ": " + said.substr(0, 500)));
}

Result<std::unique_ptr<worker_process::Process>> Worker::start_process() {
    std::vector<std::string> words = {options_.engine.string(),
                                      "worker",
                                      "--socket",
                                      socket_.string(),
                                      "--model",
                                      model_.string(),
                                      "--name",
                                      version_.id.asset.name,
                                      "--model-version",
                                      std::to_string(version_.id.number),
                                      "--with-parent"};
    words.insert(words.end(), options_.words.begin(), options_.words.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    int pipe[2];
    if (::pipe2(pipe, O_CLOEXEC) != 0) return exhausted("no pipe could be made for a worker");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, pipe[0], STDIN_FILENO);
    const std::string errors = (folder_ / "errors").string();
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    // Of a group of its own: Ctrl-C at the terminal is for the server, which then ends its workers. Signals that the
    // server blocks or ignores are those of its threads, not of the worker.
    sigset_t none;
    sigset_t pipe_signal;
    sigemptyset(&none);
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &pipe_signal);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    pid_t process = -1;
    std::vector<char*> environment = worker_process::environment();
    const int error =
        ::posix_spawn(&process, words[0].c_str(), &actions, &attributes, arguments.data(), environment.data());
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    ::close(pipe[0]);
    if (error != 0) {
        ::close(pipe[1]);
        return Error(Errc::unavailable, "the worker's program does not start: " + std::string(std::strerror(error)));
    }
    return std::make_unique<worker_process::Process>(process, pipe[1]);
}

Result<void> Worker::wait_for_model(worker_process::Process& process) {
    const auto until = std::chrono::steady_clock::now() + options_.start_time;
    while (std::chrono::steady_clock::now() < until) {
        if (const auto status = process.ended()) return ended_error(*status);
        if (get("/v2/health/ready").ok()) return learn_signature();
        if (!sleep(worker_process::kLookEvery)) return Error(Errc::cancelled, "it is to end");
    }
    return Error(Errc::unavailable, "the model was not loaded in time");
}

Result<std::string> Worker::get(const std::string& path) {
    auto answer = std::make_shared<std::promise<Result<http::PeerResponse>>>();
    auto future = answer->get_future();
    http::Loop& loop = loops_.at(0);
    loop.post([this, path, answer, &loop] {
        peer(loop).ask({.method = "GET", .path = path, .patience = worker_process::kAskPatience},
                       [answer](Result<http::PeerResponse> response) { answer->set_value(std::move(response)); });
    });
    if (future.wait_for(worker_process::kAskPatience + 1s) != std::future_status::ready)
        return Error(Errc::unavailable, "the worker does not answer");
    auto response = BARTIZAN_TRY(future.get());
    if (response.status != 200)
        return Error(Errc::unavailable, "it is not ready: it answers " + std::to_string(response.status));
    return std::move(response.body);
}

}  // namespace bartizan::gateway
