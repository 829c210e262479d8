#include "incident/cases.h"

#include <algorithm>

#include <fmt/format.h>

namespace bartizan::incident {
namespace cases {
namespace {

using store::Transaction;

constexpr std::string_view kColumns =
    "SELECT number, threat, title, severity, state, owner, opened, "
    "last_signal, body FROM incident ";
constexpr std::size_t kLongestText = 10'000;

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Result<Incident> incident_of(const store::Row& row) {
    Incident out{.number = row.integer(0), .threat = row.text(1), .title = row.text(2), .severity = row.text(3)};
    out.state = BARTIZAN_TRY(progress_from(row.text(4)));
    out.owner = row.text(5);
    out.opened = row.integer(6);
    out.last_signal = row.integer(7);
    BARTIZAN_TRY(read_body(BARTIZAN_TRY_WITHIN(parse_json(row.text(8)), "a stored incident"), out));
    return out;
}

Result<Incident> load(Transaction& transaction, std::int64_t number) {
    const auto rows = BARTIZAN_TRY(transaction.run(std::string(kColumns) + "WHERE number = :number", {number}));
    if (rows.empty()) return Error(Errc::not_found, fmt::format("there is no incident {}", number));
    return incident_of(rows[0]);
}

Result<void> save(Transaction& transaction, const Incident& incident) {
    BARTIZAN_TRY(
        transaction.run("UPDATE incident SET threat = :threat, title = :title, severity = "
                        ":severity, state = "
                        ":state, owner = :owner, last_signal = :last, body = :body WHERE number "
                        "= :number",
                        {incident.threat, incident.title, incident.severity, std::string(to_string(incident.state)),
                         incident.owner, incident.last_signal, text_of(body_of(incident)), incident.number}));
    return {};
}

Result<void> insert(Transaction& transaction, Incident& incident) {
    incident.number = BARTIZAN_TRY(transaction.run("SELECT COALESCE(MAX(number), 0) + 1 FROM incident"))[0].integer(0);
    BARTIZAN_TRY(transaction.run(
        "INSERT INTO incident VALUES (:number, :threat, :title, :severity, "
        ":state, :owner, :opened, :last, :body)",
        {incident.number, incident.threat, incident.title, incident.severity, std::string(to_string(incident.state)),
         incident.owner, incident.opened, incident.last_signal, text_of(body_of(incident))}));
    return {};
}

Result<void> add_entry(Transaction& transaction, std::int64_t incident, const TimelineEntry& entry) {
    BARTIZAN_TRY(
        transaction.run("INSERT INTO incident_entry SELECT :incident, COALESCE(MAX(position), 0) "
                        "+ 1, :at, :actor, :kind, :text, "
                        ":details FROM incident_entry WHERE incident = :again",
                        {incident, entry.at, entry.actor, entry.kind, entry.text, text_of(entry.details), incident}));
    return {};
}

void add_once(std::vector<std::string>& list, const std::string& one) {
    if (!one.empty() && list.size() < Cases::kMostListed && std::ranges::find(list, one) == list.end())
        list.push_back(one);
}

/// Puts a signal into an incident; true: its severity rose.
bool join(Incident& incident, const Signal& signal, std::int64_t now) {
    add_once(incident.versions, signal.version);
    add_once(incident.atlas, signal.atlas);
    for (const std::string& principal : signal.principals) add_once(incident.principals, principal);
    const auto same = std::ranges::find_if(incident.signals, [&](const SeenSignal& one) {
        return one.detector == signal.detector && one.version == signal.version && one.title == signal.title;
    });
    if (same != incident.signals.end()) {
        ++same->times;
        same->last = now;
    } else if (incident.signals.size() < Cases::kMostListed) {
        incident.signals.push_back(
            {signal.detector, signal.version, signal.title, 1, signal.first == 0 ? now : signal.first, now});
    }
    incident.last_signal = now;
    if (severity_rank(signal.severity).value_or(0) <= severity_rank(incident.severity).value_or(0)) return false;
    incident.severity = signal.severity;
    return true;
}

Incident opened(const Signal& signal, const std::string& threat, std::int64_t now) {
    Incident out{.threat = threat, .title = signal.title, .severity = signal.severity, .opened = now};
    out.anchors["began"] = signal.first == 0 ? now : signal.first;
    out.anchors["aware"] = now;
    join(out, signal, now);
    return out;
}

Result<void> check_signal(const Signal& signal) {
    BARTIZAN_TRY(severity_rank(signal.severity));
    if (signal.title.empty() || signal.title.size() > 500)
        return invalid_input("an incident has a title of at most 500 bytes");
    if (signal.principals.size() > Cases::kMostListed) return invalid_input("a signal names too many principals");
    return {};
}

TimelineEntry entry_of(const Signal& signal, const std::string& actor, std::int64_t now) {
    return {.at = now,
            .actor = actor,
            .kind = "signal",
            .text = signal.title,
            .details = {{"detector", signal.detector},
                        {"version", signal.version},
                        {"severity", signal.severity},
                        {"principals", signal.principals},
                        {"evidence", signal.evidence}}};
}

ledger::Event event_of(const Incident& incident, const TimelineEntry& entry) {
    return {"incident." + entry.kind,
            entry.actor,
            fmt::format("incident:{}", incident.number),
            {{"text", entry.text}, {"state", to_string(incident.state)}, {"details", entry.details}}};
}

Result<std::vector<Incident>> active(Transaction& transaction) {
    std::vector<Incident> out;
    for (const store::Row& row :
         BARTIZAN_TRY(transaction.run(std::string(kColumns) + "WHERE state <> :closed AND state <> "
                                                              ":dismissed ORDER BY number DESC LIMIT 1000",
                                      {std::string("closed"), std::string("dismissed")})))
        out.push_back(BARTIZAN_TRY(incident_of(row)));
    return out;
}

Result<void> check_move(Progress from, Progress to, const std::string& reason) {
    const bool ended = from == Progress::closed || from == Progress::dismissed;
    const bool again = ended && to == Progress::open;
    const bool forward = !ended && to > from;
    if (!again && !forward)
        return Error(Errc::conflict,
                     fmt::format("an incident does not go from {} to {}", to_string(from), to_string(to)));
    if ((again || to == Progress::dismissed) && reason.empty())
        return invalid_input("a reason is needed to dismiss an incident, and to open one again");
    return {};
}

}  // namespace
}  // namespace cases

Result<Cases::Taken> Cases::take(const Signal& signal) {
    BARTIZAN_TRY(cases::check_signal(signal));
    Taken out;
    BARTIZAN_TRY(journal_.act([&](store::Transaction& transaction) -> Result<ledger::Event> {
        const std::int64_t now = clock_();
        auto all = BARTIZAN_TRY(cases::active(transaction));
        const auto found = std::ranges::find_if(all, [&](const Incident& one) { return belongs(signal, one, now); });
        out.fresh = found == all.end();
        out.incident = out.fresh ? cases::opened(signal, threat_of(signal.detector), now) : *found;
        out.worse = !out.fresh && cases::join(out.incident, signal, now);
        BARTIZAN_TRY(out.fresh ? cases::insert(transaction, out.incident) : cases::save(transaction, out.incident));
        const TimelineEntry entry = cases::entry_of(signal, "detector:" + signal.detector, now);
        BARTIZAN_TRY(cases::add_entry(transaction, out.incident.number, entry));
        ledger::Event event = cases::event_of(out.incident, entry);
        if (out.fresh) event.kind = "incident.open";
        return event;
    }));
    return out;
}

Result<Incident> Cases::open(const std::string& actor, const Signal& signal, const std::string& threat) {
    BARTIZAN_TRY(cases::check_signal(signal));
    if (!threat.empty() && !is_threat(threat))
        return invalid_input("'" + threat.substr(0, 40) + "' is no threat",
                             "evasion, extraction, membership, drift, tampering, "
                             "poisoning, backdoor, leaked-key, misuse, overdue-audit "
                             "or other");
    Incident out;
    BARTIZAN_TRY(journal_.act([&](store::Transaction& transaction) -> Result<ledger::Event> {
        const std::int64_t now = clock_();
        if (signal.first > now) return invalid_input("an incident cannot have begun in the future");
        out = cases::opened(signal, threat.empty() ? threat_of(signal.detector) : threat, now);
        out.owner = actor;
        BARTIZAN_TRY(cases::insert(transaction, out));
        const TimelineEntry entry = cases::entry_of(signal, actor, now);
        BARTIZAN_TRY(cases::add_entry(transaction, out.number, entry));
        ledger::Event event = cases::event_of(out, entry);
        event.kind = "incident.open";
        return event;
    }));
    return out;
}

Result<Incident> Cases::find(std::int64_t number) {
    const auto rows =
        BARTIZAN_TRY(journal_.database().run(std::string(cases::kColumns) + "WHERE number = :number", {number}));
    if (rows.empty()) return Error(Errc::not_found, fmt::format("there is no incident {}", number));
    return cases::incident_of(rows[0]);
}

Result<std::vector<Incident>> Cases::list(const std::string& state, std::size_t limit) {
    const std::string tail = fmt::format(" ORDER BY number DESC LIMIT {}", std::clamp<std::size_t>(limit, 1, 1000));
    Result<store::Rows> rows = store::Rows{};
    if (state == "all") {
        rows = journal_.database().run(std::string(cases::kColumns) + tail);
    } else if (state.empty()) {
        rows = journal_.database().run(
            std::string(cases::kColumns) + "WHERE state <> :closed AND state <> :dismissed" + tail,
            {std::string("closed"), std::string("dismissed")});
    } else {
        BARTIZAN_TRY(progress_from(state));
        rows = journal_.database().run(std::string(cases::kColumns) + "WHERE state = :state" + tail, {state});
    }
    std::vector<Incident> out;
    for (const store::Row& row : BARTIZAN_TRY(std::move(rows))) out.push_back(BARTIZAN_TRY(cases::incident_of(row)));
    return out;
}

Result<std::vector<TimelineEntry>> Cases::timeline(std::int64_t number) {
    std::vector<TimelineEntry> out;
    for (const store::Row& row :
         BARTIZAN_TRY(journal_.database().run("SELECT position, at, actor, kind, text, details FROM "
                                              "incident_entry WHERE incident = :incident ORDER BY "
                                              "position",
                                              {number})))
        out.push_back({row.integer(0), row.integer(1), row.text(2), row.text(3), row.text(4),
                       BARTIZAN_TRY_WITHIN(parse_json(row.text(5)), "a stored entry")});
    return out;
}

Result<std::vector<Task>> Cases::tasks(std::int64_t number) {
    std::vector<Task> out;
    for (const store::Row& row :
         BARTIZAN_TRY(journal_.database().run("SELECT position, title, owner, due, done, done_by FROM "
                                              "incident_task WHERE incident = :incident ORDER BY "
                                              "position",
                                              {number})))
        out.push_back({row.integer(0), row.text(1), row.text(2), row.integer(3), row.integer(4), row.text(5)});
    return out;
}

Result<Incident> Cases::change(const std::string& actor, std::int64_t number, const Change& work) {
    Incident out;
    BARTIZAN_TRY(journal_.act([&](store::Transaction& transaction) -> Result<ledger::Event> {
        out = BARTIZAN_TRY(cases::load(transaction, number));
        TimelineEntry entry = BARTIZAN_TRY(work(transaction, out));
        entry.at = clock_();
        entry.actor = actor;
        BARTIZAN_TRY(cases::save(transaction, out));
        BARTIZAN_TRY(cases::add_entry(transaction, number, entry));
        return cases::event_of(out, entry);
    }));
    return out;
}

Result<Incident> Cases::move(const std::string& actor, std::int64_t number, Progress to, const std::string& reason) {
    if (reason.size() > cases::kLongestText) return invalid_input("a reason is too long");
    return change(actor, number, [&](store::Transaction&, Incident& incident) -> Result<TimelineEntry> {
        BARTIZAN_TRY(cases::check_move(incident.state, to, reason));
        const std::string from(to_string(incident.state));
        incident.state = to;
        incident.anchors[std::string(to_string(to))] = clock_();
        return TimelineEntry{.kind = "state",
                             .text = fmt::format("{} -> {}", from, to_string(to)),
                             .details = {{"from", from}, {"to", to_string(to)}, {"reason", reason}}};
    });
}

Result<Incident> Cases::assign(const std::string& actor, std::int64_t number, const std::string& owner) {
    if (owner.empty() || owner.size() > 200) return invalid_input("an owner has a name");
    return change(actor, number, [&](store::Transaction&, Incident& incident) -> Result<TimelineEntry> {
        incident.owner = owner;
        return TimelineEntry{.kind = "assign", .text = "owned by " + owner, .details = {{"owner", owner}}};
    });
}

Result<void> Cases::note(const std::string& actor, std::int64_t number, const std::string& kind,
                         const std::string& text, const Json& details) {
    if (text.empty() || text.size() > cases::kLongestText) return invalid_input("a note has 1 to 10,000 bytes");
    const auto done = change(actor, number, [&](store::Transaction&, Incident&) -> Result<TimelineEntry> {
        return TimelineEntry{.kind = kind, .text = text, .details = details};
    });
    return done.ok() ? Result<void>() : Result<void>(done.error());
}

Result<Task> Cases::add_task(const std::string& actor, std::int64_t number, const std::string& title,
                             const std::string& owner, std::int64_t due) {
    if (title.empty() || title.size() > 1000) return invalid_input("a task has a title of at most 1000 bytes");
    Task task{.title = title, .owner = owner, .due = due};
    const auto done = change(actor, number, [&](store::Transaction& transaction, Incident&) -> Result<TimelineEntry> {
        task.position =
            BARTIZAN_TRY(transaction.run("SELECT COALESCE(MAX(position), 0) + 1 FROM incident_task "
                                         "WHERE incident = :incident",
                                         {number}))[0]
                .integer(0);
        BARTIZAN_TRY(
            transaction.run("INSERT INTO incident_task VALUES (:incident, :position, "
                            ":title, :owner, :due, 0, :by)",
                            {number, task.position, title, owner, due, std::string()}));
        return TimelineEntry{.kind = "task", .text = title, .details = to_json(task)};
    });
    if (!done.ok()) return done.error();
    return task;
}

Result<Task> Cases::finish_task(const std::string& actor, std::int64_t number, std::int64_t position) {
    Task task;
    const auto done = change(actor, number, [&](store::Transaction& transaction, Incident&) -> Result<TimelineEntry> {
        const auto rows =
            BARTIZAN_TRY(transaction.run("UPDATE incident_task SET done = :now, done_by = :by WHERE "
                                         "incident = :incident AND position = :position "
                                         "AND done = 0 RETURNING position, title, owner, due, done, done_by",
                                         {clock_(), actor, number, position}));
        if (rows.empty())
            return Error(Errc::not_found, fmt::format("incident {} has no open task {}", number, position));
        task = {rows[0].integer(0), rows[0].text(1),    rows[0].text(2),
                rows[0].integer(3), rows[0].integer(4), rows[0].text(5)};
        return TimelineEntry{.kind = "task-done", .text = task.title, .details = {{"task", position}}};
    });
    if (!done.ok()) return done.error();
    return task;
}

Result<Incident> Cases::set_anchor(const std::string& actor, std::int64_t number, const std::string& name,
                                   std::int64_t at) {
    const bool plain = !name.empty() && name.size() <= 60 &&
                       name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
    if (!plain) return invalid_input("an anchor is named with a-z, 0-9 and -", "as aware or classified-major");
    if (at <= 0 || at > clock_() + 300) return invalid_input("an anchor is a time that has come");
    return change(actor, number, [&](store::Transaction&, Incident& incident) -> Result<TimelineEntry> {
        const auto before = incident.anchors.find(name);
        Json details = {
            {"anchor", name}, {"at", at}, {"before", before == incident.anchors.end() ? Json() : Json(before->second)}};
        incident.anchors[name] = at;
        return TimelineEntry{.kind = "anchor", .text = "when: " + name, .details = std::move(details)};
    });
}

Result<Incident> Cases::review(const std::string& actor, std::int64_t number, const std::string& cause,
                               const std::string& lessons) {
    if (cause.size() > cases::kLongestText || lessons.size() > cases::kLongestText)
        return invalid_input("cause and lessons have at most 10,000 bytes each");
    return change(actor, number, [&](store::Transaction&, Incident& incident) -> Result<TimelineEntry> {
        if (!cause.empty()) incident.cause = cause;
        if (!lessons.empty()) incident.lessons = lessons;
        return TimelineEntry{.kind = "review", .text = "reviewed", .details = {{"cause", cause}, {"lessons", lessons}}};
    });
}

}  // namespace bartizan::incident
