#pragma once
/// Runs of playbooks. A run is replayed from its start whenever it goes on:
/// steps whose outcome is recorded are not done again, so a run goes on after a
/// failure, a wait for people, or a crash of the process. Before a step acts,
/// that it begins is in the ledger; after it, its outcome. A step that a crash
/// cut short is done again when the run is resumed: the service's actions are
/// such that once more does no harm (`from` of a rollback, for one).
///
/// Dry runs record what they would do and change nothing. In a real run an
/// evidence hold is taken before the first call that changes anything, if the
/// incident has none. Thread rule: any thread; one run is walked by one caller
/// at a time, its parallel branches by threads of their own.

#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "incident/actions.h"
#include "incident/cases.h"
#include "playbook/playbook.h"

namespace bartizan::incident {

using playbook::Command;
using playbook::holds;
using playbook::parse_playbook;
using playbook::Playbook;
using playbook::Quoting;
using playbook::shipped_playbooks;
using playbook::ShippedPlaybook;
using playbook::Step;
using playbook::StepKind;
using playbook::substitute;
using playbook::Variables;

enum class RunMode : std::uint8_t { dry, execute, drill };
std::string_view to_string(RunMode mode);
Result<RunMode> run_mode_from(std::string_view word);

struct StepVisit {
    std::int64_t position = 0;
    std::string step;
    std::int64_t visit = 0;
    std::string state;  ///< "waiting", "begun", "done", "failed", "rejected"
    std::int64_t began = 0, ended = 0;
    std::vector<std::string> agreed;
    Json outcome = Json::object();
};

struct Run {
    std::string id;
    std::int64_t incident = 0;
    std::string playbook;  ///< its name
    std::string digest;
    RunMode mode = RunMode::dry;
    std::string state;  ///< "running", "waiting", "failed", "done", "aborted"
    Variables variables;
    std::int64_t started = 0, ended = 0;
    std::string started_by, reason;
    std::vector<StepVisit> steps;
};
Json to_json(const Run& run, const Playbook* playbook);

struct InstalledPlaybook {
    std::string name, digest, document;
    bool shipped = false;
    std::int64_t installed = 0;
    std::string installed_by;
};

class Runs final {
public:
    using Clock = std::function<std::int64_t()>;
    static constexpr std::int64_t kMostVisits = 300;  ///< of all steps of one run
    Runs(journal::Journal& journal, Cases& cases, Actions& actions, Clock clock)
        : journal_(journal), cases_(cases), actions_(actions), clock_(std::move(clock)) {}

    /// Shipped ones and those that were installed; an installed one goes before a
    /// shipped one of its name.
    Result<std::vector<InstalledPlaybook>> playbooks();
    Result<InstalledPlaybook> playbook(const std::string& name);
    /// Fails as `parse_playbook` does.
    Result<InstalledPlaybook> install(const std::string& actor, const std::string& name, const std::string& document);

    /// Starts a run and walks it as far as it goes. Variables that the playbook
    /// wants from outside and nobody gave are taken from the incident.
    Result<Run> start(const std::string& actor, const std::string& playbook, std::int64_t incident, RunMode mode,
                      Variables variables);
    Result<Run> find(const std::string& id);
    /// Newest first; without steps.
    Result<std::vector<Run>> list(std::int64_t incident);
    /// A person agrees to a step or has done it, or not. Whoever started the run
    /// does not agree to it, and nobody twice. Goes on when enough have agreed.
    Result<Run> decide(const std::string& actor, const std::string& id, const std::string& step, bool agreed,
                       const std::string& note);
    /// Tries a failed run again from where it stopped, or goes on with one that a
    /// crash cut short.
    Result<Run> resume(const std::string& actor, const std::string& id);
    Result<Run> abort(const std::string& actor, const std::string& id, const std::string& reason);

    /// Steps that wait for people longer than their timeout fail, and their runs go on from there. Gives how many.
    Result<std::size_t> expire();

    /// Did a drill of exactly this document end well within so many seconds?
    Result<bool> drilled(const std::string& digest, std::int64_t within);

private:
    struct Walk;
    enum class Went : std::uint8_t { on, failed, waits };
    Result<Run> walk(Run run, const std::string& document);
    Result<Went> follow(Walk& walk, std::string step);
    Result<Went> follow_all(Walk& walk, const std::vector<std::string>& branches);
    Result<Went> visit_action(Walk& walk, const Step& step, StepVisit& visit);
    Result<Went> act(Walk& walk, const Step& step, StepVisit& visit);
    Result<Json> one_call(Walk& walk, const Command& command);
    Result<void> hold_first(Walk& walk);
    Result<void> record(const Run& run, const StepVisit& visit, const std::string& what, const std::string& actor);
    Result<void> finish(Run& run, const std::string& state, const std::string& reason, const std::string& actor);
    Result<StepVisit*> visit_of(Walk& walk, const std::string& id, std::int64_t number);

    journal::Journal& journal_;
    Cases& cases_;
    Actions& actions_;
    Clock clock_;
    std::mutex mutex_;
    std::set<std::string> walking_;
};

/// What a playbook's variables are for an incident: "__incident__",
/// "__model__", "__version__", "__dataset__" ...
Variables variables_of(const Incident& incident);

}  // namespace bartizan::incident
