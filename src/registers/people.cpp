#include "registers/people.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/json_fields.h"

namespace bartizan::registers {
namespace {

constexpr std::int64_t kMostDays = 3660;

Json body_of(const Person& person) {
    Json roles = Json::object(), training = Json::array();
    for (const auto& [activity, letter] : person.roles) roles[activity] = letter;
    for (const Training& one : person.training)
        training.push_back({{"module", one.module},
                            {"at", one.at},
                            {"expires", one.expires},
                            {"score", one.score},
                            {"passed", one.passed},
                            {"by", one.by}});
    return {{"roles", roles}, {"training", training}};
}

Result<Person> person_of(const std::string& name, const Json& body) {
    Person out{.name = name};
    const Json roles = body.value("roles", Json::object());
    for (const auto& [activity, letter] : roles.items())
        if (letter.is_string()) out.roles[activity] = letter.get<std::string>();
    for (const Json& one : body.value("training", Json::array())) {
        const auto fields = BARTIZAN_TRY(JsonFields::of(one, name));
        constexpr std::int64_t kLast = std::int64_t{1} << 40;
        out.training.push_back({.module = BARTIZAN_TRY(fields.text("module")),
                                .at = BARTIZAN_TRY(fields.integer("at", 0, kLast)),
                                .expires = BARTIZAN_TRY(fields.integer("expires", 0, kLast)),
                                .score = BARTIZAN_TRY(fields.integer("score", 0, 100)),
                                .passed = BARTIZAN_TRY(fields.flag_or("passed", false)),
                                .by = BARTIZAN_TRY(fields.text_or("by", ""))});
    }
    return out;
}

bool acts(const std::string& letter) { return letter == "R" || letter == "A"; }

bool needs_module(const Person& person, const Module& module) {
    return std::ranges::any_of(person.roles, [&](const auto& role) {
        if (!acts(role.second)) return false;
        const auto& all = module.activities;
        return std::ranges::find(all, "*") != all.end() || std::ranges::find(all, role.first) != all.end();
    });
}

}  // namespace

Result<Person> People::assign(const std::string& actor, const std::string& person, const std::string& activity,
                              const std::string& letter) {
    BARTIZAN_TRY(check_name("person", person));
    const auto& all = curriculum_.activities;
    if (std::ranges::find(all, activity, [](const auto& pair) { return pair.first; }) == all.end())
        return invalid_input("'" + activity.substr(0, 40) + "' is no activity", "bartizan people list");
    if (letter != "-" && (letter.size() != 1 || std::string_view("RACI").find(letter) == std::string_view::npos))
        return invalid_input("role: expected R, A, C, I or - (none)");
    if (letter == "A")
        for (const Person& other : BARTIZAN_TRY(list()))
            if (other.name != person && other.roles.contains(activity) && other.roles.at(activity) == "A")
                return Error(Errc::conflict, fmt::format("{} answers for {} already", other.name, activity),
                             "one person answers for an activity: give the other another role first");
    const Record record =
        BARTIZAN_TRY(records_.put(actor, person, "people.assign", [&](const Json* before) -> Result<Json> {
            Person one = BARTIZAN_TRY(person_of(person, before != nullptr ? *before : Json::object()));
            if (letter == "-")
                one.roles.erase(activity);
            else
                one.roles[activity] = letter;
            return body_of(one);
        }));
    return person_of(person, record.body);
}

Result<Person> People::train(const std::string& actor, const std::string& person, const std::string& module,
                             std::int64_t score, std::int64_t at, std::int64_t days) {
    BARTIZAN_TRY(check_name("person", person));
    const auto found = std::ranges::find(curriculum_.modules, module, &Module::id);
    if (found == curriculum_.modules.end())
        return invalid_input("'" + module.substr(0, 40) + "' is no module", "bartizan people list");
    const std::int64_t now = records_.now();
    if (score < 0 || score > 100) return invalid_input("score: 0 to 100");
    if (at > now || at < now - kMostDays * kDay)
        return invalid_input("at: within the last ten years, not in the future");
    if (days < 0 || days > found->valid_days)
        return invalid_input(fmt::format("days: at most {}, as the module says", found->valid_days));
    Training fresh{.module = module,
                   .at = at,
                   .expires = at + (days == 0 ? found->valid_days : days) * kDay,
                   .score = score,
                   .passed = score >= found->pass_score,
                   .by = actor};
    const Record record =
        BARTIZAN_TRY(records_.put(actor, person, "people.train", [&](const Json* before) -> Result<Json> {
            Person one = BARTIZAN_TRY(person_of(person, before != nullptr ? *before : Json::object()));
            std::erase_if(one.training, [&](const Training& other) { return other.module == module; });
            one.training.push_back(fresh);
            return body_of(one);
        }));
    return person_of(person, record.body);
}

/// What is signed must be so, as far as it can be seen.
Result<void> People::check_signable(const std::string& document) {
    if (document == "risk-register") {
        const auto risks = BARTIZAN_TRY(risks_.list());
        if (risks.empty()) return Error(Errc::conflict, "the risk register is empty", "bartizan risk derive");
        for (const RiskView& one : risks)
            if (one.scored.applies && one.risk.owner.empty())
                return Error(Errc::conflict, one.risk.id + " has no owner",
                             "bartizan risk set, or inventory set --owner");
    }
    if (document == "inventory") {
        const auto subjects = BARTIZAN_TRY(governance_.inventory().subjects());
        for (const governance::Subject& one : *subjects) {
            if (one.kind == governance::SubjectKind::organisation) continue;
            if (BARTIZAN_TRY(governance_.inventory().profile(one.asset)).owner.empty())
                return Error(Errc::conflict, one.asset + " has no owner", "bartizan inventory set");
        }
    }
    return {};
}

Result<Json> People::sign(const std::string& signer, const std::string& document, const std::string& version,
                          const std::string& digest, std::int64_t days) {
    const auto found = std::ranges::find(curriculum_.documents, document, &Document::id);
    if (found == curriculum_.documents.end())
        return invalid_input("'" + document.substr(0, 40) + "' is no document that is signed", "bartizan people list");
    if (!digest.empty() && !governance::is_digest(digest)) return invalid_input("sha256: is no SHA-256");
    if (days < 1 || days > 366) return invalid_input("days: 1 to 366");
    BARTIZAN_TRY(check_signable(document));
    const std::int64_t now = records_.now();
    governance::Evidence one{
        .check = found->check.empty() ? std::string(governance::kAttests) + found->requirement : found->check,
        .subject = std::string(governance::kOrganisation),
        .method = governance::Method::examine,
        .verdict = governance::Verdict::pass};
    one.summary =
        fmt::format("{}: signed by {}{}", found->title, signer, version.empty() ? "" : ", version " + version);
    one.limitations = {"what somebody signed; nobody tested it"};
    one.tool = "bartizan serve";
    one.report_digest = digest;
    one.origin = "server";
    one.collected = now;
    one.expires = now + days * kDay;
    const auto evidence = BARTIZAN_TRY(governance_.book().add(signer, {std::move(one)})).at(0);
    const Record record =
        BARTIZAN_TRY(signatures_.put(signer, document, "people.sign", [&](const Json*) -> Result<Json> {
            return Json{{"document", document},
                        {"title", found->title},
                        {"version", version},
                        {"sha256", digest},
                        {"by", signer},
                        {"at", now},
                        {"expires", evidence.expires},
                        {"evidence", evidence.id}};
        }));
    return record.body;
}

Result<std::vector<Person>> People::list() {
    std::vector<Person> out;
    for (const Record& record : BARTIZAN_TRY(records_.all()))
        out.push_back(BARTIZAN_TRY(person_of(record.id, record.body)));
    return out;
}

Result<std::vector<Need>> People::needs() {
    std::vector<Need> out;
    for (const Person& person : BARTIZAN_TRY(list()))
        for (const Module& module : curriculum_.modules) {
            if (!needs_module(person, module)) continue;
            Need one{person.name, module.id};
            for (const Training& record : person.training)
                if (record.module == module.id && record.passed) one.expires = record.expires;
            out.push_back(std::move(one));
        }
    return out;
}

Result<Json> People::shown() {
    const auto people = BARTIZAN_TRY(list());
    const std::int64_t now = records_.now();
    Json raci = Json::array(), persons = Json::array(), needed = Json::array(), signatures = Json::array();
    for (const auto& [id, title] : curriculum_.activities) {
        Json row = {{"activity", id},     {"title", title},     {"R", Json::array()},
                    {"A", Json::array()}, {"C", Json::array()}, {"I", Json::array()}};
        for (const Person& one : people)
            if (const auto role = one.roles.find(id); role != one.roles.end()) row[role->second].push_back(one.name);
        Json gaps = Json::array();
        if (row["A"].empty()) gaps.push_back("nobody answers for it");
        if (row["R"].empty() && row["A"].empty()) gaps.push_back("nobody does it");
        row["gaps"] = gaps;
        raci.push_back(std::move(row));
    }
    for (const Person& one : people) {
        Json row = body_of(one);
        row["person"] = one.name;
        persons.push_back(std::move(row));
    }
    for (const Need& one : BARTIZAN_TRY(needs()))
        needed.push_back({{"person", one.person},
                          {"module", one.module},
                          {"state", one.expires == 0 ? "missing"
                                    : one.holds(now) ? "holds"
                                                     : "expired"},
                          {"expires", one.expires == 0 ? Json() : Json(one.expires)}});
    for (const Record& record : BARTIZAN_TRY(signatures_.all())) signatures.push_back(record.body);
    Json modules = Json::array(), documents = Json::array();
    for (const Module& one : curriculum_.modules)
        modules.push_back({{"module", one.id},
                           {"title", one.title},
                           {"valid_days", one.valid_days},
                           {"pass_score", one.pass_score},
                           {"for", one.activities}});
    for (const Document& one : curriculum_.documents)
        documents.push_back({{"document", one.id},
                             {"title", one.title},
                             {"bears_on", one.check.empty() ? one.requirement : one.check}});
    return Json{{"raci", raci},       {"people", persons},     {"training", needed}, {"signatures", signatures},
                {"modules", modules}, {"documents", documents}};
}

Result<std::optional<Standing>> People::standing() {
    const auto all = BARTIZAN_TRY(needs());
    if (all.empty()) return std::optional<Standing>();
    Standing out{.check = "training.records", .verdict = governance::Verdict::pass};
    std::int64_t until = INT64_MAX;
    std::size_t missing = 0;
    for (const Need& one : all) {
        missing += !one.holds(records_.now());
        until = std::min(until, one.expires);
    }
    out.summary = fmt::format("{} records of training are needed, all hold", all.size());
    out.expires = until;
    if (missing > 0)
        out = {"training.records", governance::Verdict::fail,
               fmt::format("{} of {} records of training are missing or expired", missing, all.size())};
    return std::optional(out);
}

Result<std::vector<DueDate>> People::dates() {
    std::vector<DueDate> out;
    for (const Need& one : BARTIZAN_TRY(needs()))
        if (one.expires != 0)
            out.push_back({.uid = fmt::format("training-{}-{}@bartizan", one.person, one.module),
                           .at = one.expires,
                           .title = fmt::format("training {} of {} expires", one.module, one.person),
                           .category = "training"});
    return out;
}

}  // namespace bartizan::registers
