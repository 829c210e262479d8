#include "apps/cli/artefact_gate.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "bartizan/run_context.h"
#include "bartizan/version.h"
#include "cli/output.h"
#include "core/time_text.h"
#include "report/files.h"
#include "report/json.h"
#include "report/score.h"
#include "report/text.h"
#include "scan/probe.h"
#include "scan/scan.h"

namespace bartizan::program {
namespace {

/// The model file that the engine would open; empty: it opens none.
std::filesystem::path model_of(const cli::Invocation& invocation) {
    const cli::CommandSpec& command = *invocation.command;
    if (!command.needs_engine || command.positionals.empty() || command.positionals[0].name != "MODEL") return {};
    std::filesystem::path model = invocation.positional(0);
    std::error_code ignored;
    return std::filesystem::is_regular_file(model, ignored) ? model : std::filesystem::path();
}

Error refusal(const std::filesystem::path& model, const scan::ScanResult& result) {
    const auto& issues = result.files.front().issues;
    const auto worst = std::ranges::max_element(issues, {}, &scan::Issue::verdict);
    return {Errc::invalid_input,
            fmt::format("'{}' is not safe to load: {}{}{} ({})", model.string(), worst->title,
                        worst->detail.empty() ? "" : ": ", worst->detail, worst->rule),
            "see what it holds with `bartizan scan " + model.string() + "`"};
}

Result<int> report_of(const cli::Invocation& invocation, const std::filesystem::path& model,
                      const scan::ScanResult& result, double seconds) {
    const std::filesystem::path out = invocation.text("out");
    BARTIZAN_TRY(cli::check_writable_folder(out));
    Report report = scan::stopped_report(result, model.string(), seconds);
    report.tool_version = kVersion;
    report.command = invocation.command_line;
    report.started = utc_text(std::time(nullptr));
    const auto gate = severity_from(invocation.text("fail-on", "high"));
    report::TextOptions options;
    options.files = BARTIZAN_TRY(report::write_report_files(report, out, gate));
    BARTIZAN_TRY(cli::print(invocation, report::report_json(report), report::report_text(report, options)));
    return gate && report::reaches_gate(report, *gate) ? 1 : 0;
}

}  // namespace

Result<std::optional<int>> stop_at_unsafe_model(const cli::Invocation& invocation) {
    const std::filesystem::path model = model_of(invocation);
    if (model.empty()) return std::nullopt;
    const auto begin = std::chrono::steady_clock::now();
    const bool audit = invocation.command->name == "audit";
    const scan::ScanResult result =
        BARTIZAN_TRY(scan::scan({&model, 1}, {.jobs = 1, .hashes = audit, .sandbox = true}, RunContext()));
    if (result.verdict != scan::Verdict::malicious) return std::nullopt;
    if (!audit) return refusal(model, result);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return BARTIZAN_TRY(report_of(invocation, model, result, seconds));
}

}  // namespace bartizan::program
