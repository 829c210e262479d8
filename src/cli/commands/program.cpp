/// The program itself.
#include "cli/commands/tables.h"

namespace bartizan::cli {
namespace program_table {
namespace {

constexpr PositionalSpec kShell[] = {{.name = "SHELL", .help = "the shell", .choices = "bash|zsh|fish"}};

constexpr CommandSpec kCommands[] = {
    {.name = "doctor",
     .summary = "What is installed, what is missing, how to mend it",
     .example = "bartizan doctor",
     .needs_engine = false,
     .positionals = {},
     .options = {}},
    {.name = "completion",
     .summary = "The completion script of a shell",
     .example = "bartizan completion bash > ~/.local/share/bash-completion/completions/bartizan",
     .needs_engine = false,
     .positionals = kShell,
     .options = {}},
};

}  // namespace
}  // namespace program_table

std::span<const CommandSpec> program_commands() { return program_table::kCommands; }

}  // namespace bartizan::cli
