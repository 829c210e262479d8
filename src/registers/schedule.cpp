#include "registers/schedule.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "registers/standing.h"

namespace bartizan::registers {
namespace {

using governance::Newest;

constexpr std::int64_t kLongestCadence = 366;

std::string kind_in(const std::string& asset) { return asset.substr(0, asset.find(':')); }

bool has_activity(const std::string& kind, std::string_view activity) {
    if (activity == "review") return kind == "model" || kind == "data" || kind == "service" || kind == "vendor";
    if (activity == "audit") return kind == "model" || kind == "data";
    return activity == "scan" && kind == "model";
}

/// Evidence of any of these says that it was done.
std::vector<std::string_view> checks_of(const std::string& kind, std::string_view activity) {
    if (activity == "scan") return {"artefact.scan"};
    if (activity != "audit") return {};
    if (kind == "data") return {"data.quality", "data.poison"};
    return {"evasion.whitebox", "evasion.blackbox", "privacy.membership", "extraction.probe", "backdoor.scan"};
}

std::string key_of(const std::string& asset, std::string_view activity) {
    return fmt::format("{}/{}", asset, activity);
}

std::int64_t number_in(const Json& json, const char* name, std::int64_t preset) {
    const auto found = json.find(name);
    return found != json.end() && found->is_number_integer() ? found->get<std::int64_t>() : preset;
}
std::string text_in(const Json& json, const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::string_view Due::state(std::int64_t now) const {
    return now >= due ? "overdue" : now >= warn_from ? "due soon" : "on time";
}

Json to_json(const Due& due, std::int64_t now) {
    return {{"asset", due.asset},
            {"activity", due.activity},
            {"state", due.state(now)},
            {"due", due.due},
            {"last", due.last ? Json(*due.last) : Json()},
            {"last_by", due.last_by.empty() ? Json() : Json(due.last_by)},
            {"days", due.days},
            {"because", due.because},
            {"automatic", due.automatic},
            {"owner", due.owner},
            {"version", due.version.empty() ? Json() : Json(due.version)}};
}

std::int64_t usual_days(std::string_view activity, const std::string& sector) {
    const bool sooner = sector != "general";
    if (activity == "scan") return sooner ? 7 : 30;
    return sooner ? 180 : 365;
}

/// Everything that due dates are made of, at one time.
struct Schedule::Known {
    std::int64_t now = 0;
    std::vector<std::string> assets;
    std::unordered_map<std::string, governance::Subject> subjects;
    std::unordered_map<std::string, governance::Profile> profiles;
    std::unordered_map<std::string, std::int64_t> created;  ///< of versions
    std::unordered_set<std::string> with_reference;         ///< versions that can be audited here
    std::unordered_map<std::string, Json> records;
};

Result<Schedule::Known> Schedule::known() {
    Known out;
    out.now = records_.now();
    BARTIZAN_TRY(governance_.book().refresh());
    const auto subjects = BARTIZAN_TRY(governance_.inventory().subjects());
    for (const governance::Subject& one : *subjects) {
        if (one.kind == governance::SubjectKind::organisation) continue;
        out.assets.push_back(one.asset);
        out.subjects.emplace(one.asset, one);
    }
    for (governance::Profile& one : BARTIZAN_TRY(governance_.inventory().profiles())) {
        const std::string kind = kind_in(one.asset);
        if (kind == "service" || kind == "vendor") out.assets.push_back(one.asset);
        out.profiles.emplace(one.asset, std::move(one));
    }
    const auto name_of = [](const store::Row& row) {
        return fmt::format("{}:{}@{}", row.text(0), row.text(1), row.integer(2));
    };
    for (const store::Row& row : BARTIZAN_TRY(
             journal_.database().run("SELECT kind, name, number, created FROM asset_version WHERE removed = 0")))
        out.created.emplace(name_of(row), row.integer(3));
    for (const store::Row& row : BARTIZAN_TRY(journal_.database().run(
             "SELECT kind, name, number FROM attachment WHERE role = :role", {std::string("reference")})))
        out.with_reference.insert(name_of(row));
    for (Record& one : BARTIZAN_TRY(records_.all())) out.records.emplace(one.id, std::move(one.body));
    return out;
}

std::optional<Due> Schedule::due_of(const Known& known, const std::string& asset, std::string_view activity) const {
    const std::string kind = kind_in(asset);
    if (!has_activity(kind, activity)) return {};
    Due out{.asset = asset, .activity = std::string(activity)};
    const auto told = known.profiles.find(asset);
    const std::string sector = told == known.profiles.end() ? "" : told->second.sector;
    const auto stored = known.records.find(key_of(asset, activity));
    const Json record = stored == known.records.end() ? Json::object() : stored->second;
    out.owner = text_in(record, "owner");
    if (out.owner.empty() && told != known.profiles.end()) out.owner = told->second.owner;
    out.days = usual_days(activity, sector);
    out.because = sector.empty() ? "nobody told the sector" : "sector " + sector;
    if (const std::int64_t days = number_in(record, "days", 0); days > 0) {
        out.days = days;
        out.because = "set by " + text_in(record, "days_by");
    }
    std::int64_t from = number_in(record, "since", known.now);
    if (const auto subject = known.subjects.find(asset); subject != known.subjects.end()) {
        out.version = subject->second.name;
        if (const auto created = known.created.find(out.version); created != known.created.end())
            from = created->second;
        const governance::EvidenceBook::Reader reader(governance_.book());
        for (const std::string_view check : checks_of(kind, activity)) {
            const auto index = governance_.framework().check_index(check);
            for (const Newest& one : reader.of(subject->second.digest)) {
                if (one.check != *index || one.disputed || one.verdict == governance::Verdict::error) continue;
                if (out.last && *out.last >= one.collected) continue;
                out.last = one.collected;
                out.last_by = check;
            }
        }
        out.automatic = activity == "scan" || (activity == "audit" && known.with_reference.contains(out.version));
    }
    if (const std::int64_t done = number_in(record, "done", 0); done > 0 && (!out.last || *out.last < done)) {
        out.last = done;
        out.last_by = text_in(record, "done_by");
    }
    out.due = out.last ? *out.last + out.days * kDay : from + std::min(out.days, kFirst) * kDay;
    out.warn_from = out.due - std::min(kWarn * kDay, out.days * kDay / 4);
    return out;
}

Result<std::vector<Due>> Schedule::list() {
    const Known now = BARTIZAN_TRY(known());
    std::vector<Due> out;
    for (const std::string& asset : now.assets)
        for (const std::string_view activity : kActivities)
            if (auto one = due_of(now, asset, activity)) out.push_back(std::move(*one));
    std::ranges::stable_sort(out, {}, &Due::due);
    return out;
}

Result<Due> Schedule::set(const std::string& actor, const std::string& asset, const std::string& activity,
                          const Setting& setting) {
    const Known now = BARTIZAN_TRY(known());
    if (std::ranges::find(now.assets, asset) == now.assets.end())
        return Error(Errc::not_found, "there is no asset '" + asset.substr(0, 120) + "'", "bartizan inventory list");
    if (!has_activity(kind_in(asset), activity))
        return invalid_input("'" + activity.substr(0, 40) + "' is nothing that is done about " + asset,
                             "audit or scan of models, audit of data, review of all");
    if (setting.days && (*setting.days < 1 || *setting.days > kLongestCadence))
        return invalid_input("days: at least once a year: 1 to 366");
    if (setting.done && activity != "review")
        return invalid_input("done: audits and scans are done when there is evidence of them",
                             "bartizan audit --record");
    if (setting.done && setting.by.empty()) return invalid_input("by: who did the review?");
    if (setting.done && (*setting.done > now.now || *setting.done < now.now - kLongestCadence * kDay))
        return invalid_input("done: within the last 366 days");
    BARTIZAN_TRY(records_.put(actor, key_of(asset, activity), "schedule.set", [&](const Json* before) -> Result<Json> {
        Json body = before != nullptr ? *before : Json::object();
        body["asset"] = asset;
        body["activity"] = activity;
        if (!body.contains("since")) body["since"] = now.now;
        if (setting.days) {
            body["days"] = *setting.days;
            body["days_by"] = actor;
        }
        if (setting.owner) body["owner"] = *setting.owner;
        if (setting.done) {
            body["done"] = *setting.done;
            body["done_by"] = setting.by;
            body["note"] = setting.note;
        }
        return body;
    }));
    return *due_of(BARTIZAN_TRY(known()), asset, activity);
}

/// True when this caller is the one to act: the member was not `value`, nor within `again_after` seconds of it.
Result<bool> Schedule::mark(const std::string& actor, const Due& due, const char* event, const char* member,
                            std::int64_t value, std::int64_t again_after) {
    bool mine = false;
    BARTIZAN_TRY(records_.put(actor, key_of(due.asset, due.activity), event, [&](const Json* before) -> Result<Json> {
        Json body = before != nullptr ? *before : Json::object();
        const std::int64_t was = number_in(body, member, 0);
        mine = was == 0 || (again_after == 0 ? was != value : value - was >= again_after);
        if (!mine) return Json(Json::value_t::discarded);
        body["asset"] = due.asset;
        body["activity"] = due.activity;
        body[member] = value;
        return body;
    }));
    return mine;
}

/// Services and vendors have no version that came at some time: they count from when they were first seen.
Result<void> Schedule::begin(const std::string& actor, const Known& known) {
    for (const std::string& asset : known.assets) {
        if (known.subjects.contains(asset) || known.records.contains(key_of(asset, "review"))) continue;
        BARTIZAN_TRY(mark(actor, {.asset = asset, .activity = "review"}, "schedule.begin", "since", known.now, 0));
    }
    return {};
}

Result<std::vector<Schedule::Notice>> Schedule::settle(const std::string& actor) {
    const Known now = BARTIZAN_TRY(known());
    BARTIZAN_TRY(begin(actor, now));
    std::vector<Notice> out;
    for (Due& one : BARTIZAN_TRY(list())) {
        if (one.state(now.now) == "on time") continue;
        const auto stored = now.records.find(key_of(one.asset, one.activity));
        const Json record = stored == now.records.end() ? Json::object() : stored->second;
        // Looked at before a transaction is begun: most of the time there is nothing to tell.
        if (one.automatic && now.now - number_in(record, "ran", 0) >= kDay &&
            BARTIZAN_TRY(mark(actor, one, "schedule.run", "ran", now.now, kDay)))
            out.push_back({Notice::Kind::run, one});
        if (!one.automatic && number_in(record, "warned", 0) != one.due &&
            BARTIZAN_TRY(mark(actor, one, "schedule.warn", "warned", one.due, 0)))
            out.push_back({Notice::Kind::warn, one});
        if (one.state(now.now) == "overdue" && number_in(record, "told", 0) != one.due &&
            BARTIZAN_TRY(mark(actor, one, "schedule.overdue", "told", one.due, 0)))
            out.push_back({Notice::Kind::overdue, one});
    }
    return out;
}

Result<std::optional<Standing>> Schedule::standing() {
    const auto all = BARTIZAN_TRY(list());
    if (all.empty()) return std::optional<Standing>();
    std::size_t overdue = 0;
    std::int64_t next = INT64_MAX;
    for (const Due& one : all) {
        overdue += one.state(records_.now()) == "overdue";
        next = std::min(next, one.due);
    }
    if (overdue == 0)
        return std::optional(Standing{"audit.programme", governance::Verdict::pass,
                                      "no audit, scan or review of an asset is overdue", next});
    return std::optional(Standing{"audit.programme", governance::Verdict::fail,
                                  fmt::format("{} audits, scans or reviews are overdue", overdue)});
}

Result<std::vector<DueDate>> Schedule::dates() {
    std::vector<DueDate> out;
    for (const Due& one : BARTIZAN_TRY(list()))
        out.push_back(
            {.uid = fmt::format("schedule-{}-{}@bartizan", one.asset, one.activity),
             .at = one.due,
             .title = fmt::format("{} of {} is due", one.activity, one.asset),
             .text = fmt::format("Every {} days ({}). {}", one.days, one.because,
                                 one.automatic ? "The service runs it by itself."
                                               : "Answers for it: " + (one.owner.empty() ? "nobody" : one.owner)),
             .category = one.activity});
    return out;
}

}  // namespace bartizan::registers
