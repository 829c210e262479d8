#include "defences/trojan_scan.h"

#include <numeric>
#include <utility>

namespace bartizan::defences {

const ReversedTrigger* TrojanReport::trigger() const {
    const auto target = static_cast<std::size_t>(judgement.target);
    return target < measured.triggers.size() ? &measured.triggers[target] : nullptr;
}

Result<TrojanMeasurements> measure_trojan(const model::Classifier& classifier, const data::Batch* clean,
                                          const TrojanOptions& options, RunContext& ctx) {
    TrojanMeasurements measured;
    measured.statistics.margins = BARTIZAN_TRY(maximum_margins(classifier, options.margins, ctx));
    if (clean == nullptr) return measured;
    std::vector<std::int64_t> all(static_cast<std::size_t>(classifier.classes()));
    std::iota(all.begin(), all.end(), 0);
    measured.triggers = BARTIZAN_TRY(reverse_triggers(classifier, *clean, all, options.triggers, ctx));
    for (const ReversedTrigger& one : measured.triggers) {
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

}  // namespace bartizan::defences
