/// `bartizan-engine worker --socket PATH --model M`: one model behind a Unix socket, in a process that can do little
/// else. Started by `bartizan serve`; ends when its standard input does, or on SIGTERM.
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

#include <fmt/format.h>

#include "apps/engine/handlers.h"
#include "cli/output.h"
#include "confinement/worker.h"
#include "http/server.h"
#include "model/memory.h"
#include "model/model.h"
#include "serving/worker.h"

namespace bartizan::engine {
namespace working {
namespace {

constexpr std::uint64_t kMebibyte = 1 << 20;
constexpr std::chrono::milliseconds kDrain{2'000};
constexpr int kLookEvery_ms = 200;

/// Gives up what is not needed, before anything of the model is read. `strict`: fails where that cannot be had.
Result<void> give_up_the_rest(const cli::Invocation& invocation, bool strict) {
    const std::filesystem::path model = std::filesystem::absolute(invocation.text("model"));
    confinement::WorkerLimits limits;
    limits.readable = {model.parent_path()};
    limits.memory_bytes = static_cast<std::uint64_t>(invocation.integer("memory-limit", 4096)) * kMebibyte;
    const confinement::Confined held = BARTIZAN_TRY(confinement::confine_worker(limits));
    if (!held.missing.empty()) fmt::print(stderr, "worker: not fully confined: {}\n", held.missing);
    if (!held.calls && strict)
        return Error(Errc::unavailable, "this worker cannot be confined: " + held.missing, "or use --unconfined");
    return {};
}

/// Until asked to stop, or until standard input ends: whoever started the worker is gone.
void wait_for_the_end(const RunContext& ctx, bool watch_input) {
    pollfd input{STDIN_FILENO, POLLIN, 0};
    while (!ctx.stop_requested()) {
        const int ready = ::poll(&input, watch_input ? 1 : 0, kLookEvery_ms);
        char ignored[64];
        if (ready > 0 && ::read(STDIN_FILENO, ignored, sizeof ignored) <= 0) return;
    }
}

serving::BatchLimits batches(const cli::Invocation& invocation) {
    return {.rows = invocation.integer("max-batch", 32),
            .delay = std::chrono::microseconds(invocation.integer("max-delay-us", 0)),
            .waiting = static_cast<std::size_t>(invocation.integer("queue", 256))};
}

Result<void> load(const cli::Invocation& invocation, serving::WorkerService& service) {
    const std::string path = invocation.text("model");
    std::shared_ptr<const model::Model> model = BARTIZAN_TRY_WITHIN(model::load(path), "'" + path + "'");
    service.serve(BARTIZAN_TRY_WITHIN(serving::ServedModel::make(std::move(model), invocation.text("name", "model"),
                                                                 invocation.text("model-version")),
                                      "'" + path + "'"));
    return {};
}

}  // namespace
}  // namespace working

Result<int> worker_command(const cli::Invocation& invocation, RunContext& ctx) {
    const int listener = BARTIZAN_TRY(http::listen_on_unix_socket(invocation.text("socket")));
    BARTIZAN_TRY(working::give_up_the_rest(invocation, !invocation.flag("unconfined")));
    http::Loops loops(1, "worker-io");
    serving::WorkerService service(working::batches(invocation));
    const auto server = BARTIZAN_TRY(http::Server::start({.listener = listener, .name = "worker"}, service, loops));
    BARTIZAN_TRY(working::load(invocation, service));
    fmt::print(stderr, "worker: ready\n");
    working::wait_for_the_end(ctx, invocation.flag("with-parent"));
    server->drain(working::kDrain);
    return 0;
}

}  // namespace bartizan::engine
