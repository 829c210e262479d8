#include "audit/poison.h"

#include <algorithm>

#include <fmt/format.h>

#include "audit/notebook.h"
#include "data/pictures.h"
#include "report/rules.h"

namespace bartizan::audit {
namespace poison_found {
namespace {

using defences::ClassVerdict;
using defences::PoisonReport;
using defences::PoisonVerdict;

std::string name_of(const data::Info& info, std::int64_t label) {
    const auto at = static_cast<std::size_t>(label);
    return at < info.class_names.size() ? fmt::format("'{}'", info.class_names[at]) : std::to_string(label);
}

bool suspicious(const ClassVerdict& one) { return one.by_scan || one.by_votes; }

std::string title_of(const data::Info& info, const PoisonReport& report) {
    if (report.fused.verdict == PoisonVerdict::inconclusive)
        return "Whether the training data is poisoned could not be told";
    if (report.fused.verdict == PoisonVerdict::clean) return "No poison was found in the training data";
    std::string classes;
    for (const ClassVerdict& one : report.fused.classes)
        if (suspicious(one)) classes += (classes.empty() ? "" : ", ") + name_of(info, one.label);
    return fmt::format("The training data holds about {} poisoned items, in class {}", report.fused.suspects.size(),
                       classes);
}

std::string explanation_of(const PoisonReport& report) {
    if (report.fused.verdict == PoisonVerdict::inconclusive) return report.scan.reason;
    std::string text =
        "Classes are judged first: by SCAn, and by how often two weaker detectors agree on an item, against trusted items.";
    if (!report.votes.votes.empty())
        text += fmt::format(" Two votes fall on {:.2f} % of {} trusted items (95 %: {:.2f} to {:.2f} %).",
                            100 * report.votes.clean_rate, report.trusted, 100 * report.votes.clean_interval.low,
                            100 * report.votes.clean_interval.high);
    return text;
}

std::string by_scan(const PoisonReport& report, const ClassVerdict& one) {
    const auto scan = std::ranges::find(report.scan.classes, one.label, &defences::ScanClass::label);
    if (scan != report.scan.classes.end() && scan->by_nature) return "two kinds, among trusted items too";
    return one.by_scan ? "suspicious" : "-";
}

Table classes_table(const data::Info& info, const PoisonReport& report) {
    Table table{"Classes", {"class", "items", "suspects", "SCAn", "by SCAn", "by votes"}, {}};
    for (const ClassVerdict& one : report.fused.classes)
        table.rows.push_back({name_of(info, one.label), std::to_string(one.items), std::to_string(one.rows.size()),
                              fmt::format("{:.1f}", one.index), by_scan(report, one),
                              one.by_votes ? "suspicious" : "-"});
    return table;
}

/// The suspects of a class that most speaks against, loudest first.
std::vector<std::int64_t> loudest(const PoisonReport& report, const ClassVerdict& one, std::int64_t count) {
    std::vector<std::int64_t> rows = one.rows;
    std::ranges::stable_sort(rows, std::ranges::greater(),
                             [&](std::int64_t row) { return report.suspicion[static_cast<std::size_t>(row)]; });
    rows.resize(std::min(rows.size(), static_cast<std::size_t>(count)));
    return rows;
}

Result<PictureRow> pictures_of(const data::Info& info, const data::Batch& training, const PoisonReport& report,
                               const ClassVerdict& one, std::int64_t count) {
    const std::vector<std::int64_t> rows = loudest(report, one, count);
    const data::Batch shown = BARTIZAN_TRY(select(training, rows));
    std::vector<std::string> captions;
    for (const std::int64_t id : shown.ids) captions.push_back(fmt::format("item {}", id));
    PictureRow row = BARTIZAN_TRY(side_by_side(info, shown.x, captions));
    row.title = fmt::format("most suspect of what is labelled {}", name_of(info, one.label));
    return row;
}

Table items_table(const data::Info& info, const data::Batch& training, const PoisonReport& report,
                  const ClassVerdict& one) {
    constexpr std::int64_t kRows = 20;
    Table table{fmt::format("Most suspect of class {}", name_of(info, one.label)), {"item", "weight of evidence"}, {}};
    for (const std::int64_t row : loudest(report, one, kRows))
        table.rows.push_back({std::to_string(training.ids[static_cast<std::size_t>(row)]),
                              fmt::format("{:.2f}", report.suspicion[static_cast<std::size_t>(row)])});
    return table;
}

Severity severity_of(PoisonVerdict verdict) {
    if (verdict == PoisonVerdict::suspicious) return Severity::critical;
    return verdict == PoisonVerdict::inconclusive ? Severity::medium : Severity::info;
}

}  // namespace
}  // namespace poison_found

Result<Finding> poison_finding(const std::string& asset, const data::Info& info, const data::Batch& training,
                               const defences::PoisonReport& report, std::int64_t pictures) {
    using namespace poison_found;
    Finding finding =
        report::finding_for(report::rule::kPoison, severity_of(report.fused.verdict), title_of(info, report));
    finding.asset = asset;
    finding.explanation = explanation_of(report);
    const auto count = [](std::string name, std::size_t value, std::string note) {
        return Measurement{.name = std::move(name), .value = static_cast<double>(value), .unit = "items", .note = std::move(note)};
    };
    finding.evidence = {count("items_checked", training.y.size(), {}),
                        count("suspects", report.fused.suspects.size(), "in suspicious classes"),
                        count("doubtful", report.fused.doubtful.size(), "single ones elsewhere; chance, or wrong labels"),
                        count("trusted", static_cast<std::size_t>(report.trusted), "the test data")};
    if (!report.votes.votes.empty())
        finding.evidence.push_back({.name = "false_positive_rate",
                                    .value = report.votes.clean_rate,
                                    .unit = "fraction",
                                    .low = report.votes.clean_interval.low,
                                    .high = report.votes.clean_interval.high,
                                    .samples = report.trusted,
                                    .note = "two votes on a trusted item"});
    finding.tables.push_back(classes_table(info, report));
    for (const ClassVerdict& one : report.fused.classes) {
        if (!suspicious(one)) continue;
        if (is_picture(info) && pictures > 0)
            finding.pictures.push_back(BARTIZAN_TRY(pictures_of(info, training, report, one, pictures)));
        finding.tables.push_back(items_table(info, training, report, one));
    }
    Table missing{"Not applicable", {"detector", "because"}, {}};
    for (const defences::NotApplicable& one : report.not_applicable)
        missing.rows.push_back({std::string(one.detector), one.reason});
    if (!missing.rows.empty()) finding.tables.push_back(std::move(missing));
    return finding;
}

}  // namespace bartizan::audit
