/// How a run is walked: from its start, past what is done already, to where it ends, fails or waits.
#include <algorithm>
#include <chrono>
#include <exception>
#include <map>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "incident/runs.h"

namespace bartizan::incident {
namespace walking {
namespace {

std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

/// Members of an answer that the step hands on to later ones.
void take_arguments(const Step& step, const Json& answer, Variables& variables) {
    for (const std::string& name : step.out_args) {
        const auto found = answer.is_object() ? answer.find(name.substr(2, name.size() - 4)) : answer.end();
        if (!answer.is_object() || found == answer.end()) continue;
        variables[name] = found->is_string() ? found->get<std::string>() : dumped(*found);
    }
}

/// An answer as far as it is kept with a step.
Json kept(const Json& answer) {
    constexpr std::size_t kMost = 4000;
    const std::string text = dumped(answer);
    return text.size() <= kMost ? answer : Json{{"shortened", text.substr(0, 1000)}};
}

/// Lets others walk meanwhile.
class Released {
public:
    explicit Released(std::mutex& mutex) : mutex_(mutex) { mutex_.unlock(); }
    ~Released() { mutex_.lock(); }
    Released(const Released&) = delete;
    Released& operator=(const Released&) = delete;

private:
    std::mutex& mutex_;
};

bool changes(const Command& command) {
    if (command.manual || command.method == "GET") return false;
    // What only tells or keeps changes nothing of the system.
    for (const std::string_view tail : {"/hold", "/messages", "/tasks", "/notes", "/clocks", "/ticket", "/anchors"})
        if (command.target.starts_with("/v1/incidents/") && command.target.ends_with(tail)) return false;
    return true;
}

}  // namespace
}  // namespace walking

/// A run on its way, with what was recorded of its steps. Branches walk on threads of their own; whoever walks holds
/// the mutex, but while a call of the service is under way.
struct Runs::Walk {
    Run& run;
    const Playbook& playbook;
    std::mutex mutex = {};
    std::map<std::string, std::int64_t> visits = {};  ///< of each step, in this replay
    std::int64_t all_visits = 0;
    std::string failure = {};
};

Result<Run> Runs::walk(Run run, const std::string& document) {
    {
        const std::lock_guard lock(mutex_);
        if (!walking_.insert(run.id).second) return Error(Errc::conflict, "the run is on its way already");
    }
    struct Release {
        Runs& runs;
        const std::string id;
        ~Release() {
            const std::lock_guard lock(runs.mutex_);
            runs.walking_.erase(id);
        }
    } const release{*this, run.id};
    const Playbook playbook = BARTIZAN_TRY(parse_playbook(document));
    Walk walk{run, playbook};
    const std::lock_guard walking(walk.mutex);
    const Went went = BARTIZAN_TRY(follow(walk, playbook.start));
    const std::string state = went == Went::on ? "done" : went == Went::waits ? "waiting" : "failed";
    BARTIZAN_TRY(finish(run, state, went == Went::failed ? walk.failure : "", run.started_by));
    return run;
}

/// Walks a chain of steps to its end.
Result<Runs::Went> Runs::follow(Walk& walk, std::string id) {
    while (!id.empty()) {
        if (++walk.all_visits > kMostVisits) {
            walk.failure = fmt::format("more than {} steps: is there a loop that never ends?", kMostVisits);
            return Went::failed;
        }
        const Step& step = walk.playbook.steps.at(id);
        const std::int64_t number = ++walk.visits[id];
        switch (step.kind) {
            case StepKind::start:
                id = step.on_completion;
                break;
            case StepKind::end:
                return Went::on;
            case StepKind::action: {
                StepVisit& visit = *BARTIZAN_TRY(visit_of(walk, id, number));
                const Went went = BARTIZAN_TRY(visit_action(walk, step, visit));
                if (went == Went::waits) return went;
                if (went == Went::failed && step.on_failure.empty()) return went;
                id = went == Went::failed      ? step.on_failure
                     : step.on_success.empty() ? step.on_completion
                                               : step.on_success;
                break;
            }
            case StepKind::parallel: {
                const Went all = BARTIZAN_TRY(follow_all(walk, step.next_steps));
                if (all != Went::on) return all;
                id = step.on_completion;
                break;
            }
            case StepKind::if_condition: {
                const bool yes = BARTIZAN_TRY(holds(step.condition, walk.run.variables));
                const std::string& branch = yes ? step.on_true : step.on_false;
                if (!branch.empty()) {
                    const Went went = BARTIZAN_TRY(follow(walk, branch));
                    if (went != Went::on) return went;
                }
                id = step.on_completion;
                break;
            }
            case StepKind::while_condition: {
                while (BARTIZAN_TRY(holds(step.condition, walk.run.variables))) {
                    const Went went = BARTIZAN_TRY(follow(walk, step.on_true));
                    if (went != Went::on) return went;
                    if (walk.run.mode == RunMode::dry) break;  // nothing changes in a dry run: once around shows it
                }
                id = step.on_completion;
                break;
            }
        }
    }
    return Went::on;
}

/// Branches side by side: all of them run, whatever comes of the others.
Result<Runs::Went> Runs::follow_all(Walk& walk, const std::vector<std::string>& branches) {
    struct Branch {
        Went went = Went::failed;
        std::optional<Error> error = {};
        std::exception_ptr thrown = {};
    };
    std::vector<Branch> all(branches.size());
    {
        const walking::Released released(walk.mutex);
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < branches.size(); ++i)
            threads.emplace_back([&, i] {
                const std::lock_guard lock(walk.mutex);
                try {
                    const auto went = follow(walk, branches[i]);
                    if (went.ok())
                        all[i].went = *went;
                    else
                        all[i].error = went.error();
                } catch (...) {
                    all[i].thrown = std::current_exception();  // for whoever began the run
                }
            });
    }
    Went together = Went::on;
    for (const Branch& one : all) {
        if (one.thrown) std::rethrow_exception(one.thrown);
        if (one.error) return *one.error;
        if (one.went == Went::failed || (one.went == Went::waits && together == Went::on)) together = one.went;
    }
    return together;
}

/// What is recorded of a visit, or a new one.
Result<StepVisit*> Runs::visit_of(Walk& walk, const std::string& id, std::int64_t number) {
    for (StepVisit& one : walk.run.steps)
        if (one.step == id && one.visit == number) return &one;
    StepVisit fresh{.position = static_cast<std::int64_t>(walk.run.steps.size()) + 1, .step = id, .visit = number};
    walk.run.steps.reserve(static_cast<std::size_t>(kMostVisits) + 1);  // pointers to visits stay
    walk.run.steps.push_back(std::move(fresh));
    return &walk.run.steps.back();
}

Result<Runs::Went> Runs::visit_action(Walk& walk, const Step& step, StepVisit& visit) {
    const bool dry = walk.run.mode == RunMode::dry;
    if (visit.state == "done") {
        walking::take_arguments(step, visit.outcome.value("answer", Json()), walk.run.variables);
        return Went::on;
    }
    if (visit.state == "failed" || visit.state == "rejected") {
        walk.failure = fmt::format("'{}': {}", step.name, visit.outcome.value("reason", "it was rejected"));
        return Went::failed;
    }
    const bool manual = step.commands[0].manual;
    const auto agreed = static_cast<std::int64_t>(visit.agreed.size());
    const bool needs_people = manual || agreed < step.approvals;
    if (needs_people && !dry) {
        if (visit.state == "waiting") return Went::waits;
        visit.state = "waiting";
        visit.began = clock_();
        BARTIZAN_TRY(record(walk.run, visit, "waits for people", walk.run.started_by));
        return Went::waits;
    }
    return act(walk, step, visit);
}

Result<Runs::Went> Runs::act(Walk& walk, const Step& step, StepVisit& visit) {
    const bool dry = walk.run.mode == RunMode::dry;
    const bool changes = std::ranges::any_of(step.commands, walking::changes);
    if (!dry && changes) {
        const auto held = hold_first(walk);
        if (!held.ok()) {  // nothing is changed that is not held
            walk.failure = "the evidence hold: " + held.error().line();
            return Went::failed;
        }
    }
    visit.began = clock_();
    visit.state = "begun";
    if (!dry && changes) BARTIZAN_TRY(record(walk.run, visit, "begins", walk.run.started_by));
    Result<Json> answer = Json::object();
    const auto began = std::chrono::steady_clock::now();
    for (const Command& command : step.commands) {
        answer = dry && command.manual ? Result<Json>(Json{{"would_wait_for", command.text}}) : one_call(walk, command);
        const auto took = std::chrono::steady_clock::now() - began;
        // A call is not cut short: what it did would not be known.
        if (answer.ok() && step.timeout_ms > 0 && took > std::chrono::milliseconds(step.timeout_ms))
            answer = Error(Errc::unavailable, fmt::format("it took longer than its timeout of {} ms", step.timeout_ms));
        if (!answer.ok()) break;
    }
    visit.ended = clock_();
    if (!answer.ok()) {
        visit.state = "failed";
        visit.outcome = {{"reason", answer.error().line()}};
        walk.failure = fmt::format("'{}': {}", step.name, answer.error().line());
        BARTIZAN_TRY(record(walk.run, visit, dry ? "would fail" : "failed", walk.run.started_by));
        return Went::failed;
    }
    visit.state = "done";
    visit.outcome = {{"answer", walking::kept(*answer)}};
    walking::take_arguments(step, *answer, walk.run.variables);
    BARTIZAN_TRY(record(walk.run, visit, dry ? "would be done" : "done", walk.run.started_by));
    return Went::on;
}

Result<Json> Runs::one_call(Walk& walk, const Command& command) {
    ServiceCall call{.method = command.method, .actor = walk.run.started_by};
    call.target = BARTIZAN_TRY(substitute(command.target, walk.run.variables, Quoting::address));
    call.body = BARTIZAN_TRY(substitute(command.content, walk.run.variables, Quoting::json));
    if (walk.run.mode != RunMode::dry) {
        const walking::Released released(walk.mutex);
        return actions_.call(call);
    }
    BARTIZAN_TRY(actions_.check(call));
    return Json{{"would_call", call.method + " " + call.target}, {"with", call.body}};
}

Result<void> Runs::hold_first(Walk& walk) {
    for (const Hold& one : BARTIZAN_TRY(cases_.holds(walk.run.incident)))
        if (one.released == 0) return {};
    const Incident incident = BARTIZAN_TRY(cases_.find(walk.run.incident));
    const Json manifest = BARTIZAN_TRY(actions_.snapshot(incident));
    const auto held = cases_.hold(walk.run.started_by, incident.number, manifest, incident.versions);
    return held.ok() ? Result<void>() : Result<void>(held.error());
}

}  // namespace bartizan::incident
