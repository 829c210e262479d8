#include "incident/runs.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "crypto/random_stream.h"

namespace bartizan::incident {
namespace runs {
namespace {

constexpr std::string_view kModes[] = {"dry", "execute", "drill"};
constexpr std::string_view kColumns =
    "SELECT id, incident, playbook, digest, mode, state, variables, started, "
    "started_by, ended, reason FROM "
    "playbook_run ";

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json json_of(const Variables& variables) {
    Json out = Json::object();
    for (const auto& [name, value] : variables) out[name] = value;
    return out;
}

Result<Run> run_of(const store::Row& row) {
    Run out{.id = row.text(0), .incident = row.integer(1), .playbook = row.text(2), .digest = row.text(3)};
    out.mode = BARTIZAN_TRY(run_mode_from(row.text(4)));
    out.state = row.text(5);
    const Json variables = BARTIZAN_TRY_WITHIN(parse_json(row.text(6)), "a stored run");
    for (const auto& [name, value] : variables.items()) out.variables[name] = value.get<std::string>();
    out.started = row.integer(7);
    out.started_by = row.text(8);
    out.ended = row.integer(9);
    out.reason = row.text(10);
    return out;
}

std::vector<std::string> words_of(const std::string& text) {
    std::vector<std::string> out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find(' ', at), text.size());
        if (end > at) out.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return out;
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
    return out;
}

Result<StepVisit> visit_of(const store::Row& row) {
    StepVisit out{.position = row.integer(0),
                  .step = row.text(1),
                  .visit = row.integer(2),
                  .state = row.text(3),
                  .began = row.integer(4),
                  .ended = row.integer(5),
                  .agreed = words_of(row.text(6))};
    out.outcome = BARTIZAN_TRY_WITHIN(parse_json(row.text(7)), "a stored step");
    return out;
}

}  // namespace
}  // namespace runs

std::string_view to_string(RunMode mode) { return runs::kModes[static_cast<std::size_t>(mode)]; }
Result<RunMode> run_mode_from(std::string_view word) {
    const auto found = std::ranges::find(runs::kModes, word);
    if (found != std::end(runs::kModes)) return static_cast<RunMode>(found - std::begin(runs::kModes));
    return invalid_input("'" + std::string(word.substr(0, 40)) + "' is no mode", "dry, execute or drill");
}

Json to_json(const Run& run, const Playbook* playbook) {
    Json steps = Json::array();
    for (const StepVisit& one : run.steps) {
        Json step = {{"step", one.step}, {"visit", one.visit}, {"state", one.state}};
        if (playbook != nullptr)
            if (const auto found = playbook->steps.find(one.step); found != playbook->steps.end()) {
                step["name"] = found->second.name;
                if (found->second.approvals > 0) step["approvals_needed"] = found->second.approvals;
                if (!found->second.commands.empty() && found->second.commands[0].manual)
                    step["manual"] = found->second.commands[0].text;
            }
        if (!one.agreed.empty()) step["agreed"] = one.agreed;
        step["began"] = one.began;
        step["ended"] = one.ended == 0 ? Json() : Json(one.ended);
        step["outcome"] = one.outcome;
        steps.push_back(std::move(step));
    }
    return {{"run", run.id},
            {"incident", run.incident},
            {"playbook", run.playbook},
            {"sha256", run.digest},
            {"mode", to_string(run.mode)},
            {"state", run.state},
            {"reason", run.reason.empty() ? Json() : Json(run.reason)},
            {"variables", runs::json_of(run.variables)},
            {"started", run.started},
            {"started_by", run.started_by},
            {"ended", run.ended == 0 ? Json() : Json(run.ended)},
            {"steps", steps}};
}

Variables variables_of(const Incident& incident) {
    Variables out{{"__incident__", std::to_string(incident.number)},
                  {"__threat__", incident.threat},
                  {"__severity__", incident.severity},
                  {"__principal__", incident.principals.empty() ? "" : incident.principals[0]},
                  {"__model__", ""},
                  {"__version__", ""},
                  {"__dataset__", ""},
                  {"__dataset_version__", ""}};
    for (const std::string& version : incident.versions) {
        const auto colon = version.find(':'), at = version.rfind('@');
        if (colon == std::string::npos) continue;
        const bool data = version.starts_with("data:");
        std::string& name = out[data ? "__dataset__" : "__model__"];
        if (!name.empty()) continue;
        name = version.substr(colon + 1, at == std::string::npos ? at : at - colon - 1);
        if (at != std::string::npos) out[data ? "__dataset_version__" : "__version__"] = version.substr(at + 1);
    }
    return out;
}

Result<std::vector<InstalledPlaybook>> Runs::playbooks() {
    std::map<std::string, InstalledPlaybook> all;
    for (const ShippedPlaybook& one : shipped_playbooks()) {
        const auto parsed = BARTIZAN_TRY_WITHIN(parse_playbook(one.document), std::string(one.name));
        all[std::string(one.name)] = {std::string(one.name), parsed.digest, std::string(one.document), true, 0, ""};
    }
    for (const store::Row& row : BARTIZAN_TRY(journal_.database().run("SELECT name, digest, document, installed, "
                                                                      "installed_by FROM playbook")))
        all[row.text(0)] = {row.text(0), row.text(1), row.text(2), false, row.integer(3), row.text(4)};
    std::vector<InstalledPlaybook> out;
    for (auto& [name, one] : all) out.push_back(std::move(one));
    return out;
}

Result<InstalledPlaybook> Runs::playbook(const std::string& name) {
    for (InstalledPlaybook& one : BARTIZAN_TRY(playbooks()))
        if (one.name == name) return std::move(one);
    return Error(Errc::not_found, "there is no playbook '" + name.substr(0, 80) + "'", "bartizan playbook list");
}

Result<InstalledPlaybook> Runs::install(const std::string& actor, const std::string& name,
                                        const std::string& document) {
    const bool plain = !name.empty() && name.size() <= 64 &&
                       name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
    if (!plain) return invalid_input("a playbook is named with a-z, 0-9 and -");
    const Playbook parsed = BARTIZAN_TRY(parse_playbook(document));
    InstalledPlaybook out{name, parsed.digest, document, false, clock_(), actor};
    BARTIZAN_TRY(journal_.act([&](store::Transaction& transaction) -> Result<ledger::Event> {
        BARTIZAN_TRY(transaction.run("DELETE FROM playbook WHERE name = :name", {name}));
        BARTIZAN_TRY(transaction.run("INSERT INTO playbook VALUES (:name, :digest, :document, :at, :by)",
                                     {name, parsed.digest, document, out.installed, actor}));
        return ledger::Event{
            "playbook.install", actor, "playbook:" + name, {{"id", parsed.id}, {"sha256", parsed.digest}}};
    }));
    return out;
}

Result<Run> Runs::start(const std::string& actor, const std::string& name, std::int64_t number, RunMode mode,
                        Variables variables) {
    const InstalledPlaybook installed = BARTIZAN_TRY(playbook(name));
    const Playbook parsed = BARTIZAN_TRY_WITHIN(parse_playbook(installed.document), "playbook '" + name + "'");
    const Incident incident = BARTIZAN_TRY(cases_.find(number));
    const Variables known = variables_of(incident);
    Run run{.incident = number, .playbook = name, .digest = parsed.digest, .mode = mode, .state = "running"};
    run.variables = parsed.variables;
    for (const auto& [key, value] : variables) {
        if (std::ranges::find(parsed.external, key) == parsed.external.end())
            return invalid_input("the playbook takes no variable '" + key.substr(0, 80) + "' from outside");
        run.variables[key] = value;
    }
    for (const std::string& key : parsed.external) {
        if (run.variables[key].empty())
            if (const auto found = known.find(key); found != known.end()) run.variables[key] = found->second;
        if (run.variables[key].empty())
            return invalid_input("the playbook needs " + key + ", and the incident does not tell it",
                                 "--variable " + key + "=VALUE");
    }
    auto random = BARTIZAN_TRY(crypto::RandomStream::from_system());
    run.id = fmt::format("run-{:016x}", random.bits64());
    run.started = clock_();
    run.started_by = actor;
    BARTIZAN_TRY(cases_.change(actor, number, [&](store::Transaction& transaction, Incident&) -> Result<TimelineEntry> {
        BARTIZAN_TRY(transaction.run(
            "INSERT INTO playbook_run VALUES (:id, :incident, :playbook, "
            ":digest, :document, :mode, :state, "
            ":variables, "
            ":started, :by, 0, :reason)",
            {run.id, number, name, run.digest, installed.document, std::string(to_string(mode)), run.state,
             runs::text_of(runs::json_of(run.variables)), run.started, actor, std::string()}));
        return TimelineEntry{
            .kind = "playbook",
            .text = fmt::format("{} began ({})", name, to_string(mode)),
            .details = {{"run", run.id}, {"playbook", name}, {"sha256", run.digest}, {"mode", to_string(mode)}}};
    }));
    return walk(std::move(run), installed.document);
}

Result<Run> Runs::find(const std::string& id) {
    const auto rows = BARTIZAN_TRY(journal_.database().run(std::string(runs::kColumns) + "WHERE id = :id", {id}));
    if (rows.empty()) return Error(Errc::not_found, "there is no run '" + id.substr(0, 60) + "'");
    Run out = BARTIZAN_TRY(runs::run_of(rows[0]));
    for (const store::Row& row :
         BARTIZAN_TRY(journal_.database().run("SELECT position, step, visit, state, began, ended, agreed, outcome "
                                              "FROM playbook_step WHERE run = :run "
                                              "ORDER BY position",
                                              {id})))
        out.steps.push_back(BARTIZAN_TRY(runs::visit_of(row)));
    return out;
}

Result<std::vector<Run>> Runs::list(std::int64_t incident) {
    std::vector<Run> out;
    for (const store::Row& row : BARTIZAN_TRY(journal_.database().run(
             std::string(runs::kColumns) + "WHERE incident = :incident ORDER BY started DESC, id", {incident})))
        out.push_back(BARTIZAN_TRY(runs::run_of(row)));
    return out;
}

Result<bool> Runs::drilled(const std::string& digest, std::int64_t within) {
    const auto rows =
        BARTIZAN_TRY(journal_.database().run("SELECT 1 FROM playbook_run WHERE digest = :digest AND mode = :mode AND "
                                             "state = :state AND ended >= :since LIMIT 1",
                                             {digest, std::string("drill"), std::string("done"), clock_() - within}));
    return !rows.empty();
}

namespace runs {
namespace {

Result<std::string> document_of(store::Database& database, const std::string& id) {
    const auto rows = BARTIZAN_TRY(database.run("SELECT document FROM playbook_run WHERE id = :id", {id}));
    if (rows.empty()) return Error(Errc::not_found, "there is no run '" + id.substr(0, 60) + "'");
    return rows[0].text(0);
}

}  // namespace
}  // namespace runs

Result<Run> Runs::decide(const std::string& actor, const std::string& id, const std::string& step, bool agreed,
                         const std::string& note) {
    Run run = BARTIZAN_TRY(find(id));
    const std::string document = BARTIZAN_TRY(runs::document_of(journal_.database(), id));
    const Playbook playbook = BARTIZAN_TRY(parse_playbook(document));
    const auto waiting = std::ranges::find_if(
        run.steps, [&](const StepVisit& one) { return one.state == "waiting" && (step.empty() || one.step == step); });
    if (waiting == run.steps.end() || run.state == "aborted")
        return Error(Errc::conflict, "no such step of the run waits for anybody");
    const Step& asked = playbook.steps.at(waiting->step);
    const bool approval = asked.approvals > 0;
    if (approval && actor == run.started_by)
        return Error(Errc::denied, "others than the one who started the run agree to its steps");
    if (std::ranges::find(waiting->agreed, actor) != waiting->agreed.end())
        return Error(Errc::conflict, "you have agreed already");
    if (agreed) waiting->agreed.push_back(actor);
    const bool manual = !asked.commands.empty() && asked.commands[0].manual;
    const bool enough = static_cast<std::int64_t>(waiting->agreed.size()) >= std::max<std::int64_t>(asked.approvals, 1);
    if (!agreed) {
        waiting->state = "rejected";
        waiting->ended = clock_();
    } else if (enough && manual) {
        waiting->state = "done";
        waiting->ended = clock_();
    }
    waiting->outcome = {{"by", actor}, {"note", note}};
    BARTIZAN_TRY(record(run, *waiting, agreed ? "agreed" : "rejected", actor));
    if (agreed && !enough) return run;
    return walk(std::move(run), document);
}

Result<std::size_t> Runs::expire() {
    std::size_t expired = 0;
    const auto rows = BARTIZAN_TRY(
        journal_.database().run("SELECT id FROM playbook_run WHERE state = :state", {std::string("waiting")}));
    for (const store::Row& row : rows) {
        Run run = BARTIZAN_TRY(find(row.text(0)));
        const std::string document = BARTIZAN_TRY(runs::document_of(journal_.database(), run.id));
        const Playbook playbook = BARTIZAN_TRY(parse_playbook(document));
        bool any = false;
        for (StepVisit& one : run.steps) {
            const auto step = playbook.steps.find(one.step);
            if (one.state != "waiting" || step == playbook.steps.end() || step->second.timeout_ms == 0) continue;
            if ((clock_() - one.began) * 1000 <= step->second.timeout_ms) continue;
            one.state = "failed";
            one.ended = clock_();
            one.outcome = {{"reason", fmt::format("nobody agreed within {} s", step->second.timeout_ms / 1000)}};
            BARTIZAN_TRY(record(run, one, "waited too long", run.started_by));
            any = true;
        }
        if (!any) continue;
        ++expired;
        const auto walked = walk(std::move(run), document);
        if (!walked.ok() && walked.error().code() != Errc::conflict) return walked.error();  // somebody goes on with it
    }
    return expired;
}

Result<Run> Runs::resume(const std::string& actor, const std::string& id) {
    Run run = BARTIZAN_TRY(find(id));
    if (run.state == "done" || run.state == "aborted")
        return Error(Errc::conflict, "the run has ended: it is " + run.state);
    const std::string document = BARTIZAN_TRY(runs::document_of(journal_.database(), id));
    for (StepVisit& one : run.steps) {
        if (one.state != "failed" && one.state != "rejected") continue;
        one.state = "begun";  // tried again
        BARTIZAN_TRY(record(run, one, "tried again", actor));
    }
    return walk(std::move(run), document);
}

Result<Run> Runs::abort(const std::string& actor, const std::string& id, const std::string& reason) {
    Run run = BARTIZAN_TRY(find(id));
    if (run.state == "done" || run.state == "aborted")
        return Error(Errc::conflict, "the run has ended: it is " + run.state);
    if (reason.empty()) return invalid_input("to abort a run needs a reason");
    BARTIZAN_TRY(finish(run, "aborted", reason, actor));
    return run;
}

Result<void> Runs::record(const Run& run, const StepVisit& visit, const std::string& what, const std::string& actor) {
    const auto done =
        cases_.change(actor, run.incident, [&](store::Transaction& transaction, Incident&) -> Result<TimelineEntry> {
            BARTIZAN_TRY(
                transaction.run("DELETE FROM playbook_step WHERE run = "
                                ":run AND step = :step AND visit = :visit",
                                {run.id, visit.step, visit.visit}));
            BARTIZAN_TRY(
                transaction.run("INSERT INTO playbook_step VALUES (:run, :position, :step, :visit, "
                                ":state, :began, "
                                ":ended, :agreed, :outcome)",
                                {run.id, visit.position, visit.step, visit.visit, visit.state, visit.began, visit.ended,
                                 runs::joined(visit.agreed), runs::text_of(visit.outcome)}));
            return TimelineEntry{.kind = "step",
                                 .text = fmt::format("{}: {} {}", run.playbook, visit.step, what),
                                 .details = {{"run", run.id},
                                             {"step", visit.step},
                                             {"visit", visit.visit},
                                             {"state", visit.state},
                                             {"mode", to_string(run.mode)},
                                             {"outcome", visit.outcome}}};
        });
    return done.ok() ? Result<void>() : Result<void>(done.error());
}

Result<void> Runs::finish(Run& run, const std::string& state, const std::string& reason, const std::string& actor) {
    run.state = state;
    run.reason = reason;
    run.ended = state == "waiting" ? 0 : clock_();
    const auto done =
        cases_.change(actor, run.incident, [&](store::Transaction& transaction, Incident&) -> Result<TimelineEntry> {
            // The variables stay those of the start: a replay gives them their
            // later values again.
            BARTIZAN_TRY(
                transaction.run("UPDATE playbook_run SET state = :state, reason = "
                                ":reason, ended = :ended WHERE id = :id",
                                {state, reason, run.ended, run.id}));
            return TimelineEntry{.kind = "playbook",
                                 .text = fmt::format("{} is {}", run.playbook, state),
                                 .details = {{"run", run.id}, {"state", state}, {"reason", reason}}};
        });
    return done.ok() ? Result<void>() : Result<void>(done.error());
}

}  // namespace bartizan::incident
