/// Probe "text-evasion" of an audit: what an attacker without the model does to a text classifier.
#include <chrono>

#include <fmt/format.h>

#include "apps/engine/text_inputs.h"
#include "audit/attacking.h"
#include "catalog/attacks.h"
#include "report/rules.h"
#include "text/unicode.h"
#include "textattacks/attack.h"

namespace bartizan::engine {
namespace text_audit {
namespace {

constexpr std::int64_t kMostAttacked = 100;
constexpr std::size_t kMostExamples = 5;

/// One attack, as a row of the finding.
struct Stage {
    std::string name, what;
    std::string attack;
    std::map<std::string, std::string> params;
    bool defended = false;
};

Result<textattacks::TextRun> carry_out(const Stage& stage, textattacks::Oracle& oracle,
                                       const std::vector<textattacks::Row>& rows, RunContext& ctx) {
    const catalog::AttackSpec* spec = BARTIZAN_TRY(catalog::find_attack(stage.attack));
    const Params params = BARTIZAN_TRY(Params::make(spec->params, stage.params));
    const auto attack = BARTIZAN_TRY(textattacks::make_text_attack(stage.attack, params, nullptr));
    return textattacks::run(oracle, *textattacks::label_flip(), *attack, rows, ctx);
}

Severity judge(double unseen) {
    if (unseen >= 0.5) return Severity::high;
    if (unseen >= 0.2) return Severity::medium;
    return unseen > 0.02 ? Severity::low : Severity::info;
}

void add_examples(const textattacks::TextRun& run, Table& table) {
    for (const textattacks::Row& row : run.rows)
        if (row.clean_right && row.attempt.success && table.rows.size() < kMostExamples)
            table.rows.push_back({std::to_string(row.id), row.text, text::made_visible(row.attempt.text)});
}

}  // namespace
}  // namespace text_audit

Result<ProbeRecord> text_evasion_record(const TextInputs& inputs, const std::filesystem::path& model, std::int64_t samples,
                                        RunContext& ctx) {
    using namespace text_audit;
    const auto begin = ctx.now();
    ClassifierOracle plain(*inputs.classifier, inputs.encoding);
    textattacks::NormalisingOracle defended(plain, {});
    std::vector<textattacks::Row> rows = rows_of(inputs.texts);
    rows.resize(std::min(rows.size(), static_cast<std::size_t>(std::min(samples, kMostAttacked))));
    const Stage stages[] = {
        {"unseen_success_rate", "characters that nobody sees, five at most", "text-imperceptible", {}, false},
        {"unseen_success_rate_normalised", "the same attacker, knowing of the normaliser in front", "text-imperceptible",
         {{"ascii", "1"}, {"marks", "1"}}, true},
        {"word_success_rate", "words misspelt, a quarter at most", "text-swap", {}, false}};
    ProbeRecord record{.name = "text-evasion", .title = "Attacks on text", .reason = {}, .findings = {}};
    Finding finding = report::finding_for(report::rule::kTextEvasion, Severity::info, {});
    finding.asset = model.string();
    finding.seed = ctx.seed();
    Table examples{"Texts that fooled the model, hidden characters made visible", {"text", "before", "after"}, {}};
    for (const Stage& stage : stages) {
        textattacks::Oracle& oracle = stage.defended ? static_cast<textattacks::Oracle&>(defended) : plain;
        const auto run = carry_out(stage, oracle, rows, ctx);
        if (!run.ok() && run.error().code() != Errc::cancelled) return run.error();
        if (!run.ok() || !run->complete) {
            record.status = ProbeStatus::incomplete;
            break;
        }
        finding.evidence.push_back(audit::proportion(stage.name, run->fooled(), run->right(), stage.what));
        if (&stage != &stages[0]) continue;
        const double unseen = run->right() == 0 ? 0 : static_cast<double>(run->fooled()) / static_cast<double>(run->right());
        finding.severity = judge(unseen);
        finding.title = fmt::format("Characters that no reader sees turn {:.1f} % of right answers wrong", 100 * unseen);
        finding.evidence.push_back({.name = "queries_mean", .value = run->queries_mean(), .unit = "queries", .samples = run->right()});
        add_examples(*run, examples);
    }
    record.seconds = std::chrono::duration<double>(ctx.now() - begin).count();
    if (!examples.rows.empty()) finding.tables.push_back(std::move(examples));
    if (!finding.title.empty()) record.findings.push_back(std::move(finding));
    return record;
}

}  // namespace bartizan::engine
