#include "registers/vendors.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_map>

#include <fmt/format.h>

#include "core/json_fields.h"

namespace bartizan::registers {
namespace {

using governance::Newest;
using governance::State;

constexpr double kHalf = 0.5;

std::string text_in(const Json& json, const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}
std::int64_t number_in(const Json& json, const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

Json body_of(const VendorAnswer& one) {
    return {{"question", one.question}, {"answer", one.answer},     {"value", one.value},   {"text", one.text},
            {"level", one.level},       {"document", one.document}, {"sha256", one.digest}, {"evidence", one.evidence}};
}
VendorAnswer answer_of(const Json& body) {
    return {number_in(body, "question"), text_in(body, "answer"),  number_in(body, "value"),
            text_in(body, "text"),       text_in(body, "level"),   text_in(body, "document"),
            text_in(body, "sha256"),     text_in(body, "evidence")};
}

/// 1, 0.5 or 0; nothing when it was left blank.
std::optional<double> goodness(const Question& question, const VendorAnswer& answer, std::int64_t now) {
    if (question.kind == "word") {
        if (answer.answer.empty()) return {};
        if (answer.answer == "partly") return kHalf;
        return answer.answer == question.good ? 1 : 0;
    }
    if (answer.value < 0) return {};
    const std::int64_t value = question.kind == "date" ? (now - answer.value) / kDay : answer.value;
    const bool fits =
        (!question.at_least || value >= *question.at_least) && (!question.at_most || value <= *question.at_most);
    return fits ? 1 : 0;
}

Result<Json> read_profile(const Json& json) {
    const auto fields = BARTIZAN_TRY(JsonFields::of(json, ""));
    BARTIZAN_TRY(fields.only(
        {"owner", "contact", "services", "data_shared", "countries", "sub_processors", "exit_plan", "criticality"}));
    Json out = Json::object();
    for (const char* name : {"owner", "contact", "exit_plan"})
        if (json.contains(name)) out[name] = BARTIZAN_TRY(fields.text_or(name, "", 2000));
    for (const char* name : {"services", "data_shared", "countries", "sub_processors"})
        if (json.contains(name)) out[name] = BARTIZAN_TRY(fields.texts_or_none(name, 100));
    if (json.contains("criticality")) out["criticality"] = BARTIZAN_TRY(fields.integer("criticality", 1, 5));
    return out;
}

}  // namespace

/// What vendors supplied, at one time.
struct Vendors::Known {
    std::int64_t now = 0;
    std::map<std::string, std::vector<governance::Subject>> supplied;
};

Result<Vendors::Known> Vendors::known() {
    Known out{.now = records_.now(), .supplied = {}};
    BARTIZAN_TRY(governance_.book().refresh());
    std::unordered_map<std::string, std::string> vendor_of;
    for (const governance::Profile& one : BARTIZAN_TRY(governance_.inventory().profiles()))
        if (!one.vendor.empty()) vendor_of.emplace(one.asset, one.vendor);
    for (const auto& [asset, vendor] : vendor_of) out.supplied[vendor];  // named, though nothing of it may be left
    const auto subjects = BARTIZAN_TRY(governance_.inventory().subjects());
    for (const governance::Subject& one : *subjects)
        if (const auto vendor = vendor_of.find(one.asset); vendor != vendor_of.end())
            out.supplied[vendor->second].push_back(one);
    return out;
}

/// How an answer is shown now: a test whose evidence passed and holds, a document, or nothing.
Result<void> Vendors::prove(Judged& judged) {
    const VendorAnswer& answer = *judged.answer;
    const double of_document = answer.document.empty() ? 0 : kHalf;
    if (answer.level == "claimed") {
        judged.why = "claimed without proof";
        return {};
    }
    judged.proof = of_document;
    if (answer.level == "documented") return {};
    const auto evidence = governance_.book().find(answer.evidence);
    if (!evidence.ok() && evidence.error().code() != Errc::not_found) return evidence.error();
    if (!evidence.ok())
        judged.why = "there is no evidence " + answer.evidence;
    else if (evidence->disputed || evidence->verdict != governance::Verdict::pass)
        judged.why = answer.evidence + " does not show it";
    else if (evidence->expires <= records_.now())
        judged.why = answer.evidence + " has expired";
    else if (evidence->method != governance::Method::test)
        judged.why = answer.evidence + " is no test";
    else if (std::ranges::find(judged.question->checks, evidence->check) == judged.question->checks.end() &&
             !judged.question->checks.empty())
        judged.why = answer.evidence + " is evidence of something else";
    else
        judged.proof = 1;
    return {};
}

void Vendors::contradict(Judged& judged, const Known& known, const std::string& vendor) {
    const auto supplied = known.supplied.find(vendor);
    if (judged.good == 0 || supplied == known.supplied.end()) return;
    const governance::EvidenceBook::Reader reader(governance_.book());
    for (const governance::Subject& subject : supplied->second) {
        for (const std::string& check : judged.question->checks) {
            const governance::Check* known_check = governance_.framework().check(check);
            const auto& capability = governance_.framework().capabilities()[known_check->capability];
            if (!capability.subjects[static_cast<std::size_t>(subject.kind)]) continue;
            const auto index = governance_.framework().check_index(check);
            const auto all = reader.of(subject.digest);
            const auto newest = std::ranges::find(all, static_cast<std::uint32_t>(*index), &Newest::check);
            const bool there = newest != all.end() && !newest->disputed;
            if (there && newest->verdict == governance::Verdict::fail)
                judged.contradiction = fmt::format("{} failed {}", subject.name, check);
            else if (!there && judged.question->must_be_there)
                judged.contradiction = fmt::format("{} came without it: no evidence of {}", subject.name, check);
            if (!judged.contradiction.empty()) return;
        }
    }
}

Result<VendorView> Vendors::view(const std::string& name, const Json& body, const Known& known) {
    VendorView out{.name = name,
                   .profile = body.value("profile", Json::object()),
                   .answered_by = text_in(body, "answered_by"),
                   .answered = number_in(body, "answered"),
                   .expires = number_in(body, "expires"),
                   .now = known.now};
    if (const auto supplied = known.supplied.find(name); supplied != known.supplied.end())
        for (const governance::Subject& one : supplied->second) out.supplied.push_back(one.name);
    const Json answers = body.value("answers", Json::object()), exceptions = body.value("exceptions", Json::object());
    for (const Question& question : questions_) {
        Judged judged{.question = &question};
        const std::string number = std::to_string(question.number);
        judged.exception = leave_of(exceptions.value(number, Json()));
        if (const auto found = answers.find(number); found != answers.end()) {
            VendorAnswer answer = answer_of(*found);
            if (const auto good = goodness(question, answer, known.now)) {
                judged.good = *good;
                judged.answer = std::move(answer);
                BARTIZAN_TRY(prove(judged));
                contradict(judged, known, name);
            }
        }
        out.judged.push_back(std::move(judged));
    }
    return out;
}

double VendorView::score() const {
    double points = 0, all = 0;
    for (const Judged& one : judged) {
        points += static_cast<double>(one.question->weight) * one.points();
        all += static_cast<double>(one.question->weight);
    }
    return all == 0 ? 0 : points / all;
}

std::string VendorView::verdict() const {
    if (answered == 0) return "not answered";
    if (expires <= now) return "expired";
    bool contradicted = false;
    for (const Judged& one : judged) {
        contradicted = contradicted || !one.contradiction.empty();
        if (one.question->knock_out && one.failed() && !one.exception.holds(now)) return "reject";
    }
    return contradicted || score() < Vendors::kApproved ? "conditions" : "approve";
}

Json to_json(const VendorView& view) {
    Json judged = Json::array(), contradictions = Json::array(), failed = Json::array();
    for (const Judged& one : view.judged) {
        const Question& question = *one.question;
        Json row = {{"question", question.number},
                    {"text", question.text},
                    {"knock_out", question.knock_out},
                    {"weight", question.weight}};
        row["answer"] = !one.answer               ? Json()
                        : question.kind == "word" ? Json(one.answer->answer)
                                                  : Json(one.answer->value);
        row["good"] = one.good;
        row["level"] = one.answer ? Json(one.answer->level) : Json();
        row["proof"] = one.proof;
        row["points"] = one.points();
        row["why"] = one.answer ? one.why : "not answered: counts as the worst";
        row["contradiction"] = one.contradiction.empty() ? Json() : Json(one.contradiction);
        row["says"] = one.answer ? one.answer->text : "";
        row["document"] = one.answer ? one.answer->document : "";
        row["evidence"] = one.answer ? one.answer->evidence : "";
        row["exception"] = one.exception.by.empty() ? Json() : to_json(one.exception, view.now);
        if (!one.contradiction.empty()) contradictions.push_back(row);
        if (question.knock_out && one.failed()) failed.push_back(question.number);
        judged.push_back(std::move(row));
    }
    return {{"vendor", view.name},
            {"verdict", view.verdict()},
            {"score", std::round(view.score() * 1000) / 1000},
            {"knock_outs_failed", failed},
            {"contradictions", contradictions},
            {"answered_by", view.answered_by},
            {"answered", view.answered == 0 ? Json() : Json(view.answered)},
            {"expires", view.expires == 0 ? Json() : Json(view.expires)},
            {"supplied", view.supplied},
            {"profile", view.profile},
            {"questions", judged}};
}

Result<VendorView> Vendors::put(const std::string& actor, const std::string& name, const Json& profile) {
    BARTIZAN_TRY(check_name("vendor", name));
    const Json told = BARTIZAN_TRY(read_profile(profile));
    const Record record = BARTIZAN_TRY(records_.put(actor, name, "vendor.put", [&](const Json* before) -> Result<Json> {
        Json body = before != nullptr ? *before : Json::object();
        Json whole = body.value("profile", Json::object());
        whole.update(told);
        body["profile"] = whole;
        return body;
    }));
    governance::Profile listed = BARTIZAN_TRY(governance_.inventory().profile("vendor:" + name));
    if (listed.changed == 0) {
        listed.owner = text_in(record.body["profile"], "owner");
        listed.criticality = number_in(record.body["profile"], "criticality");
        BARTIZAN_TRY(governance_.inventory().put(actor, listed));
    }
    return view(name, record.body, BARTIZAN_TRY(known()));
}

Result<VendorView> Vendors::answer(const std::string& actor, const std::string& name, const Json& questionnaire) {
    const std::int64_t now = records_.now();
    const auto read = BARTIZAN_TRY(read_questionnaire(questionnaire, questions_, now));
    const Record record =
        BARTIZAN_TRY(records_.put(actor, name, "vendor.answer", [&](const Json* before) -> Result<Json> {
            if (before == nullptr)
                return Error(Errc::not_found, "there is no vendor '" + name.substr(0, 80) + "'", "bartizan vendor add");
            Json body = *before, answers = Json::object();
            for (const VendorAnswer& one : read.answers) answers[std::to_string(one.question)] = body_of(one);
            body["answers"] = answers;
            body["answered_by"] = read.answered_by;
            body["answered"] = now;
            body["expires"] = read.expires;
            return body;
        }));
    return view(name, record.body, BARTIZAN_TRY(known()));
}

Result<VendorView> Vendors::except(const std::string& actor, const std::string& name, std::int64_t question,
                                   const std::string& reason, std::int64_t expires) {
    const auto asked = std::ranges::find(questions_, question, &Question::number);
    if (asked == questions_.end() || !asked->knock_out)
        return invalid_input("only a knock-out has exceptions", "bartizan vendor questions");
    const std::int64_t now = records_.now();
    const Record record =
        BARTIZAN_TRY(records_.put(actor, name, "vendor.except", [&](const Json* before) -> Result<Json> {
            if (before == nullptr) return Error(Errc::not_found, "there is no vendor '" + name.substr(0, 80) + "'");
            Json body = *before;
            const Leave leave{text_in(body.value("profile", Json::object()), "owner"), actor, reason, now, expires};
            BARTIZAN_TRY(check_leave(leave, now));
            body["exceptions"][std::to_string(question)] = to_json(leave, now);
            return body;
        }));
    return view(name, record.body, BARTIZAN_TRY(known()));
}

Result<std::vector<VendorView>> Vendors::list() {
    const Known now = BARTIZAN_TRY(known());
    std::map<std::string, Json> names;
    for (const auto& [vendor, subjects] : now.supplied) names.emplace(vendor, Json::object());
    for (Record& record : BARTIZAN_TRY(records_.all())) names[record.id] = std::move(record.body);
    std::vector<VendorView> out;
    for (const auto& [name, body] : names) out.push_back(BARTIZAN_TRY(view(name, body, now)));
    return out;
}

Result<VendorView> Vendors::find(const std::string& name) {
    const Known now = BARTIZAN_TRY(known());
    const auto record = BARTIZAN_TRY(records_.look(name));
    if (!record && !now.supplied.contains(name))
        return Error(Errc::not_found, "there is no vendor '" + name.substr(0, 80) + "'", "bartizan vendor add");
    return view(name, record ? record->body : Json::object(), now);
}

Result<std::optional<Standing>> Vendors::standing() {
    const auto all = BARTIZAN_TRY(list());
    if (all.empty()) return std::optional<Standing>();
    Standing out{.check = "vendor.assessment"};
    std::string bad;
    std::int64_t until = INT64_MAX;
    std::size_t conditions = 0;
    for (const VendorView& one : all) {
        const std::string verdict = one.verdict();
        conditions += verdict == "conditions";
        if (verdict != "approve" && verdict != "conditions")
            bad += fmt::format("{}{}: {}", bad.empty() ? "" : ", ", one.name, verdict);
        else
            until = std::min(until, one.expires);
    }
    out.verdict = bad.empty() ? governance::Verdict::pass : governance::Verdict::fail;
    out.summary =
        bad.empty() ? fmt::format("{} vendors, {} with conditions", all.size(), conditions) : bad.substr(0, 500);
    if (bad.empty()) out.expires = until;
    return std::optional(out);
}

Result<std::vector<DueDate>> Vendors::dates() {
    std::vector<DueDate> out;
    for (const VendorView& one : BARTIZAN_TRY(list()))
        if (one.expires != 0)
            out.push_back({.uid = fmt::format("vendor-{}@bartizan", one.name),
                           .at = one.expires,
                           .title = fmt::format("answers of vendor {} expire", one.name),
                           .text = "Ask again: bartizan vendor questions",
                           .category = "vendor"});
    return out;
}

}  // namespace bartizan::registers
