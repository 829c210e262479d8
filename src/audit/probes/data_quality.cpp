/// Probe "data-quality": what is wrong with the data that the model was trained on, and what of it is in the test data.
#include <algorithm>

#include <fmt/format.h>

#include "audit/pictures.h"
#include "audit/probes/probes.h"
#include "quality/check.h"
#include "quality/findings.h"
#include "report/rules.h"

namespace bartizan::audit::data_quality {
namespace {

std::string name_of(const bartizan::quality::CheckReport& report, std::int64_t label) {
    const auto at = static_cast<std::size_t>(label);
    return at < report.class_names.size() ? report.class_names[at] : std::to_string(label);
}

/// "17: 'sandal', rather 'boot'"
std::string caption_of(const bartizan::quality::CheckReport& report, const bartizan::quality::Issue& issue,
                       std::size_t at, const data::Batch& batch) {
    std::string caption = std::to_string(issue.indices[at]);
    if (!batch.y.empty()) caption += fmt::format(": '{}'", name_of(report, batch.y[at]));
    if (at < issue.suggested.size()) caption += fmt::format(", rather '{}'", name_of(report, issue.suggested[at]));
    return caption;
}

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
        if (is_picture(report.info)) BARTIZAN_TRY(add_pictures(training, report, findings));
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

    /// The worst offenders of each kind of issue, side by side.
    Result<void> add_pictures(const TrainingData& training, const bartizan::quality::CheckReport& report,
                              std::vector<Finding>& findings) const {
        data::OpenOptions open;
        open.label_column = training.label_column;
        open.keep_non_finite = true;
        const auto dataset = BARTIZAN_TRY(data::open(training.spec, open));
        for (Finding& finding : findings) {
            const auto issue = std::ranges::find_if(report.issues, [&](const auto& one) {
                return !finding.evidence.empty() && finding.evidence[0].note == one.kind;
            });
            if (issue == report.issues.end() || issue->indices.empty() || pictures_ == 0) continue;
            const std::size_t count = std::min(pictures_, issue->indices.size());
            const data::Batch batch = BARTIZAN_TRY(dataset->read(std::span(issue->indices).first(count)));
            std::vector<std::string> captions;
            for (std::size_t i = 0; i < count; ++i) captions.push_back(caption_of(report, *issue, i, batch));
            finding.pictures.push_back(BARTIZAN_TRY(side_by_side(report.info, batch.x, captions)));
            finding.pictures.back().title = "Worst offenders";
        }
        return {};
    }

    std::int64_t samples_;
    std::size_t pictures_;
};

}  // namespace

std::unique_ptr<Probe> make(const Params& params) { return std::make_unique<DataQuality>(params); }

}  // namespace bartizan::audit::data_quality
