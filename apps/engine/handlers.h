#pragma once
/// The commands of the engine. To add one: a row in a table of src/cli/commands/, a function declared here and
/// defined in apps/engine/NAME.cpp, and a line in handlers.cpp.

#include <span>
#include <string_view>

#include "bartizan/result.h"
#include "bartizan/run_context.h"
#include "cli/command.h"

namespace bartizan::engine {

/// Carries out a command and prints its result (cli/output.h). Gives the exit status: 0, or 1 when a finding is at
/// or above --fail-on, or `kIncomplete` when it was stopped and what was finished is printed.
using Handler = Result<int> (*)(const cli::Invocation& invocation, RunContext& ctx);

inline constexpr int kIncomplete = 3;

struct HandlerEntry {
    std::string_view command;
    Handler handle;
};
std::span<const HandlerEntry> handlers();

Result<int> audit(const cli::Invocation& invocation, RunContext& ctx);
Result<int> evaluate(const cli::Invocation& invocation, RunContext& ctx);
Result<int> train(const cli::Invocation& invocation, RunContext& ctx);
Result<int> attack(const cli::Invocation& invocation, RunContext& ctx);
Result<int> backdoor(const cli::Invocation& invocation, RunContext& ctx);
Result<int> harden(const cli::Invocation& invocation, RunContext& ctx);
Result<int> inspect(const cli::Invocation& invocation, RunContext& ctx);
Result<int> privacy_command(const cli::Invocation& invocation, RunContext& ctx);
Result<int> explain_command(const cli::Invocation& invocation, RunContext& ctx);
Result<int> extract_command(const cli::Invocation& invocation, RunContext& ctx);
Result<int> ownership_embed(const cli::Invocation& invocation, RunContext& ctx);
Result<int> ownership_fingerprint(const cli::Invocation& invocation, RunContext& ctx);
Result<int> ownership_verify(const cli::Invocation& invocation, RunContext& ctx);
Result<int> ownership_dataset(const cli::Invocation& invocation, RunContext& ctx);
Result<int> poison_command(const cli::Invocation& invocation, RunContext& ctx);
Result<int> data_check_command(const cli::Invocation& invocation, RunContext& ctx);
Result<int> worker_command(const cli::Invocation& invocation, RunContext& ctx);

}  // namespace bartizan::engine
