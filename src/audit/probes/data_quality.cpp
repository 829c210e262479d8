/// Probe "data-quality": what is wrong with the data that the model was trained on, and what of it is in the test data.
#include <fmt/format.h>

#include "audit/probes/probes.h"
#include "quality/check.h"
#include "quality/findings.h"
#include "quality/offenders.h"
#include "report/rules.h"

namespace bartizan::audit::data_quality {
namespace {

class DataQuality final : public Probe {
public:
    explicit DataQuality(const Params& params)
        : samples_(params.integer("samples")), pictures_(static_cast<std::size_t>(params.integer("pictures"))) {}

    std::optional<std::string> obstacle(const Subject& subject) const override {
        if (subject.training.spec.empty()) return "the training data were not given (--train-data)";
        return std::nullopt;
    }

    Result<std::vector<Finding>> run(const Subject& subject, Notebook&, RunContext& ctx) const override {
        const TrainingData& training = subject.training;
        bartizan::quality::CheckOptions options;
        options.open.label_column = training.label_column;
        options.open.sample = samples_;
        options.open.seed = ctx.seed();
        if (training.test != training.spec) options.others = {training.test};
        const auto report = BARTIZAN_TRY_WITHIN(bartizan::quality::check(training.spec, options, ctx),
                                                "--train-data '" + training.spec + "'");
        std::vector<Finding> findings = bartizan::quality::findings_of(report, training.spec);
        if (training.test == training.spec) findings.push_back(same_data(subject));
        BARTIZAN_TRY(bartizan::quality::add_pictures(report, training.spec, training.label_column, pictures_, findings));
        findings.push_back(what_ran(subject, report));
        return findings;
    }

private:
    static Finding same_data(const Subject& subject) {
        Finding finding = begin_finding(report::rule::kDataLeak, subject);
        finding.asset = subject.training.spec;
        finding.severity = Severity::high;
        finding.title = "The model is tested on the data that it was trained on";
        finding.explanation = "Every figure of this audit is that of inputs that the model knows.";
        return finding;
    }

    /// Nothing is passed over in silence.
    static Finding what_ran(const Subject& subject, const bartizan::quality::CheckReport& report) {
        Finding finding = begin_finding(report::rule::kDataDefects, subject);
        finding.asset = subject.training.spec;
        finding.title =
            fmt::format("{} items of training data were checked, {} are suspect", report.items, report.suspects.size());
        finding.explanation = "Checks that could not run are in the table, with the reason.";
        finding.remediation =
            "Run bartizan data check for the whole list, and with --quarantine to set suspects apart.";
        finding.evidence = {
            {.name = "items_checked", .value = double(report.items), .unit = "items", .note = {}},
            {.name = "items_suspect", .value = double(report.suspects.size()), .unit = "items", .note = {}}};
        Table table{"Not applicable", {"check", "because"}, {}};
        for (const auto& skipped : report.skipped) table.rows.push_back({std::string(skipped.check), skipped.reason});
        if (!table.rows.empty()) finding.tables.push_back(std::move(table));
        return finding;
    }

    std::int64_t samples_;
    std::size_t pictures_;
};

}  // namespace

std::unique_ptr<Probe> make(const Params& params) { return std::make_unique<DataQuality>(params); }

}  // namespace bartizan::audit::data_quality
