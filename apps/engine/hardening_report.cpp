#include "apps/engine/hardening_report.h"

#include <ctime>

#include "audit/audit.h"
#include "audit/plan.h"
#include "core/file.h"
#include "core/time_text.h"
#include "report/files.h"
#include "report/html.h"

namespace bartizan::engine {
namespace hardening_report {
namespace {

Result<Report> audited(const AuditedModel& model, RunContext& ctx) {
    audit::Plan plan = BARTIZAN_TRY(audit::default_plan(model.info));
    plan.eps = model.eps;
    audit::Subject subject;
    subject.model_path = model.path;
    subject.classifier = model.classifier;
    subject.info = model.info;
    subject.batch = *model.batch;
    subject.norm = plan.norm;
    subject.eps = plan.eps;
    subject.curve = plan.curve();
    subject.samples = plan.samples;
    return audit::run_audit(subject, plan, {model.command, utc_text(std::time(nullptr))}, ctx);
}

}  // namespace
}  // namespace hardening_report

Result<void> write_hardening_report(const std::filesystem::path& folder, const AuditedModel& before,
                                    const AuditedModel& after, RunContext& ctx) {
    const Report was = BARTIZAN_TRY(hardening_report::audited(before, ctx));
    BARTIZAN_TRY(report::write_report_files(was, folder / "before", std::nullopt));
    const Report is = BARTIZAN_TRY(hardening_report::audited(after, ctx));
    BARTIZAN_TRY(report::write_report_files(is, folder / "after", std::nullopt));
    return write_file_atomically(folder / "comparison.html",
                                 report::comparison_html(was, is, {"Before hardening", "After hardening"}));
}

}  // namespace bartizan::engine
