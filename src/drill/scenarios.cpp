#include "drill/scenarios.h"

#include <algorithm>
#include <iterator>
#include <string>

namespace bartizan::drill {
namespace {

constexpr Scenario kScenarios[] = {
    {.name = "evasion",
     .title = "Query-based evasion",
     .adversary = "Looks for adversarial examples by scores alone (Square, Andriushchenko et al. 2020).",
     .seen_by = "similarity|theft|outliers|squeezing",
     .threat = "evasion",
     .playbook = "evasion-campaign",
     .atlas = "AML.T0043.001",
     .queries = 2'000,
     .seconds = 60,
     .asks_only = true},
    {.name = "extraction",
     .title = "Model theft",
     .adversary = "Copies the model with queries that grow along the copy's gradient (Papernot et al. 2017).",
     .seen_by = "theft|outliers|similarity",
     .threat = "extraction",
     .playbook = "model-theft",
     .atlas = "AML.T0024.002",
     .queries = 2'000,
     .seconds = 60,
     .asks_only = true},
    {.name = "membership",
     .title = "Membership probing",
     .adversary = "Asks for records of the training set and others, to tell them apart by the scores.",
     .seen_by = "membership",
     .threat = "membership",
     .playbook = "membership-probing",
     .atlas = "AML.T0024.000",
     .queries = 400,
     .seconds = 60,
     .asks_only = true},
    {.name = "tampered-model",
     .title = "Tampered model",
     .adversary = "Uploads a pickle that runs a command, and a changed model under the old signature; promotes both.",
     .seen_by = "",
     .threat = "tampering",
     .playbook = "",
     .atlas = "AML.T0018"},
    {.name = "bad-version",
     .title = "Bad version in production",
     .adversary = "Has got a bad version promoted; somebody notices and reports it while callers ask.",
     .seen_by = "",
     .threat = "tampering",
     .playbook = "tampered-artefact",
     .atlas = "AML.T0018"},
    {.name = "poisoned-upload",
     .title = "Poisoned data set",
     .adversary = "Pushes a data set with turned labels (Biggio et al. 2011); a model was made from it and serves.",
     .seen_by = "",
     .threat = "poisoning",
     .playbook = "poisoned-data",
     .atlas = "AML.T0020"},
    {.name = "stolen-key",
     .title = "Stolen key",
     .adversary = "Uses a key that is not his; its owner reports it.",
     .seen_by = "",
     .threat = "leaked-key",
     .playbook = "leaked-key",
     .atlas = "AML.T0012"},
    {.name = "stop",
     .title = "People stop the model",
     .adversary = "Nobody: the overseer takes the model away from all callers.",
     .seen_by = "",
     .threat = "",
     .playbook = "",
     .atlas = ""},
};

}  // namespace

std::span<const Scenario> scenarios() { return kScenarios; }

Result<const Scenario*> find_scenario(std::string_view name) {
    const auto found = std::ranges::find(kScenarios, name, &Scenario::name);
    if (found != std::end(kScenarios)) return &*found;
    std::string names;
    for (const Scenario& one : kScenarios) names += (names.empty() ? "" : ", ") + std::string(one.name);
    return invalid_input("'" + std::string(name.substr(0, 60)) + "' is no scenario", "there are " + names);
}

}  // namespace bartizan::drill
