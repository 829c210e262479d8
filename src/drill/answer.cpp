/// The playbook of a scenario: run, agreed to where it waits for people, and told by its state.
#include <fmt/format.h>

#include "drill/play.h"

namespace bartizan::drill {
namespace {

constexpr int kMostDecisions = 50;

void take(const Json& run, Outcome& outcome) {
    outcome.exercise.run = run.value("run", "");
    outcome.exercise.mode = run.value("mode", "");
    outcome.exercise.state = run.value("state", "");
    outcome.exercise.playbook = run.value("playbook", "");
    if (run.contains("reason") && run["reason"].is_string()) outcome.answered.note = run["reason"].get<std::string>();
}

/// The step that waits, if one does.
const Json* waiting_step(const Json& run) {
    const auto steps = run.find("steps");
    if (steps == run.end() || !steps->is_array()) return nullptr;
    for (const Json& step : *steps)
        if (step.value("state", "") == "waiting") return &step;
    return nullptr;
}

/// One agreement more; nothing when nobody is left who may.
std::optional<Result<Json>> agree(Play& play, const Json& run, std::size_t& next_key, std::string& last_step) {
    const Json* step = waiting_step(run);
    if (step == nullptr) return {};
    const std::string name = step->value("step", "");
    const bool approval = step->value("approvals_needed", 0) > 0;
    if (name != last_step) next_key = 0;
    last_step = name;
    if (approval && next_key >= play.options.second_keys.size()) return {};
    const std::string& key = approval ? play.options.second_keys[next_key++] : play.stage.key();
    return play.site.ask(key, "POST", "/v1/runs/" + encoded(run.value("run", "")) + "/decide",
                         {{"step", name}, {"agreed", true}, {"note", play.stage.id() + ": a drill"}});
}

}  // namespace

void answer(Play& play, Outcome& outcome, std::int64_t incident, const std::string& mode) {
    outcome.exercise.incident = incident;
    outcome.exercise.playbook = outcome.scenario->playbook;
    const auto began = Steady::now();
    auto run =
        play.site.ask(play.stage.key(), "POST", "/v1/playbooks/" + std::string(outcome.scenario->playbook) + "/run",
                      {{"incident", incident}, {"mode", mode}});
    std::size_t next_key = 0;
    std::string last_step;
    for (int i = 0; run.ok() && i < kMostDecisions && run->value("state", "") == "waiting"; ++i) {
        auto after = agree(play, *run, next_key, last_step);
        if (!after) break;
        if (!after->ok()) {
            outcome.answered.note = after->error().line();
            break;
        }
        run = std::move(*after);
    }
    outcome.answered.seconds = since(began);
    if (!run.ok()) {
        outcome.answered.held = false;
        outcome.answered.note = run.error().line();
        return;
    }
    take(*run, outcome);
    if (outcome.exercise.state == "waiting") {
        const Json* step = waiting_step(*run);
        outcome.answered.note = fmt::format("waits for a second person: {}; give --second-key for each",
                                            step == nullptr ? "a step" : step->value("name", "a step"));
        return;
    }
    if (mode != "dry") outcome.answered.held = outcome.exercise.state == "done";
}

}  // namespace bartizan::drill
