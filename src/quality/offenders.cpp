#include "quality/offenders.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "data/dataset.h"
#include "data/pictures.h"
#include "quality/findings.h"
#include "report/rules.h"

namespace bartizan::quality {
namespace offenders {
namespace {

constexpr std::size_t kMostRowsOfPictures = 4;  ///< of one kind of issue: classes, groups
constexpr std::size_t kPictures = 12;           ///< in a row of a report

std::string name_of(const CheckReport& report, std::int64_t label) {
    const auto at = static_cast<std::size_t>(label);
    return at < report.class_names.size() ? report.class_names[at] : std::to_string(label);
}

/// "17: 'sandal', rather 'boot'"
std::string caption_of(const CheckReport& report, const Issue& issue, std::size_t at, const data::Batch& batch) {
    std::string caption = std::to_string(issue.indices[at]);
    if (!batch.y.empty()) caption += fmt::format(": '{}'", name_of(report, batch.y[at]));
    if (at < issue.suggested.size()) caption += fmt::format(", rather '{}'", name_of(report, issue.suggested[at]));
    return caption;
}

Result<PictureRow> row_of(const CheckReport& report, const Issue& issue, const data::Dataset& dataset,
                          std::size_t count) {
    const std::size_t shown = std::min(count, issue.indices.size());
    const data::Batch batch = BARTIZAN_TRY(dataset.read(std::span(issue.indices).first(shown)));
    std::vector<std::string> captions;
    for (std::size_t i = 0; i < shown; ++i) captions.push_back(caption_of(report, issue, i, batch));
    PictureRow row = BARTIZAN_TRY(data::side_by_side(report.info, batch.x, captions));
    row.title = issue.title;
    return row;
}

Table skipped_table(const CheckReport& report) {
    Table table{"Not applicable", {"check", "because"}, {}};
    for (const Skipped& one : report.skipped) table.rows.push_back({std::string(one.check), one.reason});
    return table;
}

}  // namespace
}  // namespace offenders

Result<void> add_pictures(const CheckReport& report, const std::string& spec, const std::string& label_column,
                          std::size_t count, std::vector<Finding>& findings) {
    if (count == 0 || !data::is_picture(report.info)) return {};
    data::OpenOptions open;
    open.label_column = label_column;
    open.keep_non_finite = true;
    const auto dataset = BARTIZAN_TRY(data::open(spec, open));
    for (Finding& finding : findings) {
        for (const Issue& issue : report.issues) {
            if (finding.evidence.empty() || finding.evidence[0].note != issue.kind || issue.indices.empty()) continue;
            if (finding.pictures.size() == offenders::kMostRowsOfPictures) break;
            finding.pictures.push_back(BARTIZAN_TRY(offenders::row_of(report, issue, *dataset, count)));
        }
    }
    return {};
}

Result<Report> report_of(const CheckReport& report, const std::string& spec, const std::string& label_column) {
    Report out;
    out.asset = {.kind = "data set", .path = spec};
    out.asset.facts = {{"format", report.info.format},
                       {"items", std::to_string(report.items)},
                       {"items suspect", std::to_string(report.suspects.size())}};
    if (report.classes > 0) out.asset.facts["classes"] = std::to_string(report.classes);
    ProbeRecord record{.name = "data-quality", .title = "What is wrong with the data", .reason = {}, .findings = {}};
    record.findings = findings_of(report, spec);
    BARTIZAN_TRY(add_pictures(report, spec, label_column, offenders::kPictures, record.findings));
    if (Table table = offenders::skipped_table(report); !table.rows.empty()) {
        Finding finding = report::finding_for(report::rule::kDataDefects, Severity::info,
                                              fmt::format("{} checks did not run, or not in full", table.rows.size()));
        finding.asset = spec;
        finding.explanation = "Each with the reason; what it needs may be given.";
        finding.tables.push_back(std::move(table));
        record.findings.push_back(std::move(finding));
    }
    out.probes.push_back(std::move(record));
    return out;
}

}  // namespace bartizan::quality
