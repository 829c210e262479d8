#include "apps/data_check/run.h"

#include <chrono>
#include <ctime>
#include <optional>

#include "bartizan/version.h"
#include "cli/output.h"
#include "core/file.h"
#include "core/time_text.h"
#include "quality/offenders.h"
#include "quality/output.h"
#include "quality/quarantine.h"
#include "report/files.h"

namespace bartizan::data_checking {
namespace {

std::optional<std::int64_t> given(const cli::Invocation& invocation, const char* option) {
    if (!invocation.has(option)) return std::nullopt;
    return invocation.integer(option, 0);
}

struct Began {
    std::string time = utc_text(std::time(nullptr));
    std::chrono::steady_clock::time_point at = std::chrono::steady_clock::now();
};

Result<void> write_report(const cli::Invocation& invocation, const quality::CheckReport& found, const Began& began,
                          const RunContext& ctx) {
    Report report = BARTIZAN_TRY(quality::report_of(found, invocation.positional(0), invocation.text("label")));
    report.tool_version = kVersion;
    report.command = invocation.command_line;
    report.started = began.time;
    report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began.at).count();
    report.seed = ctx.seed();
    for (ProbeRecord& probe : report.probes) probe.seconds = report.seconds;
    const auto gate = severity_from(invocation.text("fail-on"));
    BARTIZAN_TRY(report::write_report_files(std::move(report), invocation.text("report"), gate));
    return {};
}

}  // namespace

quality::CheckOptions options_of(const cli::Invocation& invocation) {
    quality::CheckOptions options{.others = invocation.list("other"),
                                  .against = invocation.text("against"),
                                  .probabilities = invocation.text("probabilities"),
                                  .groups = invocation.list("group"),
                                  .group_file = invocation.text("group-file")};
    options.open.label_column = invocation.text("label");
    options.open.limit = given(invocation, "limit");
    options.open.sample = given(invocation, "sample");
    options.open.seed = static_cast<std::uint64_t>(invocation.integer("seed", 0));
    return options;
}

Result<int> run(const cli::Invocation& invocation, const RunContext& ctx, const MoreChecks& more) {
    const Began began;
    if (invocation.has("out")) BARTIZAN_TRY(cli::check_writable_file(invocation.text("out")));
    if (invocation.has("report")) BARTIZAN_TRY(cli::check_writable_folder(invocation.text("report")));
    const std::string spec = invocation.positional(0);
    const quality::CheckOptions options = options_of(invocation);
    const bool parts = invocation.has("quarantine");
    if (parts && (options.open.limit || options.open.sample))
        return invalid_input("--quarantine needs all items, so that none is lost", "leave --limit and --sample out");
    if (parts) BARTIZAN_TRY(cli::check_writable_folder(invocation.text("quarantine")));
    quality::CheckReport report = BARTIZAN_TRY_WITHIN(quality::check(spec, options, ctx), "data '" + spec + "'");
    Json document = cli::document(invocation);
    Json added = Json::object();
    if (more) BARTIZAN_TRY(more(options, report, added));
    std::optional<quality::Parted> parted;
    if (parts)
        parted = BARTIZAN_TRY_WITHIN(quality::quarantine(spec, options.open, report, invocation.text("quarantine")),
                                     "--quarantine");
    if (invocation.has("report")) BARTIZAN_TRY_WITHIN(write_report(invocation, report, began, ctx), "--report");
    quality::add_to(document, report, parted);
    document.update(added);
    if (invocation.has("out")) BARTIZAN_TRY(write_file_atomically(invocation.text("out"), to_text(document)));
    BARTIZAN_TRY(cli::print(invocation, document, quality::to_text(report, parted, cli::printable)));
    const auto gate = severity_from(invocation.text("fail-on"));
    const auto gravest = quality::gravest(report);
    return gate && gravest && *gravest >= *gate ? 1 : 0;
}

}  // namespace bartizan::data_checking
