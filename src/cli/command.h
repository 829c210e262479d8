#pragma once
/// The command line as data: every command, its options, its help and an example, described once. Both programs
/// parse with it (`bartizan` to refuse bad input in a millisecond and to print help, `bartizan-engine` to
/// act), and completion files are made from it.
/// Thread rule: constants and plain values.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/params.h"
#include "bartizan/result.h"

namespace bartizan::cli {

enum class OptionKind { text, path, number, integer, flag, choice };

struct OptionSpec {
    std::string_view name;  ///< "--eps"
    OptionKind kind;
    std::string_view value;  ///< shown in help: "E"
    std::string_view help;
    std::string_view preset = {};   ///< default, as text; empty: none
    std::string_view choices = {};  ///< "text|json"
    double low = 0, high = 0;       ///< numbers: range; both 0: any
    bool required = false;
    bool many = false;   ///< may be given several times
    bool alone = false;  ///< when given, nothing else is required (attack --list)
};

struct PositionalSpec {
    std::string_view name;  ///< "MODEL"
    std::string_view help;
    bool required = true;
    bool many = false;
    std::string_view choices = {};  ///< "bash|zsh|fish"
};

struct CommandSpec {
    std::string_view name;     ///< "attack", or "data check": a command of the group "data"
    std::string_view summary;  ///< one line
    std::string_view example;  ///< a command line that works
    bool needs_engine;         ///< executed by bartizan-engine
    std::span<const PositionalSpec> positionals;
    std::span<const OptionSpec> options;  ///< beside the common ones
};

/// Commands of two words share the first: "data check", "data seal".
struct GroupSpec {
    std::string_view name;     ///< "data"
    std::string_view summary;  ///< one line
};

/// All commands, in the order of the help.
std::span<const CommandSpec> commands();
std::span<const GroupSpec> groups();
/// The group of this name, or nothing.
const GroupSpec* find_group(std::string_view name);
/// The second words of the commands of a group: "check", "seal".
std::vector<std::string_view> members_of(const GroupSpec& group);
/// --format, --out, --quiet, --seed, --threads, --fail-on: what every command takes. A command's own option of the
/// same name goes first.
std::span<const OptionSpec> common_options();
/// --device: what every command that needs the engine takes beside.
std::span<const OptionSpec> engine_options();
/// The command of this name, or nothing.
const CommandSpec* find_command(std::string_view name);
/// The option "--eps" of a command, its own or a common one, or nothing.
const OptionSpec* find_option(const CommandSpec& command, std::string_view name);
/// "a|b|c" as its parts.
std::vector<std::string_view> split_choices(std::string_view choices);

/// A parsed and checked command line.
struct Invocation {
    const CommandSpec* command = nullptr;
    std::vector<std::string> positionals;
    std::map<std::string, std::string, std::less<>> options;             ///< given or default, by name without dashes
    std::map<std::string, std::vector<std::string>, std::less<>> lists;  ///< those that may be given several times

    /// The positional at `index`, or "".
    std::string positional(std::size_t index) const;
    bool has(std::string_view name) const;  ///< given, or has a default
    std::string text(std::string_view name, std::string_view preset = "") const;
    double number(std::string_view name, double preset) const;
    std::int64_t integer(std::string_view name, std::int64_t preset) const;
    bool flag(std::string_view name) const;
    std::vector<std::string> list(std::string_view name) const;
    /// The command line that gives this invocation, words with blanks quoted; for the record.
    std::string command_line;
};

/// What the words ask for: a command to run, or text to print (help, version) with status 0.
struct Parsed {
    std::optional<Invocation> invocation;
    std::string text;
};

/// `words` without the program's name. Accepts `--option value`, `--option=value`, `--`, and options anywhere.
/// Fails with `invalid_input`: unknown command or option (with the nearest name), missing, repeated or bad value.
Result<Parsed> parse(std::span<const std::string> words);

/// "bartizan attack MODEL --attack NAME --data PATH [options]"
std::string usage(const CommandSpec& command);
/// The overview, and the page of one command.
std::string help();
std::string help(const CommandSpec& command);
std::string help(const GroupSpec& group);

/// The completion script of a shell ("bash", "zsh", "fish"), made from the table.
Result<std::string> completion(std::string_view shell);

}  // namespace bartizan::cli
