#include "scan/probe.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "catalog/probes.h"
#include "report/escape.h"
#include "report/rules.h"

namespace bartizan::scan {
namespace {

struct Place {
    const FileResult* file;
    const Issue* issue;
};

Table table_of(const std::vector<Place>& places) {
    Table table{"Where", {"file", "inside", "byte", "what"}, {}};
    for (std::size_t i = 0; i < std::min(places.size(), kMaxPlaces); ++i) {
        const Issue& issue = *places[i].issue;
        table.rows.push_back({report::clean_line(places[i].file->path), report::clean_line(issue.member),
                              issue.offset ? std::to_string(*issue.offset) : "",
                              report::clean_line(issue.detail.empty() ? issue.title : issue.detail)});
    }
    return table;
}

Finding finding_of(const std::string& rule, const std::vector<Place>& places, const std::string& asset) {
    const auto gravest =
        std::ranges::max_element(places, {}, [](const Place& place) { return place.issue->severity; })->issue;
    std::string title = report::clean_line(gravest->title);
    if (!title.empty()) title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
    if (!gravest->detail.empty()) title += ": " + report::clean_line(gravest->detail);
    Finding finding = report::finding_for(rule, gravest->severity, std::move(title));
    finding.asset = asset;
    finding.evidence.push_back({.name = "places", .value = static_cast<double>(places.size())});
    finding.tables.push_back(table_of(places));
    return finding;
}

}  // namespace

ProbeRecord probe_of(const ScanResult& scan, const std::string& asset, double seconds) {
    std::map<std::string, std::vector<Place>> by_rule;
    for (const FileResult& file : scan.files)
        for (const Issue& issue : file.issues) by_rule[issue.rule].push_back({&file, &issue});
    ProbeRecord record{.name = std::string(kProbeName), .title = std::string(kProbeTitle), .seconds = seconds};
    if (!scan.complete) {
        record.status = ProbeStatus::incomplete;
        record.reason = "some of it could not be read to the end";
    }
    for (const auto& [rule, places] : by_rule) record.findings.push_back(finding_of(rule, places, asset));
    std::ranges::stable_sort(record.findings, std::ranges::greater(), &Finding::severity);
    return record;
}

Report stopped_report(const ScanResult& scan, const std::string& asset, double seconds) {
    Report report;
    report.asset = {.kind = "model", .path = asset, .sha256 = scan.files.empty() ? "" : scan.files.front().sha256};
    if (!scan.files.empty()) report.asset.facts["format"] = scan.files.front().format;
    report.seconds = seconds;
    report.probes.push_back(probe_of(scan, asset, seconds));
    for (const catalog::ProbeSpec& spec : catalog::probes())
        report.probes.push_back({.name = std::string(spec.name),
                                 .title = std::string(spec.title),
                                 .status = ProbeStatus::skipped,
                                 .reason = "the file is not safe to load: nothing has parsed it any further"});
    return report;
}

}  // namespace bartizan::scan
