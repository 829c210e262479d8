/// Help made from the table, so that it cannot fall behind it.
#include <algorithm>

#include <fmt/format.h>

#include "bartizan/version.h"
#include "cli/command.h"

namespace bartizan::cli {
namespace {

constexpr std::size_t kWidth = 100;

/// `left` in a column of `indent` characters, `right` wrapped beside it.
std::string row(std::string_view left, std::string_view right, std::size_t indent) {
    std::string out = fmt::format("  {:<{}}", left, indent - 2);
    if (left.size() + 4 > indent) out += "\n" + std::string(indent, ' ');
    std::size_t column = indent;
    while (!right.empty()) {
        const std::size_t blank = std::min(right.find(' '), right.size());
        const std::string_view word = right.substr(0, blank);
        right.remove_prefix(std::min(blank + 1, right.size()));
        if (column > indent && column + 1 + word.size() > kWidth) {
            out += "\n" + std::string(indent, ' ');
            column = indent;
        }
        if (column > indent) {
            out += ' ';
            ++column;
        }
        out += word;
        column += word.size();
    }
    return out + "\n";
}

std::string option_row(const OptionSpec& option) {
    std::string left(option.name);
    if (!option.value.empty()) left += " " + std::string(option.value);
    std::string right(option.help);
    if (!option.choices.empty()) {
        std::string choices(option.choices);
        std::ranges::replace(choices, '|', ' ');
        right += fmt::format(" ({})", choices);
    }
    if (!option.preset.empty()) right += fmt::format(" [default: {}]", option.preset);
    return row(left, right, 28);
}

std::string option_rows(const CommandSpec& command, std::span<const OptionSpec> options) {
    std::string out;
    for (const OptionSpec& option : options)
        if (find_option(command, option.name) == &option) out += option_row(option);
    return out;
}

}  // namespace

std::string usage(const CommandSpec& command) {
    std::string out = fmt::format("bartizan {}", command.name);
    for (const PositionalSpec& positional : command.positionals)
        out += fmt::format(" {}{}", positional.name, positional.many ? "..." : "");
    for (const OptionSpec& option : command.options)
        if (option.required) out += fmt::format(" {} {}", option.name, option.value);
    return out + " [options]";
}

std::string help() {
    std::string out = fmt::format(
        "Bartizan {}: examines, hardens, guards and answers for machine-learning models.\n\n"
        "Usage: bartizan COMMAND [TARGET] [--option VALUE ...]\n\nCommands:\n",
        kVersion);
    for (const CommandSpec& command : commands()) out += row(command.name, command.summary, 23);
    out += "\nOptions of every command:\n";
    for (const OptionSpec& option : common_options()) out += option_row(option);
    out += row("--help", "this help, or with a command the help of that command", 28);
    out += row("--version", "the version", 28);
    out +=
        "\nExit status: 0 done; 1 findings at or above --fail-on; 2 the input is wrong; 3 an internal error.\n"
        "Example: bartizan audit model.onnx --data test.npz --out audit-report\n";
    return out;
}

std::string help(const GroupSpec& group) {
    std::string out =
        fmt::format("{}.\n\nUsage: bartizan {} COMMAND [options]\n\nCommands:\n", group.summary, group.name);
    for (const std::string_view member : members_of(group)) {
        const CommandSpec* command = find_command(fmt::format("{} {}", group.name, member));
        out += row(member, command->summary, 14);
    }
    return out + fmt::format("\nSee 'bartizan {} COMMAND --help'.\n", group.name);
}

std::string help(const CommandSpec& command) {
    std::string out = fmt::format("{}.\n\nUsage: {}\n", command.summary, usage(command));
    if (!command.positionals.empty()) out += "\n";
    for (const PositionalSpec& positional : command.positionals) {
        std::string right(positional.help);
        if (!positional.choices.empty()) right += fmt::format(": {}", positional.choices);
        out += row(positional.name, right, 28);
    }
    const std::string own = option_rows(command, command.options);
    if (!own.empty()) out += "\nOptions:\n" + own;
    out += "\nOptions of every command:\n" + option_rows(command, common_options());
    if (command.needs_engine) out += option_rows(command, engine_options());
    out += row("--help", "this help", 28);
    return out + fmt::format("\nExample:\n  {}\n", command.example);
}

}  // namespace bartizan::cli
