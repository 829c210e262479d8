#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "bartizan/version.h"
#include "cli/command.h"
#include "core/spelling.h"

namespace bartizan::cli {
namespace {

constexpr std::size_t kMostWords = 4096;
constexpr std::size_t kLongestWord = 64 * 1024;

std::string joined(std::span<const std::string_view> names) {
    std::string out;
    for (const std::string_view name : names) out += (out.empty() ? "" : ", ") + std::string(name);
    return out;
}

Result<void> check_choice(std::string_view choices, std::string_view value) {
    const auto known = split_choices(choices);
    if (std::ranges::find(known, value) != known.end()) return {};
    return invalid_input(fmt::format("'{}' is not one of {}", value, joined(known)), did_you_mean(value, known));
}

Result<std::int64_t> whole_number(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || text.empty())
        return invalid_input(fmt::format("'{}' is not a whole number", text));
    return value;
}

Result<void> check_value(const OptionSpec& option, std::string_view text) {
    if (option.kind == OptionKind::choice) return check_choice(option.choices, text);
    if (option.kind == OptionKind::path && text.empty()) return invalid_input("an empty path");
    if (option.kind != OptionKind::number && option.kind != OptionKind::integer) return {};
    const double value = option.kind == OptionKind::integer ? static_cast<double>(BARTIZAN_TRY(whole_number(text)))
                                                            : BARTIZAN_TRY(parse_number(text));
    const bool bounded = option.low != 0 || option.high != 0;
    if (bounded && (value < option.low || value > option.high))
        return invalid_input(fmt::format("{} is outside {:g} to {:g}", text, option.low, option.high));
    return {};
}

std::string quoted(const std::string& word) {
    constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=:,+@%";
    if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
    std::string out = "'";
    for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

/// Reads the words after the command, one by one.
class Reader {
public:
    Reader(const CommandSpec& command, std::span<const std::string> words) : command_(command), words_(words) {
        invocation_.command = &command;
    }

    Result<Parsed> read() {
        bool only_positionals = false;
        for (; at_ < words_.size(); ++at_) {
            const std::string& word = words_[at_];
            if (!only_positionals && (word == "--help" || word == "-h")) return Parsed{{}, help(command_)};
            if (!only_positionals && word == "--")
                only_positionals = true;
            else if (!only_positionals && word.size() > 1 && word[0] == '-')
                BARTIZAN_TRY(read_option(word));
            else
                BARTIZAN_TRY(read_positional(word));
        }
        BARTIZAN_TRY(check_complete());
        add_presets();
        return Parsed{std::move(invocation_), {}};
    }

private:
    Error unknown_option(std::string_view name) const {
        std::vector<std::string_view> known{"--help"};
        for (const auto options : {command_.options, common_options(), engine_options()})
            for (const OptionSpec& option : options) known.push_back(option.name);
        return invalid_input(fmt::format("unknown option '{}' of 'bartizan {}'", name, command_.name),
                             did_you_mean(name, known, fmt::format("see 'bartizan {} --help'", command_.name)));
    }

    Result<void> read_option(std::string_view word) {
        const std::size_t equals = word.find('=');
        const std::string_view name = word.substr(0, equals);
        const OptionSpec* option = find_option(command_, name);
        if (option == nullptr) return unknown_option(name);
        std::string value;
        if (equals != std::string_view::npos) value = word.substr(equals + 1);
        if (option->kind == OptionKind::flag) {
            if (equals != std::string_view::npos) return invalid_input(fmt::format("{} takes no value", name));
            value = "true";
        } else if (equals == std::string_view::npos) {
            // A value may begin with one dash (a negative number), never with two (a forgotten value).
            if (at_ + 1 == words_.size() || words_[at_ + 1].starts_with("--"))
                return invalid_input(fmt::format("{} needs a value", name),
                                     fmt::format("write {} {}", name, option->value));
            value = words_[++at_];
        }
        return store(*option, std::move(value));
    }

    Result<void> store(const OptionSpec& option, std::string value) {
        BARTIZAN_TRY_WITHIN(check_value(option, value), std::string(option.name));
        std::string key(option.name.substr(2));
        if (option.many) {
            invocation_.lists[std::move(key)].push_back(std::move(value));
            return {};
        }
        if (invocation_.options.contains(key)) return invalid_input(fmt::format("{} is given twice", option.name));
        invocation_.options.emplace(std::move(key), std::move(value));
        return {};
    }

    Result<void> read_positional(const std::string& word) {
        const std::size_t index = invocation_.positionals.size();
        const auto specs = command_.positionals;
        const bool more = !specs.empty() && specs.back().many;
        if (index >= specs.size() && !more)
            return invalid_input(fmt::format("'{}' is one word too many", word), "usage: " + usage());
        const PositionalSpec& spec = specs[std::min(index, specs.size() - 1)];
        if (word.empty()) return invalid_input(fmt::format("{} is empty", spec.name), "usage: " + usage());
        if (!spec.choices.empty()) BARTIZAN_TRY_WITHIN(check_choice(spec.choices, word), std::string(spec.name));
        invocation_.positionals.push_back(word);
        return {};
    }

    Result<void> check_complete() const {
        for (const OptionSpec& option : command_.options)
            if (option.alone && invocation_.options.contains(option.name.substr(2))) return {};
        std::size_t needed = 0;
        for (const PositionalSpec& spec : command_.positionals) {
            if (spec.required && invocation_.positionals.size() <= needed)
                return invalid_input(fmt::format("{} is missing", spec.name), "usage: " + usage());
            ++needed;
        }
        for (const OptionSpec& option : command_.options)
            if (option.required && !invocation_.options.contains(option.name.substr(2)))
                return invalid_input(fmt::format("{} is missing", option.name), "usage: " + usage());
        return {};
    }

    void add_presets() {
        for (const auto options : {command_.options, common_options(), engine_options()})
            for (const OptionSpec& option : options)
                if (!option.preset.empty() && find_option(command_, option.name) == &option)
                    invocation_.options.emplace(option.name.substr(2), option.preset);
    }

    std::string usage() const { return cli::usage(command_); }

    const CommandSpec& command_;
    std::span<const std::string> words_;
    std::size_t at_ = 0;
    Invocation invocation_;
};

/// A command, and how many words its name took.
struct Named {
    const CommandSpec* command = nullptr;
    const GroupSpec* group = nullptr;  ///< only the group is named, its help is asked for
    std::size_t words = 1;
};

bool asks_for_help(std::string_view word) { return word == "--help" || word == "-h"; }

Result<Named> member_named(const GroupSpec& group, std::span<const std::string> words) {
    const auto members = members_of(group);
    if (words.size() < 2)
        return invalid_input(fmt::format("'bartizan {}' needs one word more", group.name), "one of " + joined(members));
    if (asks_for_help(words[1])) return Named{.group = &group};
    if (const CommandSpec* command = find_command(fmt::format("{} {}", group.name, words[1])))
        return Named{.command = command, .words = 2};
    return invalid_input(fmt::format("unknown command '{} {}'", group.name, words[1]),
                         did_you_mean(words[1], members, "one of " + joined(members)));
}

Result<Named> command_named(std::span<const std::string> words) {
    const std::string_view name = words[0];
    if (const GroupSpec* group = find_group(name)) return member_named(*group, words);
    if (const CommandSpec* command = find_command(name)) return Named{.command = command};
    std::vector<std::string_view> known;
    for (const GroupSpec& group : groups()) known.push_back(group.name);
    for (const CommandSpec& command : commands()) known.push_back(command.name);
    const bool option = name.starts_with('-');
    return invalid_input(fmt::format("unknown {} '{}'", option ? "option" : "command", name),
                         did_you_mean(name, known, "see 'bartizan --help'"));
}

/// `help`, `help COMMAND`, `help GROUP`.
Result<std::string> help_asked(std::span<const std::string> words) {
    if (words.empty()) return help();
    if (const GroupSpec* group = find_group(words[0]); group != nullptr && words.size() == 1) return help(*group);
    const Named named = BARTIZAN_TRY(command_named(words));
    return named.group != nullptr ? help(*named.group) : help(*named.command);
}

Result<Parsed> parse_checked(std::span<const std::string> words) {
    if (words.empty() || asks_for_help(words[0])) return Parsed{{}, help()};
    if (words[0] == "--version") return Parsed{{}, fmt::format("bartizan {}\n", kVersion)};
    if (words[0] == "help") return Parsed{{}, BARTIZAN_TRY(help_asked(words.subspan(1)))};
    const Named named = BARTIZAN_TRY(command_named(words));
    if (named.group != nullptr) return Parsed{{}, help(*named.group)};
    Parsed parsed = BARTIZAN_TRY(Reader(*named.command, words.subspan(named.words)).read());
    if (parsed.invocation) {
        parsed.invocation->command_line = "bartizan";
        for (const std::string& word : words) parsed.invocation->command_line += " " + quoted(word);
    }
    return parsed;
}

}  // namespace

Result<Parsed> parse(std::span<const std::string> words) {
    if (words.size() > kMostWords)
        return invalid_input(fmt::format("{} words, at most {} are read", words.size(), kMostWords));
    for (const std::string& word : words)
        if (word.size() > kLongestWord)
            return invalid_input(fmt::format("a word of {} bytes, at most {} are read", word.size(), kLongestWord));
    return parse_checked(words);
}

std::string Invocation::positional(std::size_t index) const {
    return index < positionals.size() ? positionals[index] : std::string();
}

bool Invocation::has(std::string_view name) const { return options.contains(name) || lists.contains(name); }

std::string Invocation::text(std::string_view name, std::string_view preset) const {
    const auto found = options.find(name);
    return found == options.end() ? std::string(preset) : found->second;
}

double Invocation::number(std::string_view name, double preset) const {
    const auto found = options.find(name);
    if (found == options.end()) return preset;
    const auto value = parse_number(found->second);  // checked by `parse`
    return value.ok() ? *value : preset;
}

std::int64_t Invocation::integer(std::string_view name, std::int64_t preset) const {
    const auto found = options.find(name);
    if (found == options.end()) return preset;
    const auto value = whole_number(found->second);
    return value.ok() ? *value : preset;
}

bool Invocation::flag(std::string_view name) const { return text(name) == "true"; }

std::vector<std::string> Invocation::list(std::string_view name) const {
    const auto found = lists.find(name);
    return found == lists.end() ? std::vector<std::string>() : found->second;
}

}  // namespace bartizan::cli
