#include "apps/engine/poison_issues.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace bartizan::engine {
namespace poison_issues_of {
namespace {

using defences::ClassVerdict;
using defences::PoisonReport;
using defences::PoisonVerdict;

constexpr std::string_view kNames[][2] = {
    {"scan", "poison_scan"},       {"neighbours", "poison_neighbours"}, {"beatrix", "poison_beatrix"},
    {"strip", "poison_strip"},     {"votes", "poison_votes"},           {"clusters", "poison_clusters"},
};

std::string name_of(const std::vector<std::string>& names, std::int64_t label) {
    const auto at = static_cast<std::size_t>(label);
    return at < names.size() ? names[at] : std::to_string(label);
}

/// Rows as positions in the file, loudest first.
std::vector<std::int64_t> positions(const PoisonReport& report, std::vector<std::int64_t> rows,
                                    const std::vector<std::int64_t>& ids) {
    std::ranges::stable_sort(rows, std::ranges::greater(),
                             [&](std::int64_t row) { return report.suspicion[static_cast<std::size_t>(row)]; });
    for (std::int64_t& row : rows) row = ids[static_cast<std::size_t>(row)];
    return rows;
}

std::string evidence_of(const PoisonReport& report, const ClassVerdict& one) {
    std::string out;
    const auto scan = std::ranges::find(report.scan.classes, one.label, &defences::ScanClass::label);
    if (scan != report.scan.classes.end() && scan->p_value)
        out = fmt::format("SCAn: two groups, p = {:.3f} by its trusted items", *scan->p_value);
    else if (scan != report.scan.classes.end())
        out = fmt::format("SCAn index {:.1f} (suspicious above 7.4)", scan->index);
    if (!report.votes.votes.empty())
        out += fmt::format("{}{} by votes, which fall on {:.2f} % of {} trusted items (95 %: {:.2f} to {:.2f} %)",
                           out.empty() ? "" : "; ", one.by_votes ? "suspicious" : "not suspicious",
                           100 * report.votes.clean_rate, report.trusted, 100 * report.votes.clean_interval.low,
                           100 * report.votes.clean_interval.high);
    return out;
}

quality::Issue class_issue(const PoisonReport& report, const ClassVerdict& one, std::vector<std::int64_t> rows,
                           const std::vector<std::int64_t>& ids, const std::vector<std::string>& names) {
    quality::Issue issue{.kind = "poison", .severity = Severity::high};
    issue.title = fmt::format("class '{}': {} of its {} items are probably poisoned", name_of(names, one.label),
                              rows.size(), one.items);
    issue.score = static_cast<double>(rows.size()) / static_cast<double>(std::max<std::int64_t>(1, one.items));
    issue.detail = evidence_of(report, one);
    issue.suspect = true;
    issue.indices = positions(report, std::move(rows), ids);
    return issue;
}

void add_clusters(const PoisonReport& report, const std::map<std::int64_t, bool>& flagged,
                  const std::vector<std::int64_t>& ids, const std::vector<std::string>& names,
                  std::vector<quality::Issue>& out) {
    for (const defences::ClassClusters& one : report.clusters) {
        const auto found = flagged.find(one.label);
        if (!one.stands_out || (found != flagged.end() && found->second)) continue;
        std::vector<std::int64_t> rows = one.smaller;
        if (!report.spectral.empty())
            std::ranges::stable_sort(rows, std::ranges::greater(),
                                     [&](std::int64_t row) { return report.spectral[static_cast<std::size_t>(row)]; });
        for (std::int64_t& row : rows) row = ids[static_cast<std::size_t>(row)];
        out.push_back({.kind = "poison_cluster",
                       .severity = Severity::info,
                       .title = fmt::format("class '{}' lies in two groups, the smaller of {} items",
                                            name_of(names, one.label), rows.size()),
                       .indices = std::move(rows),
                       .score = one.share,
                       .detail = fmt::format("silhouette {:.2f}; clean sets have such classes too: look at them, remove "
                                             "nothing for it",
                                             one.silhouette)});
    }
}

}  // namespace
}  // namespace poison_issues_of

std::vector<quality::Issue> poison_issues(const defences::PoisonReport& report, const std::vector<std::int64_t>& ids,
                                          const std::vector<std::string>& class_names) {
    using namespace poison_issues_of;
    std::vector<quality::Issue> out;
    std::map<std::int64_t, bool> flagged;
    for (const ClassVerdict& one : report.fused.classes) {
        flagged[one.label] = one.by_scan || one.by_votes;
        if (flagged[one.label]) out.push_back(class_issue(report, one, one.rows, ids, class_names));
    }
    if (!report.fused.doubtful.empty())
        out.push_back({.kind = "poison_doubt",
                       .severity = Severity::info,
                       .title = fmt::format("{} single items look like poison in classes that do not",
                                            report.fused.doubtful.size()),
                       .indices = positions(report, report.fused.doubtful, ids),
                       .score = static_cast<double>(report.fused.doubtful.size()) / static_cast<double>(ids.size()),
                       .detail = fmt::format("by chance {:.2f} % of all items do (95 %: {:.2f} to {:.2f} %); wrong labels "
                                             "look so too",
                                             100 * report.votes.clean_rate, 100 * report.votes.clean_interval.low,
                                             100 * report.votes.clean_interval.high)});
    add_clusters(report, flagged, ids, class_names, out);
    return out;
}

std::vector<quality::Skipped> poison_not_applicable(const defences::PoisonReport& report) {
    using namespace poison_issues_of;
    std::vector<quality::Skipped> out;
    if (report.fused.verdict == PoisonVerdict::inconclusive)
        out.push_back({"poison", "no verdict: " + (report.scan.reason.empty() ? std::string("no detector could run")
                                                                             : report.scan.reason)});
    for (const defences::NotApplicable& one : report.not_applicable)
        for (const auto& [detector, check] : kNames)
            if (detector == one.detector) out.push_back({check, one.reason});
    return out;
}

Json poison_json(const defences::PoisonReport& report, const std::vector<std::int64_t>& ids,
                 const std::vector<std::string>& class_names) {
    using namespace poison_issues_of;
    Json out = {{"verdict", to_string(report.fused.verdict)},
                {"trusted", report.trusted},
                {"scan_suspects", Json::array()},
                {"scan_seconds", report.scan_seconds},
                {"feature_seconds", report.feature_seconds},
                {"classes", Json::array()},
                {"votes", Json::array()}};
    for (const std::int64_t row : report.scan.suspects) out["scan_suspects"].push_back(ids[static_cast<std::size_t>(row)]);
    for (const ClassVerdict& one : report.fused.classes) {
        Json json = {{"class", name_of(class_names, one.label)},
                     {"label", one.label},
                     {"items", one.items},
                     {"suspects", one.rows.size()},
                     {"by_scan", one.by_scan},
                     {"by_votes", one.by_votes}};
        const auto scan = std::ranges::find(report.scan.classes, one.label, &defences::ScanClass::label);
        json["scan_index"] = scan == report.scan.classes.end() || scan->p_value ? Json() : Json(scan->index);
        if (scan != report.scan.classes.end() && scan->p_value) json["scan_p"] = *scan->p_value;
        if (scan != report.scan.classes.end() && (scan->flagged || scan->by_nature))
            json["scan_group"] = {{"share", scan->strange},
                                  {"share_of_trusted", scan->trusted_strange},
                                  {"by_nature", scan->by_nature}};
        out["classes"].push_back(std::move(json));
    }
    for (const defences::Vote& vote : report.votes.votes)
        out["votes"].push_back({{"name", vote.name},
                                {"threshold", vote.threshold},
                                {"false_positive_rate", vote.clean_rate},
                                {"interval", {vote.clean_interval.low, vote.clean_interval.high}},
                                {"calibrated_on", vote.calibrated_on}});
    const bool calibrated = !report.votes.votes.empty();
    out["false_positive_rate"] = calibrated ? Json(report.votes.clean_rate) : Json();
    out["false_positive_interval"] =
        calibrated ? Json({report.votes.clean_interval.low, report.votes.clean_interval.high}) : Json();
    return out;
}

}  // namespace bartizan::engine
