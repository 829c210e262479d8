#include "defences/trojan_scan.h"

#include <utility>

namespace bartizan::defences {

Result<TrojanMeasurements> measure_trojan(const model::Classifier& classifier, const data::Batch* clean,
                                          const TrojanOptions& options, RunContext& ctx) {
    TrojanMeasurements measured;
    measured.statistics.margins = BARTIZAN_TRY(maximum_margins(classifier, options.margins, ctx));
    if (clean == nullptr) return measured;
    measured.sketches = BARTIZAN_TRY(sketch_triggers(classifier, *clean, options.sketches, ctx));
    for (const ReversedTrigger& one : measured.sketches) {
        measured.statistics.sizes.push_back(one.size);
        measured.statistics.successes.push_back(one.success());
    }
    for (const UniversalCell& cell : BARTIZAN_TRY(universal_changes(classifier, *clean, options.universal, ctx)))
        measured.statistics.universal.push_back(cell.loss);
    for (const UniversalCell& cell : BARTIZAN_TRY(striped_changes(classifier, *clean, options.striped, ctx)))
        measured.statistics.striped.push_back(cell.loss);
    if (classifier.classes() > options.paired_classes) return measured;
    for (const UniversalCell& cell : BARTIZAN_TRY(paired_changes(classifier, *clean, options.paired, ctx)))
        measured.statistics.paired.push_back(cell.loss);
    return measured;
}

Result<TrojanReport> report_trojan(TrojanMeasurements measured, const std::vector<ClassStatistics>& references,
                                   const graph::Graph* graph) {
    TrojanReport report;
    report.judgement = BARTIZAN_TRY(judge(measured.statistics, references));
    report.measured = std::move(measured);
    if (graph != nullptr) report.lint = lint_model(*graph);
    if (!report.lint.empty() && report.judgement.verdict == Verdict::clean) report.judgement.verdict = Verdict::suspect;
    return report;
}

Result<TrojanReport> scan_trojan(const model::Classifier& classifier, const data::Batch* clean,
                                 const TrojanOptions& options, const std::vector<ClassStatistics>& references,
                                 RunContext& ctx) {
    TrojanMeasurements measured = BARTIZAN_TRY(measure_trojan(classifier, clean, options, ctx));
    TrojanReport report = BARTIZAN_TRY(report_trojan(std::move(measured), references, classifier.model().graph()));
    if (clean == nullptr) return report;
    auto shown = BARTIZAN_TRY(reverse_triggers(classifier, *clean, {report.judgement.target}, options.triggers, ctx));
    report.trigger = std::move(shown.front());
    return report;
}

}  // namespace bartizan::defences
