/// `bartizan audit MODEL --data D --out DIR`: every probe that the inputs allow, and the report.
#include <chrono>
#include <ctime>

#include <fmt/format.h>

#include "apps/engine/handlers.h"
#include "apps/engine/inputs.h"
#include "apps/engine/text_inputs.h"
#include "audit/audit.h"
#include "audit/cost.h"
#include "audit/plan.h"
#include "cli/output.h"
#include "core/time_text.h"
#include "report/files.h"
#include "report/json.h"
#include "report/score.h"
#include "report/text.h"
#include "scan/probe.h"
#include "scan/scan.h"

namespace bartizan::engine {
namespace auditing {
namespace {

Result<audit::Plan> plan_of(const cli::Invocation& invocation, const data::Info& info) {
    const std::string plan = invocation.text("plan", "standard");
    return audit::is_named_plan(plan) ? audit::named_plan(plan, info) : audit::read_plan(plan, info);
}

/// Read before columns are scaled: groups are told by the values as they are.
Result<std::vector<data::Grouping>> groups_of(const cli::Invocation& invocation, const Inputs& inputs) {
    std::vector<data::Grouping> groups;
    for (const std::string& spec : invocation.list("group"))
        groups.push_back(BARTIZAN_TRY_WITHIN(
            data::read_grouping(inputs.dataset->info(), inputs.batch, spec, invocation.text("group-file")),
            "--group " + spec));
    return groups;
}

audit::Subject subject_of(Inputs&& inputs, const audit::Plan& plan) {
    audit::Subject subject;
    subject.model_path = inputs.model_path;
    subject.classifier = inputs.classifier;
    subject.info = inputs.dataset->info();
    subject.info.class_names = inputs.class_names;
    subject.batch = std::move(inputs.batch);
    subject.norm = plan.norm;
    subject.eps = plan.eps;
    subject.curve = plan.curve();
    subject.samples = plan.samples;
    return subject;
}

/// The launcher has scanned the file in a sandbox before this program parsed it; here the scan's findings are told.
Result<ProbeRecord> artefact_record(const std::filesystem::path& model, RunContext& ctx) {
    const auto begin = ctx.now();
    const scan::ScanResult result = BARTIZAN_TRY(scan::scan({&model, 1}, {.jobs = 1, .sandbox = true}, RunContext()));
    return scan::probe_of(result, model.string(), std::chrono::duration<double>(ctx.now() - begin).count());
}

/// Nothing with --fail-on never.
std::optional<Severity> gate_of(const cli::Invocation& invocation) {
    return severity_from(invocation.text("fail-on", "high"));
}

int status_of(const cli::Invocation& invocation, const Report& report) {
    if (!report.complete) return kIncomplete;
    const auto gate = gate_of(invocation);
    return gate && report::reaches_gate(report, *gate) ? 1 : 0;
}

/// Texts: quality on the clean ones, then attacks on text. What the other probes change, texts do not have.
Result<int> audit_text(const cli::Invocation& invocation, RunContext& ctx) {
    if (!invocation.list("group").empty()) return unsupported("--group compares rows of numbers, not texts");
    const TextInputs texts = BARTIZAN_TRY(open_text_inputs(invocation));
    Inputs inputs = BARTIZAN_TRY(as_inputs(invocation, texts));
    audit::Plan plan = BARTIZAN_TRY(plan_of(invocation, inputs.dataset->info()));
    std::erase_if(plan.probes, [](const audit::PlannedProbe& probe) { return probe.spec->name != "quality"; });
    const audit::Subject subject = subject_of(std::move(inputs), plan);
    const audit::Origin origin{invocation.command_line, utc_text(std::time(nullptr))};
    Report report = BARTIZAN_TRY(audit::run_audit(subject, plan, origin, ctx));
    report.probes.insert(report.probes.begin(), BARTIZAN_TRY(artefact_record(subject.model_path, ctx)));
    const ProbeRecord evasion = BARTIZAN_TRY(text_evasion_record(texts, subject.model_path, plan.samples, ctx));
    report.complete = report.complete && evasion.status != ProbeStatus::incomplete;
    report.seconds += evasion.seconds;
    report.probes.push_back(evasion);
    report::TextOptions options;
    options.files = BARTIZAN_TRY(report::write_report_files(report, invocation.text("out"), gate_of(invocation)));
    BARTIZAN_TRY(cli::print(invocation, report::report_json(report), report::report_text(report, options)));
    return status_of(invocation, report);
}

}  // namespace
}  // namespace auditing

Result<int> audit(const cli::Invocation& invocation, RunContext& ctx) {
    using namespace auditing;
    const std::filesystem::path out = invocation.text("out");
    BARTIZAN_TRY(cli::check_writable_folder(out));
    if (asks_for_text(invocation)) return audit_text(invocation, ctx);
    Inputs inputs = BARTIZAN_TRY(open_inputs(invocation));
    std::vector<data::Grouping> groups = BARTIZAN_TRY(groups_of(invocation, inputs));
    defences::PoisonModel plain;
    plain = defences::poison_model(inputs.model, inputs.classifier, inputs.contract);
    const data::InputContract contract = inputs.contract;
    const NdArray plain_x = inputs.batch.x;
    BARTIZAN_TRY(to_unit_range(inputs));
    audit::Plan plan = BARTIZAN_TRY(plan_of(invocation, inputs.dataset->info()));
    audit::Subject subject = subject_of(std::move(inputs), plan);
    subject.groups = std::move(groups);
    subject.plain = std::move(plain);
    subject.plain_x = plain_x;
    subject.contract = contract;
    subject.training = {.spec = invocation.text("train-data"),
                        .test = invocation.text("data"),
                        .label_column = invocation.text("label"),
                        .key = invocation.text("data-key")};
    BARTIZAN_TRY(audit::expect_costs(subject, plan, ctx));
    if (!invocation.flag("quiet")) fmt::print(stderr, "{}", audit::costs_text(subject, plan));
    const audit::Origin origin{invocation.command_line, utc_text(std::time(nullptr))};
    Report report = BARTIZAN_TRY(audit::run_audit(subject, plan, origin, ctx));
    report.probes.insert(report.probes.begin(), BARTIZAN_TRY(artefact_record(subject.model_path, ctx)));
    report::TextOptions options;
    options.files = BARTIZAN_TRY(report::write_report_files(report, out, gate_of(invocation)));
    BARTIZAN_TRY(cli::print(invocation, report::report_json(report), report::report_text(report, options)));
    return status_of(invocation, report);
}

}  // namespace bartizan::engine
