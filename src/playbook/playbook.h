#pragma once
/// Playbooks as OASIS CACAO 2.0 JSON: read, held against the rules of its
/// schema, and the subset that is executed here: start, end, action (http-api
/// to this service, manual), parallel, if-condition, while-condition. What is
/// valid CACAO and not of the subset (bash, ssh, switch ...) is refused as
/// `unsupported`; nothing is skipped silently. Pure.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bartizan/result.h"
#include "core/json.h"

namespace bartizan::playbook {

inline constexpr std::size_t kLongestPlaybook = 1 << 20;
inline constexpr std::size_t kMostSteps = 500;

/// The extension of ours: how many people must agree before a step, on
/// `step_extensions`.
inline constexpr std::string_view kApprovalExtension = "extension-definition--5c1a4f0e-6f5c-4b0f-9c64-8f0f3c1b7a01";

enum class StepKind : std::uint8_t { start, end, action, parallel, if_condition, while_condition };

struct Command {
    bool manual = false;
    std::string method, target;  ///< of http-api, with variables still in it
    std::string content;         ///< its body
    std::string text;            ///< of manual: what a person is to do
};

struct Step {
    StepKind kind = StepKind::end;
    std::string name;
    std::vector<Command> commands;
    std::string on_completion, on_success,
        on_failure;  ///< ids of steps; empty: none
    std::string condition;
    std::string on_true, on_false;
    std::vector<std::string> next_steps;
    std::vector<std::string> out_args;  ///< "__version__": takes member "version" of the answer
    std::int64_t approvals = 0;         ///< people who must agree before it is done
    std::int64_t timeout_ms = 0;        ///< a step that takes longer fails; 0: it may take any time
};

struct Playbook {
    std::string id, name, description;
    std::vector<std::string> types, labels;
    std::map<std::string, std::string> variables;  ///< with their values, those from outside empty
    std::vector<std::string> external;             ///< variables that the run must be given
    std::string start;
    std::map<std::string, Step> steps;
    std::string digest;  ///< SHA-256 of the document as it is
};

/// Fails with `invalid_input` naming the member that breaks a rule of CACAO, or
/// `unsupported` for what is not executed.
Result<Playbook> parse_playbook(std::string_view document);

using Variables = std::map<std::string, std::string>;
/// How a value is written where it is put: as it is, within a text of JSON, or
/// within an address.
enum class Quoting : std::uint8_t { none, json, address };
/// Puts values in the place of "__name__:value". Fails with `invalid_input` for
/// a variable that is not there.
Result<std::string> substitute(std::string_view text, const Variables& variables, Quoting quoting = Quoting::none);
/// "__a__:value = 'x' AND __b__:value != 'y'": =, ==, !=, <, <=, >, >= (as
/// numbers), all of them must hold.
Result<bool> holds(std::string_view condition, const Variables& variables);

struct ShippedPlaybook {
    std::string_view name;  ///< "evasion-campaign"
    std::string_view document;
};
std::vector<ShippedPlaybook> shipped_playbooks();

}  // namespace bartizan::playbook
