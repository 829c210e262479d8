/// `bartizan init FOLDER`: the way of a small firm from a model file to a guarded model, step by step.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>

#include <fmt/format.h>

#include "apps/cli/init/steps.h"
#include "apps/cli/light_commands.h"
#include "cli/output.h"
#include "core/file.h"

namespace bartizan::program {
namespace init {
namespace {

constexpr std::uint64_t kLongestAnswers = 64 * 1024;

std::string step_names() {
    std::string out;
    for (const Step& step : steps()) out += (out.empty() ? "" : ", ") + std::string(step.name);
    return out;
}

Result<std::vector<std::string>> named_steps(const cli::Invocation& invocation, const char* option) {
    std::vector<std::string> out = invocation.list(option);
    for (const std::string& name : out)
        if (std::ranges::find(steps(), name, &Step::name) == steps().end())
            return invalid_input(fmt::format("--{}: there is no step '{}'", option, name), "there are " + step_names());
    return out;
}

/// The line that a person types; nothing at the end of the input.
std::optional<std::string> ask(const Question& question) {
    fmt::print(stderr, "{}\n  ({}){}{}\n> ", question.text, question.why,
               question.choices.empty() ? "" : fmt::format(" [{}]", question.choices),
               question.preset.empty() || question.preset == "-" ? "" : fmt::format(" (empty: {})", question.preset));
    std::fflush(stderr);
    std::string line;
    if (!std::getline(std::cin, line)) return {};
    return line;
}

Result<void> take_answers(const cli::Invocation& invocation, Workspace& workspace) {
    if (invocation.has("answers")) {
        const std::string path = invocation.text("answers");
        const Json json =
            BARTIZAN_TRY_WITHIN(parse_json(BARTIZAN_TRY_WITHIN(read_file(path, kLongestAnswers), "--answers"),
                                           {.bytes = kLongestAnswers, .depth = 4}),
                                path);
        BARTIZAN_TRY(answer_all(workspace.answers(), json, path));
    }
    for (const std::string& one : invocation.list("answer")) {
        const std::size_t equals = one.find('=');
        if (equals == std::string::npos) return invalid_input("--answer: expected KEY=VALUE, not '" + one + "'");
        BARTIZAN_TRY_WITHIN(answer(workspace.answers(), one.substr(0, equals), one.substr(equals + 1)), "--answer");
    }
    const bool somebody = ::isatty(STDIN_FILENO) != 0 && ::isatty(STDERR_FILENO) != 0;
    BARTIZAN_TRY(
        complete(workspace.answers(), somebody ? ask : std::function<std::optional<std::string>(const Question&)>()));
    return workspace.save();
}

void say(const cli::Invocation& invocation, const std::string& line) {
    if (!invocation.flag("quiet")) fmt::print(stderr, "{}\n", cli::printable(line));
}

bool done_before(const Workspace& workspace, const Step& step) {
    const Outcome* outcome = workspace.outcome(step.name);
    return outcome != nullptr && (outcome->state == "done" || outcome->state == "findings");
}

/// False: nothing that follows makes sense.
Result<bool> run_step(const cli::Invocation& invocation, Workspace& workspace, const Step& step) {
    say(invocation, fmt::format("{}: {} ({}; about {} min)", step.name, step.title, step.why, step.minutes));
    const auto began = std::chrono::steady_clock::now();
    const Outcome outcome = BARTIZAN_TRY_WITHIN(step.run(workspace), std::string(step.name));
    say(invocation, fmt::format("{}: {}: {}", step.name, outcome.state, outcome.summary));
    const auto took = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - began);
    BARTIZAN_TRY(workspace.keep(step.name, outcome, took));
    return !outcome.stops;
}

Result<void> run_steps(const cli::Invocation& invocation, Workspace& workspace) {
    const auto skipped = BARTIZAN_TRY(named_steps(invocation, "skip"));
    const auto again = BARTIZAN_TRY(named_steps(invocation, "again"));
    for (const Step& step : steps()) {
        const bool wanted = std::ranges::find(again, step.name) != again.end();
        if (std::ranges::find(skipped, step.name) != skipped.end()) {
            BARTIZAN_TRY(workspace.keep(step.name, {"skipped", "skipped by whoever ran it"}, {}));
            continue;
        }
        if (done_before(workspace, step) && !wanted && step.name != "report") continue;
        if (!BARTIZAN_TRY(run_step(invocation, workspace, step))) break;
    }
    return {};
}

int status_of(const Workspace& workspace) {
    const auto grave = [&](const Step& step) {
        const Outcome* outcome = workspace.outcome(step.name);
        return outcome != nullptr && outcome->state == "findings";
    };
    return std::ranges::any_of(steps(), grave) ? 1 : 0;
}

std::string summary_of(const Workspace& workspace) {
    std::string out;
    for (const Step& step : steps()) {
        const Outcome* outcome = workspace.outcome(step.name);
        out += fmt::format("{:<10} {:<13} {}\n", step.name, outcome == nullptr ? "not run" : outcome->state,
                           outcome == nullptr ? "" : cli::printable(outcome->summary));
    }
    return out + fmt::format("\nreport     {}\n", cli::printable(workspace.path("index.html").string()));
}

std::string list_of_steps() {
    std::string out;
    for (const Step& step : steps())
        out += fmt::format("{:<10} {}\n{:<10} {} (about {} min)\n", step.name, step.title, "", step.why, step.minutes);
    out += "\nasked:\n";
    for (const Question& one : questions())
        out += fmt::format("{:<10} {}{}\n", one.key, one.text,
                           one.choices.empty() ? "" : fmt::format(" [{}]", one.choices));
    return out;
}

}  // namespace
}  // namespace init

Result<int> init_command(const cli::Invocation& invocation) {
    if (invocation.flag("list")) {
        BARTIZAN_TRY(cli::print(init::list_of_steps()));
        return 0;
    }
    const std::string folder = invocation.positional(0).empty() ? "bartizan-init" : invocation.positional(0);
    init::Workspace workspace = BARTIZAN_TRY(init::Workspace::open(folder));
    BARTIZAN_TRY(init::take_answers(invocation, workspace));
    BARTIZAN_TRY(init::run_steps(invocation, workspace));
    Json json = cli::document(invocation);
    json.update(workspace.record());
    BARTIZAN_TRY(cli::print(invocation, json, init::summary_of(workspace)));
    const int status = init::status_of(workspace);
    return invocation.text("fail-on") == "never" ? 0 : status;
}

}  // namespace bartizan::program
