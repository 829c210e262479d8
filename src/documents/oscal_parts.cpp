#include "documents/oscal_parts.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "bartizan/version.h"
#include "core/time_text.h"
#include "documents/oscal.h"
#include "report/escape.h"

namespace bartizan::documents::oscal {
namespace {

using governance::Evidence;
using governance::State;

/// Markup of one line: OSCAL reads Markdown there, so what text from outside could mean in it is taken out.
std::string plain(std::string_view text) {
    std::string out;
    for (const char c : report::clean_line(text)) {
        if (std::string_view("*_`[]<>{}\\~^").find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out.empty() ? "-" : out;
}

std::string description_of(const Facts& facts, const Evidence& one) {
    const governance::Check* check = facts.framework->check(one.check);
    std::string out =
        fmt::format("{} {}", check == nullptr ? one.check : check->title + " (" + one.check + ").", evidence_line(one));
    for (const std::string& limit : one.limitations) out += " Limitation: " + limit + ".";
    return out;
}

Json component(const std::string& uuid, std::string_view type, const std::string& title,
               const std::string& description) {
    return {{"uuid", uuid},
            {"type", type},
            {"title", plain(title)},
            {"description", plain(description)},
            {"status", {{"state", "operational"}}}};
}

}  // namespace

std::string stamp(std::int64_t seconds) { return utc_text(static_cast<std::time_t>(seconds)); }

void add_list(Json& object, const char* name, Json list) {
    if (!list.empty()) object[name] = std::move(list);
}

std::string token_of(std::string_view text) {
    std::string out;
    for (char c : text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
        const bool plain_letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
        out += plain_letter ? c : c == ':' ? '_' : '-';
    }
    if (out.empty() || out[0] < 'a' || out[0] > 'z') out.insert(0, "r-");
    return out;
}

Json property(std::string_view name, std::string_view value) {
    const std::string text = report::clean_line(value);
    return {{"name", name}, {"ns", kNamespace}, {"value", text.empty() ? "-" : text}};
}

std::string tool_uuid(const Facts& facts) { return uuid_of(facts, "component", "bartizan"); }
std::string subject_uuid(const Facts& facts) { return uuid_of(facts, "component", facts.subject()); }
std::string observation_uuid(const Facts& facts, const std::string& evidence) {
    return uuid_of(facts, "observation", evidence);
}
std::string risk_uuid(const Facts& facts, const Trouble& trouble) {
    return uuid_of(facts, "risk", facts.subject() + "/" + trouble.check);
}

Json metadata(const Facts& facts, const std::string& title) {
    const std::string name = facts.organisation.empty() ? "An installation of Bartizan" : facts.organisation;
    return {{"title", plain(title)},
            {"last-modified", stamp(facts.now())},
            {"version", fmt::format("{} {}", facts.subject(), stamp(facts.now()))},
            {"oscal-version", kOscalVersion},
            {"parties", Json::array({{{"uuid", uuid_of(facts, "party", "organisation")},
                                      {"type", "organization"},
                                      {"name", report::clean_line(name)}}})}};
}

Json tool_component(const Facts& facts) {
    return component(tool_uuid(facts), "software", "bartizan",
                     fmt::format("Bartizan {}: ran the checks or recorded what was sent", kVersion));
}

Json subject_component(const Facts& facts) {
    const bool organisation = !facts.version.has_value();
    Json out = component(subject_uuid(facts), organisation ? "process-procedure" : "software", facts.subject(),
                         organisation                    ? "What the organisation does about machine learning"
                         : facts.profile.purpose.empty() ? "No purpose was told"
                                                         : facts.profile.purpose);
    if (facts.version)
        out["props"] =
            Json::array({property("sha-256", facts.version->digest), property("file", facts.version->file_name),
                         property("stage", facts.version->stage)});
    return out;
}

Json observations(const Facts& facts) {
    Json out = Json::array();
    for (const Evidence& one : facts.standing.evidence) {
        Json relevant = {{"href", "/v1/evidence/" + one.id},
                         {"description", plain("evidence " + one.id + " in the ledger " + facts.log)},
                         {"props", Json::array({property("id", one.id)})}};
        if (one.entry >= 0) relevant["props"].push_back(property("ledger-entry", std::to_string(one.entry)));
        if (!one.report_digest.empty()) relevant["props"].push_back(property("report-sha-256", one.report_digest));
        Json props = Json::array({property("check", one.check), property("verdict", governance::to_string(one.verdict)),
                                  property("origin", one.origin)});
        const auto number = [&](const char* name, const std::optional<double>& value) {
            if (value) props.push_back(property(name, fmt::format("{}", *value)));
        };
        number("value", one.value);
        number("low", one.low);
        number("high", one.high);
        if (one.samples > 0) props.push_back(property("samples", std::to_string(one.samples)));
        if (one.disputed) props.push_back(property("disputed", *one.disputed));
        out.push_back(
            {{"uuid", observation_uuid(facts, one.id)},
             {"title", plain(one.check)},
             {"description", plain(description_of(facts, one))},
             {"props", std::move(props)},
             {"methods", Json::array({governance::to_string(one.method)})},
             {"types", Json::array({"control-objective"})},
             {"origins",
              Json::array({{{"actors", Json::array({{{"type", "tool"}, {"actor-uuid", tool_uuid(facts)}}})}}})},
             {"subjects", Json::array({{{"subject-uuid", subject_uuid(facts)}, {"type", "component"}}})},
             {"relevant-evidence", Json::array({std::move(relevant)})},
             {"collected", stamp(one.collected)},
             {"expires", stamp(one.expires)}});
    }
    return out;
}

std::vector<Trouble> troubles(const Facts& facts) {
    std::map<std::string, Trouble> by_check;
    for (std::size_t i = 0; i < facts.standing.asked.size(); ++i) {
        const auto& [requirement, cell] = facts.standing.asked[i];
        const governance::Requirement& asked = facts.framework->requirements()[requirement];
        for (const governance::Cell::Part& part : cell.parts) {
            if (!part.must || part.state >= State::attested) continue;
            const bool attests = asked.must == 0;
            const std::string id =
                attests ? std::string(governance::kAttests) + asked.id : facts.framework->checks()[part.check].id;
            Trouble& one = by_check[id];
            one.check = id;
            one.title = attests ? asked.title : facts.framework->checks()[part.check].title;
            one.state = part.state;
            one.evidence = facts.evidence_of(id);
            one.asked.push_back(i);
        }
    }
    std::vector<Trouble> out;
    for (auto& [id, one] : by_check) out.push_back(std::move(one));
    std::ranges::stable_sort(out, {}, &Trouble::state);
    return out;
}

Json risk(const Facts& facts, const Trouble& trouble) {
    std::string statement =
        fmt::format("{} for {}: {}.", trouble.check, facts.subject(),
                    trouble.evidence == nullptr ? "there is no evidence" : evidence_line(*trouble.evidence));
    std::size_t waived = 0;
    Json threats = Json::array();
    for (const std::size_t at : trouble.asked) {
        const governance::Standing::Asked& asked = facts.standing.asked[at];
        waived += asked.cell.waived.empty() ? 0 : 1;
    }
    statement += fmt::format(" {} requirements must have it, of which {} are set aside.", trouble.asked.size(), waived);
    const bool all_waived = waived == trouble.asked.size();
    const std::string todo = trouble.state == State::failing ? "Mend what the evidence shows, and test again."
                             : trouble.state == State::stale ? "Test again: the evidence has expired."
                                                             : "Test it: nothing is shown.";
    return {{"uuid", risk_uuid(facts, trouble)},
            {"title", plain(trouble.title)},
            {"description", plain(fmt::format("{} is {}", trouble.check, governance::to_string(trouble.state)))},
            {"statement", plain(statement)},
            {"props", Json::array({property("state", governance::to_string(trouble.state))})},
            {"status", all_waived ? "deviation-approved" : "open"},
            {"remediations", Json::array({{{"uuid", uuid_of(facts, "response", facts.subject() + "/" + trouble.check)},
                                           {"lifecycle", "recommendation"},
                                           {"title", "What to do"},
                                           {"description", todo}}})}};
}

}  // namespace bartizan::documents::oscal
