/// Probe "reliability": is the evaluation itself to be trusted? Each trap is a check; a check that finds one raises a
/// finding "evaluation unreliable", so that a good score is never taken from a broken measurement.
#include <algorithm>

#include <fmt/format.h>

#include "audit/attacking.h"
#include "audit/probes/checks.h"
#include "audit/probes/probes.h"
#include "report/rules.h"

namespace bartizan::audit::reliability {
namespace {

Finding unreliable_finding(const Subject& subject, const Check& check) {
    Finding finding = begin_finding(check.rule, subject);
    finding.severity = Severity::high;
    std::string title(report::find_rule(check.rule)->summary);  // a sentence; titles have no full stop
    if (title.ends_with('.')) title.pop_back();
    finding.title = std::move(title);
    finding.explanation = fmt::format("Seen: {}. {}", check.seen, check.meaning);
    finding.remediation = check.remedy;
    finding.evidence = check.evidence;
    return finding;
}

Finding summary_finding(const Subject& subject, const std::vector<Check>& checks) {
    Finding finding = begin_finding(report::rule::kEvaluationChecks, subject);
    const auto bad = std::ranges::count(checks, true, &Check::unreliable);
    finding.title = bad == 0 ? fmt::format("None of {} known evaluation traps was found", checks.size())
                             : fmt::format("{} of {} known evaluation traps were found", bad, checks.size());
    finding.explanation =
        "Many published defences looked robust only because their evaluation was broken. These checks "
        "look for the ways in which that happens. They cannot prove that there is no other.";
    finding.remediation = bad == 0 ? "Nothing." : "Mend what the findings above name, then audit again.";
    finding.evidence.push_back({.name = "checks_failed", .value = static_cast<double>(bad)});
    finding.evidence.push_back({.name = "checks_run", .value = static_cast<double>(checks.size())});
    Table table{"Checks", {"question", "seen", "verdict"}, {}};
    for (const Check& check : checks)
        table.rows.push_back({check.question, check.seen, check.unreliable ? "unreliable" : "as it should be"});
    finding.tables.push_back(std::move(table));
    return finding;
}

class Reliability final : public Probe {
public:
    explicit Reliability(const Params& params) : samples_(params.integer("samples")), steps_(params.integer("steps")) {}

    std::optional<std::string> obstacle(const Subject& subject) const override {
        return attack_obstacle(subject, false);
    }

    Result<std::vector<Finding>> run(const Subject& subject, Notebook& notebook, RunContext& ctx) const override {
        const std::int64_t samples = std::min(samples_, subject.samples);
        std::vector<Check> checks;
        checks.push_back(check_input_contract(notebook));
        checks.push_back(check_data_range(subject));
        checks.push_back(BARTIZAN_TRY(check_determinism(subject, samples)));
        checks.push_back(BARTIZAN_TRY(check_batch_independence(subject, samples)));
        checks.push_back(check_graph(subject));
        checks.push_back(BARTIZAN_TRY(check_gradients(subject, samples)));
        checks.push_back(check_blackbox_against_whitebox(subject, notebook));
        if (subject.classifier->differentiable().ok() && subject.norm != catalog::Norm::l0) {
            checks.push_back(check_curve(subject, notebook));
            checks.push_back(BARTIZAN_TRY(check_unbounded(subject, samples, ctx)));
            checks.push_back(BARTIZAN_TRY(check_steps(subject, samples, steps_, ctx)));
            checks.push_back(BARTIZAN_TRY(check_transfer(subject, samples, steps_, ctx)));
        }
        std::vector<Finding> findings;
        for (const Check& check : checks)
            if (check.unreliable) findings.push_back(unreliable_finding(subject, check));
        findings.push_back(summary_finding(subject, checks));
        return findings;
    }

private:
    std::int64_t samples_;
    std::int64_t steps_;
};

}  // namespace

std::unique_ptr<Probe> make(const Params& params) { return std::make_unique<Reliability>(params); }

}  // namespace bartizan::audit::reliability
