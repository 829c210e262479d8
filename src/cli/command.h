#pragma once
/// The command line as data: every command, its options, its help and an example, described once. Both programs
/// parse with it (`bartizan` to refuse bad input in a millisecond and to print help, `bartizan-engine` to
/// act), and completion files are made from it.
/// Thread rule: constants and plain values.

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
    std::string_view name;         ///< "--eps"
    OptionKind kind;
    std::string_view value;        ///< shown in help: "E"
    std::string_view help;
    std::string_view preset = {};  ///< default, as text; empty: none
    std::string_view choices = {}; ///< "text|json"
    double low = 0, high = 0;      ///< numbers: range; both 0: any
    bool required = false;
};

struct PositionalSpec {
    std::string_view name;  ///< "MODEL"
    std::string_view help;
    bool required = true;
    bool many = false;
};

struct CommandSpec {
    std::string_view name;     ///< "attack"
    std::string_view summary;  ///< one line
    std::string_view example;  ///< a command line that works
    bool needs_engine;         ///< executed by bartizan-engine
    std::span<const PositionalSpec> positionals;
    std::span<const OptionSpec> options;  ///< beside the common ones
};

/// All commands, in the order of the help.
std::span<const CommandSpec> commands();
/// --format, --out, --quiet, --seed, --threads, --device, --fail-on ...
std::span<const OptionSpec> common_options();

/// A parsed and checked command line.
struct Invocation {
    const CommandSpec* command = nullptr;
    std::vector<std::string> positionals;
    std::map<std::string, std::string, std::less<>> options;  ///< given or default, by name without dashes

    bool has(std::string_view name) const;
    std::string text(std::string_view name, std::string_view preset = "") const;
    double number(std::string_view name, double preset) const;
    std::int64_t integer(std::string_view name, std::int64_t preset) const;
    bool flag(std::string_view name) const;
};

/// What the words ask for: a command to run, or text to print (help, version) with status 0.
struct Parsed {
    std::optional<Invocation> invocation;
    std::string text;
};

/// Fails with `invalid_input`: unknown command or option (with the nearest name), missing or bad value.
Result<Parsed> parse(std::span<const std::string> words);

}  // namespace bartizan::cli
