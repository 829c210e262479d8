/// The table of commands. To add one: a row in a file of commands/, and a handler in apps/engine/handlers.cpp or
/// apps/cli/light_commands.cpp.
#include "cli/command.h"

#include <algorithm>

#include "cli/commands/shared_options.h"
#include "cli/commands/tables.h"

namespace bartizan::cli {
namespace {

constexpr OptionSpec kCommon[] = {
    {.name = "--format",
     .kind = OptionKind::choice,
     .value = "F",
     .help = "how the result is printed",
     .preset = "text",
     .choices = "text|json"},
    {.name = "--out", .kind = OptionKind::path, .value = "PATH", .help = "write the result there too"},
    {.name = "--quiet", .kind = OptionKind::flag, .value = {}, .help = "no progress on standard error"},
    {.name = "--seed",
     .kind = OptionKind::integer,
     .value = "N",
     .help = "same seed, inputs and thread count: same numbers",
     .preset = "0",
     .high = kMost},
    {.name = "--threads",
     .kind = OptionKind::integer,
     .value = "N",
     .help = "0: all cores",
     .preset = "0",
     .high = 1024},
    {.name = "--fail-on",
     .kind = OptionKind::choice,
     .value = "SEVERITY",
     .help = "exit status 1 when a finding is at least this severe",
     .preset = "high",
     .choices = "info|low|medium|high|critical|never"},
};
constexpr OptionSpec kEngine[] = {
    {.name = "--device", .kind = OptionKind::text, .value = "DEVICE", .help = "cpu or cuda[:N]", .preset = "cpu"},
};

constexpr GroupSpec kGroups[] = {
    {.name = "ownership", .summary = "Marks by which a copy of a model can be told, and the tests"},
    {.name = "data", .summary = "What is wrong with a data set, who supplied it, what changed since"},
    {.name = "registry",
     .summary = "Versions of models and data sets on a server: push, promote, roll back, quarantine"},
    {.name = "key", .summary = "API keys on a server"},
    {.name = "user", .summary = "People and services on a server"},
    {.name = "role", .summary = "Who may do what on a server"},
    {.name = "alert", .summary = "What the detectors of a server raised, and what they watch"},
    {.name = "incident", .summary = "What happened on a server, how far it has come, who is told"},
    {.name = "playbook", .summary = "What is done about incidents on a server, step by step"},
    {.name = "control", .summary = "Requirements on a server and what is shown of them"},
    {.name = "evidence", .summary = "What tests and documents showed, on a server"},
    {.name = "waiver", .summary = "Requirements that are set aside on a server, for a time"},
    {.name = "inventory", .summary = "What assets on a server are for, and who answers for them"},
    {.name = "risk", .summary = "Risks on a server, scored from evidence"},
    {.name = "schedule", .summary = "When assets on a server are audited, scanned and reviewed"},
    {.name = "people", .summary = "Who answers for what, who was trained, who signed"},
    {.name = "budget", .summary = "What of the money for AI goes into its security"},
    {.name = "vendor", .summary = "Who supplies what, what he says of it, and what evidence says"},
    {.name = "card", .summary = "Model cards and data sheets of what is on a server"},
    {.name = "export", .summary = "What a server knows of an asset, for other tools and for third parties"},
    {.name = "approval", .summary = "What waits for a second person on a server"},
    {.name = "text", .summary = "Texts with what a reader cannot see taken out"},
};

std::vector<CommandSpec> joined() {
    std::vector<CommandSpec> all;
    for (const auto table :
         {models_commands(), training_commands(), secrets_commands(), ownership_commands(), data_commands(),
          artefacts_commands(), service_commands(), access_commands(), governance_commands(), risks_commands(),
          schedule_commands(), budget_commands(), incidents_commands(), drill_commands(), documents_commands(),
          program_commands()})
        all.insert(all.end(), table.begin(), table.end());
    return all;
}

const OptionSpec* find_in(std::span<const OptionSpec> options, std::string_view name) {
    const auto found = std::ranges::find(options, name, &OptionSpec::name);
    return found == options.end() ? nullptr : &*found;
}

}  // namespace

std::span<const CommandSpec> commands() {
    static const std::vector<CommandSpec> all = joined();
    return all;
}
std::span<const GroupSpec> groups() { return kGroups; }
std::span<const OptionSpec> common_options() { return kCommon; }
std::span<const OptionSpec> engine_options() { return kEngine; }

const CommandSpec* find_command(std::string_view name) {
    const auto found = std::ranges::find(commands(), name, &CommandSpec::name);
    return found == commands().end() ? nullptr : &*found;
}

const GroupSpec* find_group(std::string_view name) {
    const auto found = std::ranges::find(kGroups, name, &GroupSpec::name);
    return found == std::end(kGroups) ? nullptr : &*found;
}

std::vector<std::string_view> members_of(const GroupSpec& group) {
    std::vector<std::string_view> members;
    for (const CommandSpec& command : commands())
        if (command.name.starts_with(group.name) && command.name.substr(group.name.size()).starts_with(' '))
            members.push_back(command.name.substr(group.name.size() + 1));
    return members;
}

const OptionSpec* find_option(const CommandSpec& command, std::string_view name) {
    if (const OptionSpec* own = find_in(command.options, name)) return own;
    if (const OptionSpec* common = find_in(kCommon, name)) return common;
    return command.needs_engine ? find_in(kEngine, name) : nullptr;
}

std::vector<std::string_view> split_choices(std::string_view choices) {
    std::vector<std::string_view> parts;
    while (!choices.empty()) {
        const std::size_t bar = std::min(choices.find('|'), choices.size());
        parts.push_back(choices.substr(0, bar));
        choices.remove_prefix(std::min(bar + 1, choices.size()));
    }
    return parts;
}

}  // namespace bartizan::cli
