#include "scan/output.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "report/escape.h"
#include "report/rules.h"

namespace bartizan::scan {
namespace {

using report::clean_line;

/// Text shows so many issues of one file; JSON and SARIF have them all.
constexpr std::size_t kShownIssues = 12;

Json issue_json(const Issue& issue) {
    Json out = {{"rule", issue.rule},
                {"severity", to_string(issue.severity)},
                {"verdict", to_string(issue.verdict)},
                {"title", clean_line(issue.title)}};
    out["member"] = issue.member.empty() ? Json() : Json(clean_line(issue.member));
    out["offset"] = issue.offset ? Json(*issue.offset) : Json();
    out["detail"] = clean_line(issue.detail);
    Json maps = Json::array();
    for (const Mapping& map : report::mappings_of(issue.rule))
        maps.push_back({{"scheme", map.scheme}, {"id", map.id}, {"version", map.version}});
    out["maps"] = std::move(maps);
    return out;
}

Json file_json(const FileResult& file) {
    Json findings = Json::array();
    for (const Issue& issue : file.issues) findings.push_back(issue_json(issue));
    Json out = {{"path", clean_line(file.path)}, {"format", file.format}, {"verdict", to_string(file.verdict)},
                {"complete", file.complete},     {"size", file.size},     {"findings", std::move(findings)}};
    if (!file.sha256.empty()) out["sha256"] = file.sha256;
    if (!file.program.empty()) {
        out["program"] = Json::array();
        for (const std::string& line : file.program) out["program"].push_back(clean_line(line));
    }
    return out;
}

std::map<Verdict, std::size_t> counts_of(const ScanResult& scan) {
    std::map<Verdict, std::size_t> counts;
    for (const FileResult& file : scan.files) ++counts[file.verdict];
    return counts;
}

std::string issue_text(const Issue& issue) {
    std::string where = issue.member.empty() ? "" : " in " + clean_line(issue.member);
    if (issue.offset) where += fmt::format(" at byte {}", *issue.offset);
    std::string out =
        fmt::format("  {:<8} {}  {}{}\n", to_string(issue.severity), issue.rule, clean_line(issue.title), where);
    if (!issue.detail.empty()) out += fmt::format("           {}\n", clean_line(issue.detail));
    return out;
}

std::string file_text(const FileResult& file) {
    std::string out = fmt::format("{}: {}{}\n", clean_line(file.path), to_string(file.verdict),
                                  file.format.empty() ? "" : " (" + clean_line(file.format) + ")");
    std::vector<const Issue*> issues;
    for (const Issue& issue : file.issues) issues.push_back(&issue);
    std::ranges::stable_sort(issues, [](const Issue* a, const Issue* b) { return a->verdict > b->verdict; });
    for (std::size_t i = 0; i < std::min(issues.size(), kShownIssues); ++i) out += issue_text(*issues[i]);
    if (issues.size() > kShownIssues) out += fmt::format("  and {} more\n", issues.size() - kShownIssues);
    for (const std::string& line : file.program) out += "    | " + clean_line(line) + "\n";
    return out;
}

/// A message of SARIF (section 3.11): single braces are placeholders, "](" makes links.
Json message(std::string_view text) {
    std::string out;
    for (const char c : report::clean_text(text)) {
        if (c == '(' && out.ends_with(']')) out += ' ';
        out += c;
        if (c == '{' || c == '}') out += c;
    }
    return {{"text", std::move(out)}};
}

std::string_view sarif_level(Severity severity) {
    constexpr std::string_view kLevels[] = {"none", "note", "warning", "error", "error"};
    return kLevels[static_cast<std::size_t>(severity)];
}

Json sarif_rule(std::string_view id) {
    Json out = {{"id", id}};
    if (const report::Rule* rule = report::find_rule(id)) {
        out["name"] = rule->name;
        out["shortDescription"] = {{"text", rule->summary}};
        out["fullDescription"] = {{"text", rule->help}};
        out["help"] = {{"text", fmt::format("{}\n\nWhat to do: {}", rule->help, rule->remediation)}};
        Json tags = Json::array({"security", "machine-learning"});
        for (const report::RuleMap& map : rule->maps)
            if (map.scheme == "CWE") tags.push_back(fmt::format("external/cwe/{}", map.id));
        out["properties"] = {{"tags", std::move(tags)}};
    }
    return out;
}

Json sarif_result(const FileResult& file, std::size_t index, const Issue& issue) {
    std::string text = issue.title;
    if (!issue.member.empty()) text += " (in " + issue.member + ")";
    if (!issue.detail.empty()) text += ": " + issue.detail;
    Json place = {{"artifactLocation", {{"uri", report::uri_reference(file.path)}, {"index", index}}}};
    if (issue.offset && issue.member.empty()) place["region"] = {{"byteOffset", *issue.offset}};
    Json properties = {{"severity", to_string(issue.severity)}, {"verdict", to_string(issue.verdict)}};
    if (!issue.member.empty()) properties["member"] = clean_line(issue.member);
    if (issue.offset) properties["offset"] = *issue.offset;
    return {{"ruleId", issue.rule},
            {"kind", issue.severity == Severity::info ? "informational" : "fail"},
            {"level", issue.severity == Severity::info ? "none" : sarif_level(issue.severity)},
            {"message", message(text)},
            {"locations", Json::array({{{"physicalLocation", std::move(place)}}})},
            {"properties", std::move(properties)}};
}

}  // namespace

Severity gravest(const ScanResult& scan) {
    Severity worst = Severity::info;
    for (const FileResult& file : scan.files)
        for (const Issue& issue : file.issues) worst = std::max(worst, issue.severity);
    return worst;
}

Json scan_json(const ScanResult& scan) {
    Json out = {{"schema", "bartizan.scan/1"}, {"verdict", to_string(scan.verdict)}, {"complete", scan.complete}};
    Json counts = Json::object();
    const auto by_verdict = counts_of(scan);
    for (const Verdict verdict : {Verdict::clean, Verdict::unproven, Verdict::incomplete, Verdict::malicious}) {
        const auto found = by_verdict.find(verdict);
        counts[std::string(to_string(verdict))] = found == by_verdict.end() ? 0 : found->second;
    }
    out["counts"] = std::move(counts);
    out["bytes"] = scan.bytes;
    out["files"] = Json::array();
    for (const FileResult& file : scan.files) out["files"].push_back(file_json(file));
    return out;
}

std::string scan_text(const ScanResult& scan) {
    std::string out;
    for (const FileResult& file : scan.files)
        if (file.verdict != Verdict::clean || !file.issues.empty() || !file.program.empty() || scan.files.size() == 1)
            out += file_text(file);
    std::string counts;
    for (const auto& [verdict, count] : counts_of(scan))
        counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", count, to_string(verdict));
    out += fmt::format("{} file{}: {}\n", scan.files.size(), scan.files.size() == 1 ? "" : "s",
                       counts.empty() ? "nothing to scan" : counts);
    if (scan.stopped) out += "stopped before the last file\n";
    return out + fmt::format("verdict: {}\n", to_string(scan.verdict));
}

Json scan_sarif(const ScanResult& scan, std::string_view tool_version, std::string_view command_line) {
    Json results = Json::array(), artifacts = Json::array();
    std::map<std::string, bool> used;
    for (std::size_t i = 0; i < scan.files.size(); ++i) {
        const FileResult& file = scan.files[i];
        artifacts.push_back({{"location", {{"uri", report::uri_reference(file.path)}}},
                             {"roles", Json::array({"analysisTarget"})},
                             {"length", file.size},
                             {"properties", {{"format", file.format}, {"verdict", to_string(file.verdict)}}}});
        for (const Issue& issue : file.issues) {
            used[issue.rule] = true;
            results.push_back(sarif_result(file, i, issue));
        }
    }
    Json rules = Json::array();
    for (const auto& entry : used) rules.push_back(sarif_rule(entry.first));
    Json run = {
        {"tool",
         {{"driver", {{"name", "Bartizan"}, {"version", clean_line(tool_version)}, {"rules", std::move(rules)}}}}},
        {"automationDetails", {{"id", "bartizan/scan/"}}},
        {"invocations",
         Json::array({{{"executionSuccessful", scan.complete}, {"commandLine", clean_line(command_line)}}})},
        {"artifacts", std::move(artifacts)},
        {"results", std::move(results)},
        {"properties", {{"verdict", to_string(scan.verdict)}}}};
    return {{"$schema", "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"},
            {"version", "2.1.0"},
            {"runs", Json::array({std::move(run)})}};
}

}  // namespace bartizan::scan
