#include "apps/service/serve.h"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

#include <fmt/format.h>

#include "access/secrets.h"
#include "apps/cli/engine_program.h"
#include "apps/service/examiner.h"
#include "cli/output.h"
#include "core/file.h"
#include "gateway/service.h"
#include "rpc/peer.h"
#include "rpc/server.h"

namespace bartizan::program {
namespace {

constexpr std::chrono::seconds kDrain{10};
constexpr std::size_t kLongestRunFolder = 80;  // a Unix socket's path has at most 107 characters

gateway::Role role_of(const std::string& word) {
    return word == "gateway"    ? gateway::Role::gateway
           : word == "detector" ? gateway::Role::detector
                                : gateway::Role::both;
}

/// The console's files beside this program, as the build leaves them or an installation puts them; empty: none.
std::filesystem::path find_console() {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    for (const char* up : {"..", "../.."})  // from bin, and from libexec/bartizan
        if (const auto folder = (self.parent_path() / up / "share/bartizan/console").lexically_normal();
            !error && std::filesystem::exists(folder / "index.html", error))
            return folder;
    return {};
}

Result<gateway::Config> config_of(const cli::Invocation& invocation) {
    gateway::Config config;
    if (invocation.has("config")) config = BARTIZAN_TRY(gateway::read_config(invocation.text("config")));
    if (invocation.has("listen")) config.listen = invocation.text("listen");
    if (invocation.has("grpc-port")) config.grpc_port = static_cast<std::uint16_t>(invocation.integer("grpc-port", 0));
    if (invocation.has("stream")) config.stream.options.url = invocation.text("stream");
    if (invocation.has("role")) config.stream.role = role_of(invocation.text("role"));
    if (invocation.has("state")) config.state = invocation.text("state");
    if (invocation.has("store")) config.store = invocation.text("store");
    config.state = std::filesystem::absolute(config.state);
    if (config.console && config.console->empty()) config.console = find_console();
    BARTIZAN_TRY(gateway::check_config(config));
    return config;
}

/// For sockets, and models while they are read; what a crash left there goes.
Result<std::filesystem::path> run_folder(const std::filesystem::path& state) {
    std::error_code ignored;
    std::filesystem::path folder = state / "run";
    std::filesystem::remove_all(folder, ignored);
    if (folder.string().size() > kLongestRunFolder) {
        std::string name = (std::filesystem::temp_directory_path() / "bartizan-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr) return Error(Errc::unavailable, "no folder can be made in " + name);
        return std::filesystem::path(name);
    }
    std::filesystem::create_directories(folder, ignored);
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, ignored);
    return folder;
}

/// Signals that the main thread waits for; blocked in every thread from here on.
sigset_t block_signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
    ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGXFSZ, SIG_IGN);  // a limit of file sizes is an error to be told, not the end
    return set;
}

std::string next_steps(const std::string& address, bool fresh) {
    if (!fresh) return {};
    return fmt::format(
        "\nWhat to do next: open {0} in a browser and sign in with the key above; or, in another terminal:\n"
        "  export BARTIZAN_SERVER={0} BARTIZAN_KEY=the key above (it is not shown again)\n"
        "  bartizan registry push model.onnx --name demo\n"
        "  bartizan registry promote demo 1 --override 'a first trial'\n"
        "  bartizan user add caller && bartizan role grant caller consumer model:demo && bartizan key create --for "
        "caller\n",
        address);
}

/// Null: none is wanted.
Result<std::unique_ptr<rpc::Server>> start_grpc([[maybe_unused]] gateway::Service& service,
                                                [[maybe_unused]] http::Loops& loops, const gateway::Config& config) {
    if (!config.grpc_port) return std::unique_ptr<rpc::Server>();
#ifdef BARTIZAN_GRPC
    return rpc::Server::start({.address = config.address(),
                               .port = *config.grpc_port,
                               .tls = config.tls,
                               .message_bytes = config.request_bytes,
                               .calls = config.in_flight},
                              service, loops);
#else
    return unsupported("this build has no gRPC", "build it with -DBARTIZAN_GRPC=ON, or leave out --grpc-port");
#endif
}

gateway::GrpcPeers grpc_peers() {
#ifdef BARTIZAN_GRPC
    return [](const gateway::GrpcUpstream& to) {
        return rpc::grpc_peers({.host = to.host, .port = to.port, .secure = to.secure, .authority = to.authority});
    };
#else
    return {};
#endif
}

/// The servers in front of the service.
struct Faces {
    std::unique_ptr<http::Server> http;
    std::unique_ptr<rpc::Server> grpc;  ///< may be null

    std::string text() const {
        return fmt::format("listening on {}\n", http->address()) +
               (grpc ? fmt::format("gRPC on {}\n", grpc->address()) : std::string());
    }
    Result<void> reload_tls() {
        BARTIZAN_TRY(http->reload_tls());
        return grpc ? grpc->reload_tls() : Result<void>();
    }
    /// Both at the same time.
    void drain() {
        std::thread other([this] {
            if (grpc) grpc->drain(kDrain);
        });
        http->drain(kDrain);
        other.join();
    }
};

void reload(const cli::Invocation& invocation, gateway::Service& service, Faces& faces) {
    const auto config = config_of(invocation);
    // The policy of the file holds for all instances; of an instance without a file nothing does.
    const auto text = invocation.has("config") ? read_file(invocation.text("config"), gateway::kLongestConfig)
                                               : Result<std::string>(std::string());
    Result<void> done = config.ok() ? service.reload(*config, text.value_or("")) : Result<void>(config.error());
    if (done.ok() && config->tls) done = faces.reload_tls();
    service.log().say(done.ok() ? "info" : "error", done.ok() ? "config.loaded" : "config.refused",
                      {{"reason", done.ok() ? "" : done.error().line()}});
}

/// SIGHUP: reads the configuration again. Anything else ends the service.
void wait_for_the_end(const sigset_t& signals, const std::function<void()>& again) {
    int number = 0;
    while (::sigwait(&signals, &number) == 0 && number == SIGHUP) again();
}

}  // namespace

Result<int> serve(const cli::Invocation& invocation) {
    const sigset_t signals = block_signals();
    const gateway::Config config = BARTIZAN_TRY(config_of(invocation));
    const auto commands = BARTIZAN_TRY(find_commands());
    const auto state =
        BARTIZAN_TRY_WITHIN(gateway::State::open(config), "state folder '" + config.state.string() + "'");
    const auto run = BARTIZAN_TRY(run_folder(config.state));
    ProgramExaminer examiner(commands);
    http::Loops loops(config.threads, "http");
    const std::uint64_t secret = std::stoull(access::random_hex(8), nullptr, 16);
    std::unique_ptr<stream::Bus> bus;
    if (!config.stream.options.url.empty()) bus = BARTIZAN_TRY(stream::Bus::open(config.stream.options));
    auto upstreams = BARTIZAN_TRY(gateway::open_upstreams(config.upstreams, grpc_peers()));
    gateway::Service service(
        {*state,
         examiner,
         loops,
         {.engine = commands, .folder = run, .most = config.workers, .upstreams = std::move(upstreams)},
         [](std::string_view lines) { std::fwrite(lines.data(), 1, lines.size(), stderr); },
         secret,
         std::move(bus)},
        config);
    BARTIZAN_TRY(service.start());
    http::ServerOptions options{.address = config.address(), .port = config.port(), .tls = config.tls};
    options.limits.body_bytes = std::max(config.upload_bytes, config.request_bytes);
    Faces faces{BARTIZAN_TRY(http::Server::start(options, service, loops)), {}};
    faces.grpc = BARTIZAN_TRY(start_grpc(service, loops, config));
    std::string text = faces.text();
    if (state->admin_key) text += fmt::format("admin key: {}\n", state->admin_key->text());
    BARTIZAN_TRY(cli::print(text + next_steps(faces.http->address(), state->admin_key.has_value())));
    crypto::wipe(text);
    state->admin_key.reset();
    wait_for_the_end(signals, [&] { reload(invocation, service, faces); });
    service.begin_draining();
    service.log().say("info", "service.drains");
    faces.drain();
    service.stop();
    faces = {};
    loops.stop();
    std::error_code ignored;
    std::filesystem::remove_all(run, ignored);
    return 0;
}

}  // namespace bartizan::program
