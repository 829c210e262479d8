#include "report/json.h"

#include <string>

#include "report/score.h"
#include "report/taxonomy.h"

namespace bartizan::report {
namespace {

/// The list of what `render` makes of each item.
template <class Items, class Render>
Json list(const Items& items, Render render) {
    Json out = Json::array();
    for (const auto& item : items) out.push_back(render(item));
    return out;
}

void put_interval(Json& out, const std::optional<double>& low, const std::optional<double>& high) {
    if (low) out["low"] = *low;
    if (high) out["high"] = *high;
}

Json mapping_json(const Mapping& map) {
    const Taxonomy* taxonomy = find_taxonomy(map.scheme);
    std::string version = map.version;
    if (version.empty() && taxonomy != nullptr) version = taxonomy->version;
    Json out = {{"scheme", map.scheme}, {"version", version}, {"id", map.id}};
    if (const auto title = taxon_title(map.scheme, map.id); !title.empty()) out["title"] = title;
    return out;
}

Json series_json(const Series& series) {
    return {{"name", series.name}, {"points", list(series.points, [](const CurvePoint& point) {
                                        Json out = {{"x", point.x}, {"y", point.y}};
                                        put_interval(out, point.low, point.high);
                                        return out;
                                    })}};
}

Json curve_json(const Curve& curve) {
    return {{"title", curve.title},
            {"x_label", curve.x_label},
            {"y_label", curve.y_label},
            {"y_is_fraction", curve.y_is_fraction},
            {"series", list(curve.series, series_json)}};
}

Json picture_row_json(const PictureRow& row) {
    return {{"title", row.title},
            {"pictures", list(row.pictures, [](const Picture& picture) {
                 Json out = {{"caption", picture.caption}, {"width", picture.width}, {"height", picture.height}};
                 if (!picture.path.empty()) out["path"] = picture.path;
                 return out;
             })}};
}

Json table_json(const Table& table) { return {{"title", table.title}, {"header", table.header}, {"rows", table.rows}}; }

Json probe_json(const ProbeRecord& probe) {
    Json out = {{"name", probe.name},
                {"title", probe.title},
                {"status", to_string(probe.status)},
                {"seconds", probe.seconds},
                {"findings", probe.findings.size()}};
    if (!probe.reason.empty()) out["reason"] = probe.reason;
    if (probe.expected_seconds) out["expected_seconds"] = *probe.expected_seconds;
    return out;
}

Json summary_json(const Report& report) {
    const Tally counts = tally(report);
    const Verdict words = verdict(report);
    Json by_severity = Json::object();
    for (std::size_t i = kSeverityCount; i-- > 0;)
        by_severity[std::string(to_string(static_cast<Severity>(i)))] = counts.severities[i];
    Json by_status = Json::object();
    for (std::size_t i = 0; i < counts.statuses.size(); ++i)
        by_status[std::string(to_string(static_cast<ProbeStatus>(i)))] = counts.statuses[i];
    return {{"score", score(report)},
            {"verdict", words.word},
            {"sentence", words.sentence},
            {"by_severity", by_severity},
            {"by_status", by_status}};
}

}  // namespace

Json measurement_json(const Measurement& measurement) {
    Json out = {{"name", measurement.name}, {"value", measurement.value}, {"unit", measurement.unit}};
    put_interval(out, measurement.low, measurement.high);
    if (measurement.samples) out["samples"] = *measurement.samples;
    if (!measurement.note.empty()) out["note"] = measurement.note;
    return out;
}

Json asset_json(const Asset& asset) {
    Json facts = Json::object();
    for (const auto& [name, value] : asset.facts) facts[name] = value;
    return {{"path", asset.path}, {"sha256", asset.sha256}, {"kind", asset.kind}, {"facts", facts}};
}

Json finding_json(const Finding& finding) {
    return {{"rule", finding.rule},
            {"severity", to_string(finding.severity)},
            {"title", finding.title},
            {"asset", finding.asset},
            {"explanation", finding.explanation},
            {"remediation", finding.remediation},
            {"seed", finding.seed},
            {"evidence", list(finding.evidence, measurement_json)},
            {"maps", list(finding.maps, mapping_json)},
            {"curves", list(finding.curves, curve_json)},
            {"tables", list(finding.tables, table_json)},
            {"pictures", list(finding.pictures, picture_row_json)}};
}

Json report_json(const Report& report) {
    Json findings = Json::array();
    for (const ProbeRecord& probe : report.probes) {
        for (const Finding& finding : probe.findings) {
            findings.push_back(finding_json(finding));
            findings.back()["probe"] = probe.name;
        }
    }
    Json out = {{"schema", "bartizan.audit/1"},
                {"tool", {{"name", "bartizan"}, {"version", report.tool_version}}},
                {"command", report.command},
                {"started", report.started},
                {"seconds", report.seconds},
                {"seed", report.seed},
                {"complete", report.complete},
                {"asset", asset_json(report.asset)},
                {"summary", summary_json(report)},
                {"findings", std::move(findings)},
                {"probes", list(report.probes, probe_json)}};
    if (report.data) out["data"] = asset_json(*report.data);
    return out;
}

}  // namespace bartizan::report
