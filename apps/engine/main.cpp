/// `bartizan-engine`: the commands that need tensors. `bartizan` executes it with its own words.
#include <malloc.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "apps/engine/handlers.h"
#include "apps/engine/settings.h"
#include "cli/command.h"
#include "cli/output.h"
#include "core/progress.h"

namespace bartizan::engine {
namespace {

CancelToken cancel_token;  // a signal handler reaches nothing but a global

extern "C" void on_stop_signal(int) { cancel_token.cancel(); }

/// The first Ctrl-C asks the work to end and report what is finished; the second one kills.
void install_stop_signals() {
    struct sigaction action {};
    action.sa_handler = on_stop_signal;
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
}

/// Tensors of the next step take the memory of the last: giving it back to the system and asking again costs a page
/// fault for every 4 KiB.
void keep_freed_memory() {
    constexpr int kKeepBytes = 1 << 30;
    mallopt(M_MMAP_THRESHOLD, 256 << 20);
    mallopt(M_TRIM_THRESHOLD, kKeepBytes);
}

Result<int> dispatch(const cli::Invocation& invocation) {
    const auto entry = std::ranges::find(handlers(), invocation.command->name, &HandlerEntry::command);
    if (entry == handlers().end())
        return unsupported(fmt::format("bartizan-engine has no command '{}'", invocation.command->name));
    TextProgress progress(stderr, progress_style_for_stderr(invocation.flag("quiet")));
    RunContext ctx({.seed = static_cast<std::uint64_t>(invocation.integer("seed", 0)),
                    .threads = static_cast<int>(invocation.integer("threads", 0)),
                    .device = invocation.text("device", "cpu"),
                    .cancel = &cancel_token,
                    .progress = &progress});
    BARTIZAN_TRY(apply_settings(ctx));
    return entry->handle(invocation, ctx);
}

Result<int> run(std::span<const std::string> words) {
    const cli::Parsed parsed = BARTIZAN_TRY(cli::parse(words));
    if (parsed.invocation) return dispatch(*parsed.invocation);
    BARTIZAN_TRY(cli::print(parsed.text));
    return 0;
}

/// Nothing below should throw; if a library does, the user still gets one line.
int guarded_run(std::span<const std::string> words) {
    try {
        const auto status = run(words);
        return status.ok() ? *status : cli::report_error(status.error());
    } catch (const std::bad_alloc&) {
        return cli::report_error(exhausted("out of memory", "use --limit or a smaller model"));
    } catch (const std::exception& error) {
        return cli::report_error(internal_error(fmt::format("unexpected failure: {}", error.what())));
    }
}

}  // namespace
}  // namespace bartizan::engine

int main(int argc, char** argv) {
    bartizan::engine::install_stop_signals();
    bartizan::engine::keep_freed_memory();
    const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
    return bartizan::engine::guarded_run(words);
}
