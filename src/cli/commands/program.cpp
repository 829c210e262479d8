/// The program itself.
#include "cli/commands/tables.h"

namespace bartizan::cli {
namespace program_table {
namespace {

constexpr PositionalSpec kShell[] = {{.name = "SHELL", .help = "the shell", .choices = "bash|zsh|fish"}};

constexpr PositionalSpec kFolder[] = {{.name = "FOLDER",
                                       .help = "where everything goes (default: bartizan-init); the same again goes on",
                                       .required = false}};
constexpr OptionSpec kInitOptions[] = {
    {.name = "--answer",
     .kind = OptionKind::text,
     .value = "KEY=VALUE",
     .help = "the answer to a question; may be repeated. What is not answered is asked on a terminal",
     .many = true},
    {.name = "--answers", .kind = OptionKind::path, .value = "FILE", .help = "answers as a JSON object"},
    {.name = "--skip",
     .kind = OptionKind::text,
     .value = "STEP",
     .help = "leave out a step; may be repeated",
     .many = true},
    {.name = "--again",
     .kind = OptionKind::text,
     .value = "STEP",
     .help = "run a step that was run before; may be repeated",
     .many = true},
    {.name = "--list",
     .kind = OptionKind::flag,
     .value = "",
     .help = "the steps and questions, and no more",
     .alone = true},
};

constexpr CommandSpec kCommands[] = {
    {.name = "init",
     .summary = "From a model file to a guarded model in an afternoon, step by step",
     .example = "bartizan init guard --answer model=model.onnx --answer owner=anna --answer decides=clothes",
     .needs_engine = false,
     .positionals = kFolder,
     .options = kInitOptions},
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
