#include "audit/trojan.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "audit/attacking.h"
#include "audit/notebook.h"
#include "core/random.h"
#include "data/pictures.h"
#include "model/shards.h"
#include "report/rules.h"

namespace bartizan::audit {
namespace trojan {
namespace {

constexpr std::uint32_t kRowsPurpose = 313;
constexpr float kGrey = 0.5F;

std::string name_of(const data::Info& info, std::int64_t label) {
    const auto at = static_cast<std::size_t>(label);
    return at < info.class_names.size() ? fmt::format("'{}'", info.class_names[at]) : std::to_string(label);
}

std::string title_of(const data::Info& info, const defences::TrojanReport& report) {
    const defences::Judgement& judged = report.judgement;
    const std::string how = judged.calibrated ? "" : " (uncalibrated)";
    if (judged.verdict == defences::Verdict::clean) return "No trojan was found" + how;
    if (judged.verdict == defences::Verdict::trojaned)
        return fmt::format("The model answers to a hidden trigger with class {}{}", name_of(info, judged.target), how);
    if (!report.lint.empty()) return "Something in the model's graph or weights looks built in" + how;
    return fmt::format("Class {} is unusually easy to call{}", name_of(info, judged.target), how);
}

/// What stood out, in words.
std::string measure_of(const data::Info& info, const defences::ClassScore& score) {
    switch (score.by) {
        case defences::Measure::margin:
            return "how far any input drives the model to it";
        case defences::Measure::trigger_size:
            return "how small a patch calls it";
        case defences::Measure::universal_change:
            return "how surely one small change of all items calls it";
        case defences::Measure::stripes:
            return "how surely stripes over all items call it";
        case defences::Measure::paired_change:
            return fmt::format("how surely one small change turns items of class {} into it",
                               name_of(info, score.source.value_or(0)));
    }
    return "margin";
}

std::string explanation_of(const data::Info& info, const defences::TrojanReport& report) {
    const defences::Judgement& judged = report.judgement;
    if (!judged.calibrated) {
        std::string text = fmt::format(
            "The published tests: MM-BD p = {:.3g} (below 0.05 counts), anomaly index of the smallest trigger {:.2f} "
            "(above 2 counts).",
            judged.margin_p, std::ranges::max(judged.classes, {}, &defences::ClassScore::anomaly).anomaly);
        if (judged.reach > 0)
            text += fmt::format(
                " One small change of all items calls one class {:.1f} times as surely as the median "
                "class (from 4 on counts, if no other class comes within a third).",
                judged.reach);
        return text +
               " Without clean reference models nobody can say how often a clean model gets this verdict: some "
               "classes are easy to reach in any model.";
    }
    std::string text = fmt::format(
        "Class {} stands out most, by {}: score {:.2f} against clean models, where a model is suspect from {:.2f} on. ",
        name_of(info, judged.target), measure_of(info, judged.classes[static_cast<std::size_t>(judged.target)]),
        judged.score, judged.threshold);
    if (!judged.false_positive_rate) return text + "With one reference model the rate of false alarms is not known.";
    return text + fmt::format("Of {} clean reference models, each judged by the others, {} would have been flagged.",
                              judged.references, judged.references_flagged);
}

Table classes_table(const data::Info& info, const defences::TrojanReport& report) {
    Table table{"Classes", {"class", "margin", "against usual", "patch costs", "against usual", "patch works"}, {}};
    const auto& measured = report.measured;
    for (std::size_t c = 0; c < report.judgement.classes.size(); ++c) {
        const defences::ClassScore& score = report.judgement.classes[c];
        const bool known = c < measured.sketches.size();
        table.rows.push_back(
            {name_of(info, static_cast<std::int64_t>(c)), fmt::format("{:.2f}", measured.statistics.margins[c]),
             fmt::format("{:.2f}", score.margin_ratio), known ? fmt::format("{:.1f}", measured.sketches[c].size) : "-",
             known ? fmt::format("{:.2f}", score.size_ratio) : "-",
             known ? fmt::format("{:.1f} %", 100 * measured.sketches[c].success()) : "-"});
    }
    return table;
}

Table lint_table(const std::vector<defences::LintNote>& lint) {
    Table table{"Graph and weights", {"what", "where", "detail"}, {}};
    for (const defences::LintNote& note : lint)
        table.rows.push_back({std::string(to_string(note.kind)), note.node, note.detail});
    return table;
}

/// The trigger alone on grey, and a clean item without and with it.
Result<PictureRow> pictures_of(const data::Info& info, const data::Batch& clean,
                               const defences::ReversedTrigger& trigger) {
    NdArray grey = BARTIZAN_TRY(NdArray::zeros(DType::f32, trigger.pattern.shape()));
    std::ranges::fill(grey.mutable_values<float>(), kGrey);
    const NdArray alone = BARTIZAN_TRY(defences::stamped(grey, trigger));
    const auto other = std::ranges::find_if(clean.y, [&](std::int64_t label) { return label != trigger.target; });
    const NdArray item = BARTIZAN_TRY(clean.x.rows(other == clean.y.end() ? 0 : other - clean.y.begin(), 1));
    const NdArray with = BARTIZAN_TRY(defences::stamped(item, trigger));
    PictureRow row = BARTIZAN_TRY(before_after(info, item, with));
    PictureRow trigger_row = BARTIZAN_TRY(before_after(info, grey, alone));
    row.pictures.insert(row.pictures.begin(), std::move(trigger_row.pictures[1]));
    row.pictures.resize(3);
    row.pictures[0].caption = "trigger, on grey";
    row.pictures[1].caption = "clean item";
    row.pictures[2].caption = "with the trigger";
    row.title = fmt::format("the reversed trigger for class {}", name_of(info, trigger.target));
    return row;
}

}  // namespace
}  // namespace trojan

Severity severity_of(defences::Verdict verdict) {
    switch (verdict) {
        case defences::Verdict::clean:
            return Severity::info;
        case defences::Verdict::suspect:
            return Severity::medium;
        case defences::Verdict::trojaned:
            return Severity::critical;
    }
    return Severity::medium;
}

Result<data::Batch> rows_for_scan(const model::Classifier& classifier, const data::Batch& batch, std::int64_t most,
                                  RunContext& ctx) {
    if (batch.x.rank() == 0 || batch.x.shape()[0] == 0) return invalid_input("the clean data holds no items");
    std::vector<std::int64_t> rows = permutation(batch.x.shape()[0], ctx.seed(), trojan::kRowsPurpose);
    rows.resize(std::min(rows.size(), static_cast<std::size_t>(most)));
    data::Batch part = batch;
    if (part.y.empty()) {
        part.y.assign(static_cast<std::size_t>(batch.x.shape()[0]), 0);
        part = BARTIZAN_TRY(select(part, rows));
        const NdArray logits = BARTIZAN_TRY(model::predict(classifier, part.x, ctx));
        const std::span<const float> values = logits.values<float>();
        const std::size_t classes = values.size() / part.y.size();
        for (std::size_t i = 0; i < part.y.size(); ++i) {
            const auto row = values.subspan(i * classes, classes);
            part.y[i] = std::ranges::max_element(row) - row.begin();
        }
        return part;
    }
    return select(part, rows);
}

Result<Finding> trojan_finding(const std::string& model_path, const data::Info& info, const data::Batch* clean,
                               const defences::TrojanReport& report) {
    using namespace trojan;
    const defences::Judgement& judged = report.judgement;
    Finding finding = report::finding_for(report::rule::kTrojan, severity_of(judged.verdict), title_of(info, report));
    finding.asset = model_path;
    finding.explanation = explanation_of(info, report);
    finding.evidence.push_back({.name = "score", .value = judged.score, .note = "against the usual of the class"});
    finding.evidence.push_back({.name = "margin_p_value", .value = judged.margin_p, .note = "MM-BD, uncalibrated"});
    if (judged.false_positive_rate)
        finding.evidence.push_back(
            {.name = "false_positive_rate",
             .value = static_cast<double>(judged.references_flagged) / static_cast<double>(judged.references),
             .unit = "fraction",
             .low = judged.false_positive_rate->low,
             .high = judged.false_positive_rate->high,
             .samples = judged.references,
             .note = "clean reference models, each judged by the others"});
    if (const auto& trigger = report.trigger) {
        finding.evidence.push_back(proportion("trigger_success", trigger->fooled, trigger->tried,
                                              "clean items of other classes that the reversed trigger turns"));
        finding.evidence.push_back(
            {.name = "trigger_share", .value = trigger->share, .unit = "fraction", .note = "of the item"});
        if (clean != nullptr && is_picture(info))
            finding.pictures.push_back(BARTIZAN_TRY(pictures_of(info, *clean, *trigger)));
    }
    finding.tables.push_back(classes_table(info, report));
    if (!report.lint.empty()) finding.tables.push_back(lint_table(report.lint));
    return finding;
}

}  // namespace bartizan::audit
