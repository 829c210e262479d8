#pragma once
/// The commands of each subject, one file of this folder each. Constants.

#include <span>

#include "cli/command.h"

namespace bartizan::cli {

std::span<const CommandSpec> models_commands();
std::span<const CommandSpec> training_commands();
std::span<const CommandSpec> secrets_commands();
std::span<const CommandSpec> ownership_commands();
std::span<const CommandSpec> data_commands();
std::span<const CommandSpec> artefacts_commands();
std::span<const CommandSpec> service_commands();
std::span<const CommandSpec> access_commands();
std::span<const CommandSpec> governance_commands();
std::span<const CommandSpec> risks_commands();
std::span<const CommandSpec> schedule_commands();
std::span<const CommandSpec> budget_commands();
std::span<const CommandSpec> incidents_commands();
std::span<const CommandSpec> documents_commands();
std::span<const CommandSpec> drill_commands();
std::span<const CommandSpec> program_commands();

}  // namespace bartizan::cli
