#include "report/sarif.h"

#include <algorithm>
#include <map>
#include <string>

#include <fmt/format.h>

#include "report/escape.h"
#include "report/json.h"
#include "report/rules.h"
#include "report/taxonomy.h"
#include "report/wording.h"

namespace bartizan::report {
namespace {

/// A message (section 3.11): braces are doubled, since single ones are placeholders, and "](" is broken up, since it
/// would make a link of text from outside.
std::string message_text(std::string_view text) {
    std::string out;
    for (const char c : clean_text(text)) {
        if (c == '(' && out.ends_with(']')) out += ' ';
        out += c;
        if (c == '{' || c == '}') out += c;
    }
    return out;
}
Json message(std::string_view text) { return {{"text", message_text(text)}}; }

/// The number that code-scanning systems sort by, on CVSS's scale.
std::string_view security_severity(Severity severity) {
    constexpr std::string_view kScale[] = {"0.0", "3.0", "5.5", "8.0", "9.5"};
    return kScale[static_cast<std::size_t>(severity)];
}

std::size_t taxonomy_index(const Taxonomy& taxonomy) {
    return static_cast<std::size_t>(&taxonomy - taxonomies().data());
}

/// A reference to an entry of the run's taxonomies; null for one that they lack.
Json taxon_reference(std::string_view scheme, std::string_view id) {
    const Taxonomy* taxonomy = find_taxonomy(scheme);
    if (taxonomy == nullptr) return nullptr;
    const auto found = std::ranges::find(taxonomy->taxa, id, &Taxon::id);
    if (found == taxonomy->taxa.end()) return nullptr;
    return {{"id", id},
            {"index", found - taxonomy->taxa.begin()},
            {"toolComponent", {{"name", scheme}, {"index", taxonomy_index(*taxonomy)}}}};
}

Json taxonomy_json(const Taxonomy& taxonomy) {
    Json taxa = Json::array();
    for (const Taxon& taxon : taxonomy.taxa)
        taxa.push_back({{"id", taxon.id}, {"shortDescription", {{"text", taxon.title}}}});
    return {{"name", taxonomy.scheme},
            {"version", taxonomy.version},
            {"organization", taxonomy.organization},
            {"informationUri", taxonomy.url},
            {"shortDescription", {{"text", fmt::format("{} {}", taxonomy.scheme, taxonomy.version)}}},
            {"taxa", std::move(taxa)}};
}

/// The rules that this run has results of, in the order of their first result.
struct RuleList {
    std::vector<std::string> ids;
    std::map<std::string, Severity> worst;

    explicit RuleList(const std::vector<FindingRef>& findings) {
        for (const FindingRef& ref : findings) {
            const auto [at, added] = worst.try_emplace(ref.finding->rule, ref.finding->severity);
            if (added) ids.push_back(ref.finding->rule);
            at->second = std::max(at->second, ref.finding->severity);
        }
    }
    std::size_t index(const std::string& id) const {
        return static_cast<std::size_t>(std::ranges::find(ids, id) - ids.begin());
    }
};

Json rule_json(const std::string& id, Severity worst) {
    Json out = {{"id", clean_line(id)}};
    const Rule* rule = find_rule(id);
    if (rule != nullptr) {
        out["name"] = rule->name;
        out["shortDescription"] = {{"text", rule->summary}};
        out["fullDescription"] = {{"text", rule->help}};
        out["help"] = {{"text", fmt::format("{}\n\nWhat to do: {}", rule->help, rule->remediation)},
                       {"markdown", fmt::format("{}\n\n**What to do:** {}", rule->help, rule->remediation)}};
        Json relationships = Json::array();
        for (const RuleMap& map : rule->maps)
            relationships.push_back(
                {{"target", taxon_reference(map.scheme, map.id)}, {"kinds", Json::array({"relevant"})}});
        out["relationships"] = std::move(relationships);
    }
    out["properties"] = {{"tags", Json::array({"security", "machine-learning"})},
                         {"security-severity", security_severity(worst)}};
    return out;
}

/// FNV-1a, 64 bits: a name, not a protection.
std::string fingerprint(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return fmt::format("{:016x}", hash);
}

Json result_json(const FindingRef& ref, const RuleList& rules, const Json& location, std::size_t occurrence) {
    const Finding& finding = *ref.finding;
    std::string text = finding.title;
    if (!finding.explanation.empty()) text += " " + finding.explanation;
    if (const Measurement* key = key_measurement(finding)) text += " " + measurement_line(*key) + ".";
    Json taxa = Json::array();
    for (const Mapping& map : finding.maps)
        if (Json reference = taxon_reference(map.scheme, map.id); !reference.is_null())
            taxa.push_back(std::move(reference));
    Json evidence = Json::array();
    for (const Measurement& measurement : finding.evidence) evidence.push_back(measurement_json(measurement));
    Json out = {
        {"ruleId", clean_line(finding.rule)},
        {"ruleIndex", rules.index(finding.rule)},
        {"kind", finding.severity == Severity::info ? "informational" : "fail"},
        {"level", sarif_level(finding.severity)},
        {"message", message(text)},
        {"locations", Json::array({location})},
        {"partialFingerprints",
         {{"bartizanFinding/v1", fingerprint(fmt::format("{}\n{}\n{}", finding.rule, ref.probe->name, occurrence))}}},
        {"properties",
         {{"severity", to_string(finding.severity)},
          {"probe", clean_line(ref.probe->name)},
          {"seed", finding.seed},
          {"remediation", clean_text(finding.remediation)},
          {"evidence", std::move(evidence)}}}};
    if (!taxa.empty()) out["taxa"] = std::move(taxa);
    return out;
}

Json notification(std::string_view level, std::string_view id, std::string_view text) {
    return {{"level", level}, {"descriptor", {{"id", id}}}, {"message", message(text)}};
}

Json notifications(const Report& report) {
    Json out = Json::array();
    for (const ProbeRecord& probe : report.probes) {
        const std::string why = fmt::format("Probe '{}' {}: {}", probe.name,
                                            probe.status == ProbeStatus::failed    ? "could not be carried out"
                                            : probe.status == ProbeStatus::skipped ? "was skipped"
                                                                                   : "stopped before its end",
                                            probe.reason.empty() ? "no reason given" : probe.reason);
        if (probe.status == ProbeStatus::failed) out.push_back(notification("error", "probe-failed", why));
        if (probe.status == ProbeStatus::incomplete) out.push_back(notification("warning", "probe-incomplete", why));
        if (probe.status == ProbeStatus::skipped) out.push_back(notification("note", "probe-skipped", why));
    }
    if (!report.complete) out.push_back(notification("warning", "audit-incomplete", "The audit was stopped early."));
    return out;
}

/// "2026-02-03T10:15:00Z" and nothing else: SARIF wants RFC 3339 there.
bool is_utc_time(std::string_view text) {
    constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:ddZ";
    return std::ranges::equal(text, kForm,
                              [](char c, char form) { return form == 'd' ? c >= '0' && c <= '9' : c == form; });
}

Json invocation_json(const Report& report) {
    const bool all_ran = report.complete && std::ranges::none_of(report.probes, [](const ProbeRecord& probe) {
                             return probe.status == ProbeStatus::failed || probe.status == ProbeStatus::incomplete;
                         });
    Json out = {{"executionSuccessful", all_ran},
                {"commandLine", clean_line(report.command)},
                {"toolExecutionNotifications", notifications(report)}};
    if (is_utc_time(report.started)) out["startTimeUtc"] = report.started;
    return out;
}

Json driver_json(const Report& report, const RuleList& rules) {
    Json descriptors = Json::array();
    for (const std::string& id : rules.ids) descriptors.push_back(rule_json(id, rules.worst.at(id)));
    Json supported = Json::array();
    for (const Taxonomy& taxonomy : taxonomies())
        supported.push_back({{"name", taxonomy.scheme}, {"index", taxonomy_index(taxonomy)}});
    Json notices = Json::array();
    for (const char* id : {"probe-failed", "probe-incomplete", "probe-skipped", "audit-incomplete"})
        notices.push_back({{"id", id}});
    return {{"name", "Bartizan"},
            {"version", clean_line(report.tool_version)},
            {"rules", std::move(descriptors)},
            {"notifications", std::move(notices)},
            {"supportedTaxonomies", std::move(supported)}};
}

Json artifact_json(const Asset& asset, std::string_view role) {
    Json out = {{"location", {{"uri", uri_reference(asset.path)}}}, {"roles", Json::array({role})}};
    if (!asset.sha256.empty()) out["hashes"] = {{"sha-256", clean_line(asset.sha256)}};
    return out;
}

}  // namespace

std::string_view sarif_level(Severity severity) {
    constexpr std::string_view kLevels[] = {"none", "note", "warning", "error", "error"};
    return kLevels[static_cast<std::size_t>(severity)];
}

Json report_sarif(const Report& report) {
    const auto findings = findings_by_severity(report);
    const RuleList rules(findings);
    const Json artifact = {{"uri", uri_reference(report.asset.path)}, {"index", 0}};
    const Json location = {{"physicalLocation", {{"artifactLocation", artifact}}}};
    std::map<std::pair<std::string, std::string>, std::size_t> seen;
    Json results = Json::array();
    for (const FindingRef& ref : findings) {
        results.push_back(result_json(ref, rules, location, seen[{ref.finding->rule, ref.probe->name}]++));
    }
    Json schemes = Json::array();
    for (const Taxonomy& taxonomy : taxonomies()) schemes.push_back(taxonomy_json(taxonomy));
    Json artifacts = Json::array({artifact_json(report.asset, "analysisTarget")});
    if (report.data) artifacts.push_back(artifact_json(*report.data, "referencedOnCommandLine"));
    Json run = {{"tool", {{"driver", driver_json(report, rules)}}},
                {"automationDetails", {{"id", "bartizan/audit/"}}},
                {"invocations", Json::array({invocation_json(report)})},
                {"artifacts", std::move(artifacts)},
                {"taxonomies", std::move(schemes)},
                {"results", std::move(results)}};
    return {{"$schema", "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"},
            {"version", "2.1.0"},
            {"runs", Json::array({std::move(run)})}};
}

}  // namespace bartizan::report
