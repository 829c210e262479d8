/// Completion scripts made from the table: commands, options, choices, and file names where a path is asked.
#include <string>

#include <fmt/format.h>

#include "cli/command.h"
#include "core/spelling.h"

namespace bartizan::cli {
namespace {

template <class Visit>
void each_option(const CommandSpec& command, Visit visit) {
    for (const auto options : {command.options, common_options(), engine_options()})
        for (const OptionSpec& option : options)
            if (find_option(command, option.name) == &option) visit(option);
}

std::string spaced(std::string_view choices) {
    std::string out(choices);
    for (char& c : out)
        if (c == '|') c = ' ';
    return out;
}

/// Inside single quotes of any of the shells.
std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\'')
            out += "'\\''";
        else
            out += c;
    }
    return out;
}

bool in_a_group(const CommandSpec& command) { return command.name.find(' ') != std::string_view::npos; }

/// The first words of all commands.
std::string command_names() {
    std::string out;
    for (const GroupSpec& group : groups()) out += std::string(group.name) + " ";
    for (const CommandSpec& command : commands())
        if (!in_a_group(command)) out += std::string(command.name) + " ";
    return out;
}

std::string member_names(const GroupSpec& group) {
    std::string out;
    for (const std::string_view member : members_of(group)) out += (out.empty() ? "" : " ") + std::string(member);
    return out;
}

std::string bash() {
    std::string out = fmt::format(
        "# bash completion of bartizan, made by `bartizan completion bash`\n"
        "_bartizan() {{\n"
        "    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command=${{COMP_WORDS[1]}}\n"
        "    local words='' values=''\n"
        "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
        "        COMPREPLY=($(compgen -W '{}--help --version' -- \"$word\"))\n"
        "        return\n"
        "    fi\n"
        "    case \"$command\" in\n",
        command_names());
    for (const GroupSpec& group : groups())
        out += fmt::format(
            "        {0})\n"
            "            if [ \"$COMP_CWORD\" -eq 2 ]; then\n"
            "                COMPREPLY=($(compgen -W '{1} --help' -- \"$word\"))\n"
            "                return\n"
            "            fi\n"
            "            command=\"{0} ${{COMP_WORDS[2]}}\" ;;\n",
            group.name, member_names(group));
    out += "    esac\n    case \"$command $before\" in\n";
    for (const CommandSpec& command : commands())
        each_option(command, [&](const OptionSpec& option) {
            if (!option.choices.empty())
                out +=
                    fmt::format("        '{} {}') values='{}' ;;\n", command.name, option.name, spaced(option.choices));
        });
    out +=
        "        'attack --attack') values=$(bartizan attack --list 2>/dev/null | awk 'NR > 1 { print $1 }') ;;\n"
        "    esac\n"
        "    if [ -n \"$values\" ]; then\n"
        "        COMPREPLY=($(compgen -W \"$values\" -- \"$word\"))\n"
        "        return\n"
        "    fi\n"
        "    case \"$command\" in\n";
    for (const CommandSpec& command : commands()) {
        std::string words;
        each_option(command, [&](const OptionSpec& option) { words += std::string(option.name) + " "; });
        for (const PositionalSpec& positional : command.positionals)
            if (!positional.choices.empty()) words += spaced(positional.choices) + " ";
        out += fmt::format("        '{}') words='{}--help' ;;\n", command.name, words);
    }
    return out +
           "    esac\n"
           "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
           "    [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$word\"))\n"
           "}\n"
           "complete -o filenames -F _bartizan bartizan\n";
}

/// What zsh offers as the value of an option.
std::string zsh_action(const OptionSpec& option) {
    if (option.kind == OptionKind::flag) return "";
    const std::string value = escaped(option.value);
    std::string name;
    for (const char c : value)
        if (c != '[' && c != ']' && c != ':') name += c;
    if (!option.choices.empty()) return fmt::format(":{}:({})", name, spaced(option.choices));
    return fmt::format(":{}:{}", name, option.kind == OptionKind::path ? "_files" : "");
}

std::string zsh() {
    std::string out =
        "#compdef bartizan\n# zsh completion of bartizan, made by `bartizan completion zsh`\n"
        "_bartizan() {\n    local -a commands=(\n";
    for (const GroupSpec& group : groups()) out += fmt::format("        '{}:{}'\n", group.name, escaped(group.summary));
    for (const CommandSpec& command : commands())
        if (!in_a_group(command)) out += fmt::format("        '{}:{}'\n", command.name, escaped(command.summary));
    out +=
        "    )\n    if (( CURRENT == 2 )); then\n        _describe command commands\n        return\n    fi\n"
        "    local command=$words[2]\n    shift words\n    (( CURRENT-- ))\n    case $command in\n";
    for (const GroupSpec& group : groups())
        out += fmt::format(
            "        {0})\n            if (( CURRENT == 2 )); then\n                compadd {1}\n                "
            "return\n"
            "            fi\n            command=\"{0} $words[2]\"\n            shift words\n"
            "            (( CURRENT-- )) ;;\n",
            group.name, member_names(group));
    out += "    esac\n    case $command in\n";
    for (const CommandSpec& command : commands()) {
        out += fmt::format("        '{}') _arguments", command.name);
        each_option(command, [&](const OptionSpec& option) {
            std::string help = escaped(option.help);
            for (char& c : help)
                if (c == '[')
                    c = '(';
                else if (c == ']')
                    c = ')';
            out += fmt::format(" \\\n            '{}{}[{}]{}'", option.many ? "*" : "", option.name, help,
                               zsh_action(option));
        });
        for (const PositionalSpec& positional : command.positionals)
            out += fmt::format(" \\\n            ':{}:{}'", positional.name,
                               positional.choices.empty() ? "_files" : "(" + spaced(positional.choices) + ")");
        out += " ;;\n";
    }
    return out + "    esac\n}\n_bartizan \"$@\"\n";
}

/// When fish has seen the words of a command.
std::string fish_condition(const CommandSpec& command) {
    const std::size_t blank = command.name.find(' ');
    if (blank == std::string_view::npos) return fmt::format("-n '__fish_seen_subcommand_from {}'", command.name);
    return fmt::format("-n '__fish_seen_subcommand_from {}; and __fish_seen_subcommand_from {}'",
                       command.name.substr(0, blank), command.name.substr(blank + 1));
}

std::string fish_names() {
    std::string out;
    for (const GroupSpec& group : groups()) {
        out += fmt::format("complete -c bartizan -n __fish_use_subcommand -f -a {} -d '{}'\n", group.name,
                           escaped(group.summary));
        out += fmt::format(
            "complete -c bartizan -n '__fish_seen_subcommand_from {0}; and not __fish_seen_subcommand_from {1}'"
            " -f -a '{1}'\n",
            group.name, member_names(group));
    }
    for (const CommandSpec& command : commands())
        if (!in_a_group(command))
            out += fmt::format("complete -c bartizan -n __fish_use_subcommand -f -a {} -d '{}'\n", command.name,
                               escaped(command.summary));
    return out;
}

std::string fish() {
    std::string out = "# fish completion of bartizan, made by `bartizan completion fish`\n" + fish_names();
    for (const CommandSpec& command : commands()) {
        const std::string when = fish_condition(command);
        each_option(command, [&](const OptionSpec& option) {
            std::string value = option.kind == OptionKind::flag ? "" : option.kind == OptionKind::path ? " -r" : " -x";
            if (!option.choices.empty()) value = fmt::format(" -x -a '{}'", spaced(option.choices));
            out += fmt::format("complete -c bartizan {} -l {}{} -d '{}'\n", when, option.name.substr(2), value,
                               escaped(option.help));
        });
        for (const PositionalSpec& positional : command.positionals)
            if (!positional.choices.empty())
                out += fmt::format("complete -c bartizan {} -f -a '{}'\n", when, spaced(positional.choices));
    }
    return out;
}

}  // namespace

Result<std::string> completion(std::string_view shell) {
    if (shell == "bash") return bash();
    if (shell == "zsh") return zsh();
    if (shell == "fish") return fish();
    constexpr std::string_view kShells[] = {"bash", "zsh", "fish"};
    return invalid_input(fmt::format("no completion for shell '{}'", shell),
                         did_you_mean(shell, kShells, "there is one for bash, zsh and fish"));
}

}  // namespace bartizan::cli
