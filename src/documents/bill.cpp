#include "documents/bill.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "bartizan/version.h"
#include "core/time_text.h"
#include "documents/oscal_parts.h"
#include "provenance/bom/model_card_json.h"

namespace bartizan::documents {
namespace bill {
namespace {

using governance::Evidence;
using governance::State;
using governance::Verdict;

std::string stamp(std::int64_t seconds) { return utc_text(static_cast<std::time_t>(seconds)); }
std::string requirement_ref(const std::string& id) { return "requirement:" + id; }

Json property(std::string_view name, std::string value) {
    return {{"name", "bartizan:" + std::string(name)}, {"value", std::move(value)}};
}

/// Numbers that were measured, each with the evidence that it comes from as its slice's neighbour.
Json metrics_of(const Facts& facts) {
    Json out = Json::array();
    for (const Evidence& one : facts.standing.evidence) {
        if (!one.value) continue;
        Json metric = {{"type", one.check + " (" + one.id + ")"}, {"value", fmt::format("{}", *one.value)}};
        if (one.low && one.high)
            metric["confidenceInterval"] = {{"lowerBound", fmt::format("{}", *one.low)},
                                            {"upperBound", fmt::format("{}", *one.high)}};
        out.push_back(std::move(metric));
    }
    return out;
}

Json model_card(const Facts& facts) {
    provenance::ModelCard card;
    if (!facts.profile.purpose.empty()) card.use_cases.push_back(facts.profile.purpose);
    std::set<std::string> limits;
    for (const Evidence& one : facts.standing.evidence) limits.insert(one.limitations.begin(), one.limitations.end());
    card.limitations.assign(limits.begin(), limits.end());
    Json out = provenance::model_card_json(card);
    if (Json metrics = metrics_of(facts); !metrics.empty())
        out["quantitativeAnalysis"]["performanceMetrics"] = std::move(metrics);
    return out;
}

Json component_of(const Facts& facts, bool as_target) {
    const registry::Version& version = *facts.version;
    const bool model = version.id.asset.kind == registry::Kind::model;
    Json out = {{"type", model ? "machine-learning-model" : "data"},
                {"bom-ref", (as_target ? "target:" : "") + version.id.text()},
                {"name", version.id.asset.name},
                {"version", std::to_string(version.id.number)},
                {"hashes", Json::array({{{"alg", "SHA-256"}, {"content", version.digest}}})}};
    if (as_target) return out;
    Json properties = Json::array({property("file", version.file_name),
                                   property("bytes", std::to_string(version.bytes)), property("stage", version.stage)});
    for (const registry::Link& link : version.links) properties.push_back(property(link.relation, link.source.text()));
    if (!facts.profile.owner.empty()) properties.push_back(property("owner", facts.profile.owner));
    if (!facts.profile.risk_class.empty()) properties.push_back(property("eu-risk-class", facts.profile.risk_class));
    out["properties"] = std::move(properties);
    if (model)
        if (Json card = model_card(facts); !card.empty()) out["modelCard"] = std::move(card);
    return out;
}

Json standards_of(const Facts& facts) {
    std::map<std::size_t, Json> requirements;
    for (const auto& asked : facts.standing.asked) {
        const governance::Requirement& one = facts.requirement(asked);
        requirements[one.catalogue].push_back(
            {{"bom-ref", requirement_ref(one.id)}, {"identifier", one.ref}, {"title", one.title}});
    }
    Json out = Json::array();
    for (auto& [at, list] : requirements) {
        const governance::Catalogue& one = facts.framework->catalogues()[at];
        Json standard = {{"bom-ref", "standard:" + one.scheme + "@" + one.version},
                         {"name", one.title},
                         {"version", one.version},
                         {"owner", one.publisher},
                         {"requirements", std::move(list)}};
        if (one.source.starts_with("http"))
            standard["externalReferences"] = Json::array({{{"type", "documentation"}, {"url", one.source}}});
        out.push_back(std::move(standard));
    }
    return out;
}

Json evidence_json(const Evidence& one) {
    return {
        {"bom-ref", one.id},
        {"propertyName", "bartizan." + one.check},
        {"description", evidence_line(one)},
        {"data",
         Json::array(
             {{{"name", "evidence"},
               {"contents",
                {{"attachment",
                  {{"contentType", "application/json"},
                   {"content", governance::body_of(one).dump(-1, ' ', false, Json::error_handler_t::replace)}}}}}}})},
        {"created", stamp(one.collected)},
        {"expires", stamp(one.expires)}};
}

std::string claim_ref(const Evidence& one) { return "claim:" + one.id; }

Json claim_json(const Facts& facts, const Evidence& one) {
    const governance::Check* check = facts.framework->check(one.check);
    return {{"bom-ref", claim_ref(one)},
            {"target", "target:" + facts.subject()},
            {"predicate",
             fmt::format("{}: {}", check == nullptr ? one.check : check->title, governance::to_string(one.verdict))},
            {"reasoning", fmt::format("{}{}", evidence_line(one), one.disputed ? " Disputed: " + *one.disputed : "")},
            {"evidence", Json::array({one.id})}};
}

/// What bears on one requirement. Conformance is told only of what is shown or failed; what is unknown has none.
Json attested(const Facts& facts, const governance::Standing::Asked& asked) {
    const governance::Requirement& requirement = facts.requirement(asked);
    Json claims = Json::array(), counter = Json::array();
    std::set<std::string> seen;
    for (const governance::Cell::Part& part : asked.cell.parts) {
        const bool attests = requirement.must == 0 && part.must;
        const std::string check =
            attests ? std::string(governance::kAttests) + requirement.id : facts.framework->checks()[part.check].id;
        const Evidence* one = facts.evidence_of(check);
        if (one == nullptr || !part.must || !seen.insert(check).second) continue;
        if (part.state >= State::attested) claims.push_back(claim_ref(*one));
        if (part.state == State::failing) counter.push_back(claim_ref(*one));
    }
    Json out = {{"requirement", requirement_ref(requirement.id)}};
    if (!claims.empty()) out["claims"] = std::move(claims);
    if (!counter.empty()) out["counterClaims"] = std::move(counter);
    const State state = asked.cell.state;
    const governance::Catalogue& catalogue = facts.framework->catalogues()[requirement.catalogue];
    if (state == State::unknown || state == State::stale) return out;
    out["conformance"] = {
        {"score", state == State::failing ? 0 : 1},
        {"rationale", fmt::format("{}: every check that must pass {}. The mapping of checks to the requirement is of "
                                  "status {}.",
                                  governance::to_string(state),
                                  state == State::failing    ? "did not"
                                  : state == State::attested ? "is attested by documents"
                                                             : "has passed and holds now",
                                  catalogue.mapping_status)}};
    return out;
}

Json declarations_of(const Facts& facts) {
    Json evidence = Json::array(), claims = Json::array(), map = Json::array();
    for (const Evidence& one : facts.standing.evidence) {
        evidence.push_back(evidence_json(one));
        claims.push_back(claim_json(facts, one));
    }
    for (const auto& asked : facts.standing.asked) map.push_back(attested(facts, asked));
    const std::string name = facts.organisation.empty() ? "An installation of Bartizan" : facts.organisation;
    return {{"assessors",
             Json::array({{{"bom-ref", "assessor"}, {"thirdParty", false}, {"organization", {{"name", name}}}}})},
            {"attestations", Json::array({{{"summary", "What evidence shows of " + facts.subject()},
                                           {"assessor", "assessor"},
                                           {"map", std::move(map)}}})},
            {"claims", std::move(claims)},
            {"evidence", std::move(evidence)},
            {"targets", {{"components", Json::array({component_of(facts, true)})}}}};
}

}  // namespace
}  // namespace bill

Result<Json> bill_of(const Facts& facts, const std::string& spec_version) {
    if (spec_version != "1.6" && spec_version != "1.7")
        return invalid_input("CycloneDX '" + spec_version.substr(0, 20) + "' is not written", "1.6 or 1.7");
    if (!facts.version)
        return invalid_input("the organisation is no component of a bill of materials", "name a model or data set");
    const Json tool = {{"type", "application"}, {"name", "bartizan"}, {"version", kVersion}};
    const Json component = bill::component_of(facts, false);
    return Json{
        {"$schema", "http://cyclonedx.org/schema/bom-" + spec_version + ".schema.json"},
        {"bomFormat", "CycloneDX"},
        {"specVersion", spec_version},
        {"serialNumber",
         "urn:uuid:" + uuid_of(facts, "bom", fmt::format("{}/{}/{}", facts.subject(), facts.now(), spec_version))},
        {"version", 1},
        {"metadata", {{"timestamp", bill::stamp(facts.now())}, {"tools", {{"components", Json::array({tool})}}}}},
        {"components", Json::array({component})},
        {"definitions", {{"standards", bill::standards_of(facts)}}},
        {"declarations", bill::declarations_of(facts)}};
}

}  // namespace bartizan::documents
