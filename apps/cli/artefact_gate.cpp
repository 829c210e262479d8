#include "apps/cli/artefact_gate.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "bartizan/run_context.h"
#include "bartizan/version.h"
#include "cli/output.h"
#include "core/file.h"
#include "core/time_text.h"
#include "provenance/verifier.h"
#include "report/escape.h"
#include "report/files.h"
#include "report/json.h"
#include "report/rules.h"
#include "report/score.h"
#include "report/text.h"
#include "scan/probe.h"
#include "scan/scan.h"

namespace bartizan::program {
namespace {

/// The model file that the engine would open; empty: it opens none.
std::filesystem::path model_of(const cli::Invocation& invocation) {
    const cli::CommandSpec& command = *invocation.command;
    const bool first = command.needs_engine && !command.positionals.empty() && command.positionals[0].name == "MODEL";
    const bool named = command.name == "data check" && invocation.has("model");
    if (!first && !named) return {};
    std::filesystem::path model = named ? invocation.text("model") : invocation.positional(0);
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

Result<int> write_stopped(const cli::Invocation& invocation, Report report) {
    const std::filesystem::path out = invocation.text("out");
    BARTIZAN_TRY(cli::check_writable_folder(out));
    report.tool_version = kVersion;
    report.command = invocation.command_line;
    report.started = utc_text(std::time(nullptr));
    const auto gate = severity_from(invocation.text("fail-on", "high"));
    report::TextOptions options;
    options.files = BARTIZAN_TRY(report::write_report_files(report, out, gate));
    BARTIZAN_TRY(cli::print(invocation, report::report_json(report), report::report_text(report, options)));
    return gate && report::reaches_gate(report, *gate) ? 1 : 0;
}

Finding unsigned_finding(const std::filesystem::path& model, const std::string& fault) {
    Finding finding = report::finding_for("BTZ-PRV-001", Severity::critical,
                                          "The model is not the one that was signed: " + report::clean_line(fault));
    finding.asset = model.string();
    return finding;
}

/// Nothing: no signature was given, or it holds. Else why it does not.
Result<std::string> signature_fault(const cli::Invocation& invocation, const std::filesystem::path& model) {
    constexpr std::uint64_t kLongestKeyFile = 64 * 1024;
    if (invocation.has("signature") != invocation.has("signer"))
        return invalid_input("--signature and --signer go together", "give both, or neither");
    if (!invocation.has("signature")) return std::string();
    const std::string signature = invocation.text("signature");
    provenance::Trust trust;
    const std::string pem = BARTIZAN_TRY_WITHIN(read_file(invocation.text("signer"), kLongestKeyFile), "--signer");
    trust.key = BARTIZAN_TRY_WITHIN(crypto::PublicKey::from_pem(pem), "--signer");
    trust.now = std::time(nullptr);
    const std::string text = BARTIZAN_TRY_WITHIN(read_file(signature, provenance::kLargestBundle), "--signature");
    const auto bundle = BARTIZAN_TRY_WITHIN(provenance::parse_bundle(text), "signature '" + signature + "'");
    const auto verdict = BARTIZAN_TRY(provenance::verify_model(model, bundle, trust, {}, RunContext()));
    return verdict.verified ? std::string() : verdict.reason;
}

}  // namespace

Result<std::optional<int>> stop_at_unsafe_model(const cli::Invocation& invocation) {
    const std::filesystem::path model = model_of(invocation);
    if (model.empty()) return std::nullopt;
    for (const std::filesystem::path reference : invocation.list("reference")) {
        const scan::ScanResult seen = BARTIZAN_TRY(scan::scan({&reference, 1}, {.jobs = 1, .sandbox = true}, RunContext()));
        if (seen.verdict == scan::Verdict::malicious) return refusal(reference, seen);
    }
    const auto begin = std::chrono::steady_clock::now();
    const bool audit = invocation.command->name == "audit";
    const std::string fault = BARTIZAN_TRY(signature_fault(invocation, model));
    const scan::ScanResult result =
        BARTIZAN_TRY(scan::scan({&model, 1}, {.jobs = 1, .hashes = audit, .sandbox = true}, RunContext()));
    if (result.verdict != scan::Verdict::malicious && fault.empty()) return std::nullopt;
    if (!audit) return refusal(model, result);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    Report report = scan::stopped_report(result, model.string(), seconds);
    if (!fault.empty()) report.probes.front().findings.push_back(unsigned_finding(model, fault));
    return BARTIZAN_TRY(write_stopped(invocation, std::move(report)));
}

}  // namespace bartizan::program
