#include "documents/oscal.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "documents/oscal_parts.h"

namespace bartizan::documents {
namespace oscal {
namespace {

using governance::Cell;
using governance::State;

const char* reason_of(State state) { return state == State::met ? "pass" : state == State::failing ? "fail" : "other"; }

/// Findings tell of one requirement; what is attested by documents alone is satisfied for another reason than a test.
Json finding(const Facts& facts, const governance::Standing::Asked& asked, const std::set<std::string>& in_trouble) {
    const governance::Requirement& requirement = facts.requirement(asked);
    const Cell& cell = asked.cell;
    const bool satisfied = cell.state >= State::attested;
    Json observed = Json::array(), risks = Json::array();
    std::set<std::string> seen;
    for (const Cell::Part& part : cell.parts) {
        const bool attests = requirement.must == 0 && part.must;
        const std::string check =
            attests ? std::string(governance::kAttests) + requirement.id : facts.framework->checks()[part.check].id;
        if (!seen.insert(check).second) continue;
        if (const governance::Evidence* one = facts.evidence_of(check))
            observed.push_back({{"observation-uuid", observation_uuid(facts, one->id)}});
        if (part.must && part.state < State::attested && in_trouble.contains(check))
            risks.push_back({{"risk-uuid", risk_uuid(facts, {.check = check})}});
    }
    Json props = Json::array({property("state", governance::to_string(cell.state))});
    if (!cell.waived.empty()) props.push_back(property("set-aside", cell.waived));
    if (requirement.unchecked) props.push_back(property("reference", "number not checked against the text"));
    const governance::Catalogue& catalogue = facts.framework->catalogues()[requirement.catalogue];
    Json out = {
        {"uuid", uuid_of(facts, "finding", facts.subject() + "/" + requirement.id)},
        {"title", fmt::format("{} {}", catalogue.title, requirement.ref)},
        {"description",
         fmt::format("{}: {}. Evidence bears on the requirement by a mapping of status {}; it is no statement of "
                     "conformity.",
                     requirement.title, governance::to_string(cell.state),
                     catalogue.mapping_status.empty() ? "draft" : catalogue.mapping_status)},
        {"props", std::move(props)},
        {"target",
         {{"type", "objective-id"},
          {"target-id", token_of(requirement.id) + "_obj"},
          {"status", {{"state", satisfied ? "satisfied" : "not-satisfied"}, {"reason", reason_of(cell.state)}}}}}};
    add_list(out, "related-observations", std::move(observed));
    add_list(out, "related-risks", std::move(risks));
    return out;
}

Json reviewed_controls(const Facts& facts) {
    Json ids = Json::array();
    for (const auto& asked : facts.standing.asked)
        ids.push_back({{"control-id", token_of(facts.requirement(asked).id)}});
    Json selection = {{"description", "Requirements of the catalogues that are asked of this asset"}};
    if (ids.empty())
        selection["include-all"] = Json::object();
    else
        selection["include-controls"] = std::move(ids);
    return {{"control-selections", Json::array({std::move(selection)})}};
}

Json platform(const Facts& facts) {
    return {{"components", Json::array({tool_component(facts)})},
            {"assessment-platforms",
             Json::array({{{"uuid", uuid_of(facts, "platform", "bartizan")},
                           {"title", "bartizan"},
                           {"uses-components", Json::array({{{"component-uuid", tool_uuid(facts)}}})}}})}};
}

/// The plan is the program's list of checks; it is told of here, since no document of its own is made.
Json back_matter(const Facts& facts, const std::string& plan) {
    Json resources = Json::array(
        {{{"uuid", plan},
          {"title", "The checks of Bartizan"},
          {"description",
           "Which checks there are, what they ask, how long they hold: control checks, /v1/controls/catalogues"},
          {"rlinks", Json::array({{{"href", "/v1/controls/catalogues"}}})}}});
    std::set<std::size_t> catalogues;
    for (const auto& asked : facts.standing.asked) catalogues.insert(facts.requirement(asked).catalogue);
    for (const std::size_t at : catalogues) {
        const governance::Catalogue& one = facts.framework->catalogues()[at];
        Json resource = {{"uuid", uuid_of(facts, "catalogue", one.scheme + "@" + one.version)},
                         {"title", fmt::format("{} {}", one.title, one.version)},
                         {"description", fmt::format("Publisher: {}. Licence: {}.", one.publisher, one.licence)}};
        if (one.source.starts_with("http")) resource["rlinks"] = Json::array({{{"href", one.source}}});
        resources.push_back(std::move(resource));
    }
    return {{"resources", std::move(resources)}};
}

Json risks_of(const Facts& facts, const std::vector<Trouble>& all) {
    Json out = Json::array();
    for (const Trouble& one : all) out.push_back(risk(facts, one));
    return out;
}

std::set<std::string> names_of(const std::vector<Trouble>& all) {
    std::set<std::string> out;
    for (const Trouble& one : all) out.insert(one.check);
    return out;
}

}  // namespace
}  // namespace oscal

Json oscal_results(const Facts& facts) {
    using namespace oscal;
    const auto all = troubles(facts);
    const auto names = names_of(all);
    const std::string plan = uuid_of(facts, "resource", "assessment-plan");
    std::int64_t start = facts.now();
    for (const governance::Evidence& one : facts.standing.evidence) start = std::min(start, one.collected);
    const Json definitions = {{"components", Json::array({subject_component(facts)})},
                              {"assessment-assets", platform(facts)}};
    Json result = {{"uuid", uuid_of(facts, "result", fmt::format("{}/{}", facts.subject(), facts.now()))},
                   {"title", fmt::format("Evidence about {}", facts.subject())},
                   {"description", "Made from evidence in the ledger; no state was typed in."},
                   {"start", stamp(start)},
                   {"end", stamp(facts.now())},
                   {"local-definitions", definitions},
                   {"reviewed-controls", reviewed_controls(facts)}};
    add_list(result, "observations", observations(facts));
    add_list(result, "risks", risks_of(facts, all));
    Json findings = Json::array();
    for (const auto& asked : facts.standing.asked) findings.push_back(finding(facts, asked, names));
    add_list(result, "findings", std::move(findings));
    return {{"assessment-results",
             {{"uuid", uuid_of(facts, "assessment-results", fmt::format("{}/{}", facts.subject(), facts.now()))},
              {"metadata", metadata(facts, "Assessment results of " + facts.subject())},
              {"import-ap", {{"href", "#" + plan}}},
              {"results", Json::array({std::move(result)})},
              {"back-matter", back_matter(facts, plan)}}}};
}

Result<Json> oscal_plan(const Facts& facts) {
    using namespace oscal;
    const auto all = troubles(facts);
    if (all.empty())
        return Error(Errc::not_found, "nothing that is asked of " + facts.subject() + " is failing, stale or unknown",
                     "there is nothing to plan");
    Json items = Json::array();
    for (const Trouble& one : all) {
        std::string which;
        for (const std::size_t at : one.asked)
            which += (which.empty() ? "" : ", ") + facts.requirement(facts.standing.asked[at]).id;
        Json item = {{"uuid", uuid_of(facts, "poam-item", facts.subject() + "/" + one.check)},
                     {"title", fmt::format("{}: {}", one.check, governance::to_string(one.state))},
                     {"description", fmt::format("{} Asked by {}.", one.title, which)},
                     {"related-risks", Json::array({{{"risk-uuid", risk_uuid(facts, one)}}})}};
        if (one.evidence != nullptr)
            item["related-observations"] =
                Json::array({{{"observation-uuid", observation_uuid(facts, one.evidence->id)}}});
        items.push_back(std::move(item));
    }
    Json out = {
        {"uuid", uuid_of(facts, "poam", fmt::format("{}/{}", facts.subject(), facts.now()))},
        {"metadata", metadata(facts, "Plan of action and milestones of " + facts.subject())},
        {"system-id", {{"identifier-type", kNamespace}, {"id", facts.subject()}}},
        {"local-definitions", {{"components", Json::array({subject_component(facts), tool_component(facts)})}}}};
    add_list(out, "observations", observations(facts));
    add_list(out, "risks", risks_of(facts, all));
    out["poam-items"] = std::move(items);
    return Json{{"plan-of-action-and-milestones", std::move(out)}};
}

}  // namespace bartizan::documents
