/// `bartizan scan PATH...`: what would run when these files are loaded.
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <optional>
#include <vector>

#include "apps/cli/downloads.h"
#include "apps/cli/light_commands.h"
#include "bartizan/version.h"
#include "cli/output.h"
#include "core/file.h"
#include "core/progress.h"
#include "scan/output.h"
#include "scan/policy.h"
#include "scan/scan.h"
#include "scan/tensors/diff.h"

namespace bartizan::program {
namespace {

/// "2026-05-03", UTC.
std::string today() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    ::gmtime_r(&now, &parts);
    char text[16];
    return std::string(text, std::strftime(text, sizeof text, "%Y-%m-%d", &parts));
}

scan::Options options_of(const cli::Invocation& invocation) {
    scan::Options options;
    options.jobs = static_cast<int>(invocation.integer("jobs", 0));
    options.explain = invocation.flag("explain");
    options.hashes = invocation.flag("hashes");
    options.sandbox = !invocation.flag("no-sandbox");
    return options;
}

Result<int> compare_models(const cli::Invocation& invocation, const RunContext& run) {
    if (invocation.positionals.size() != 2 || invocation.text("format") == "sarif")
        return invalid_input("--diff compares two models and prints text or JSON", "bartizan scan --diff BEFORE AFTER");
    const scan::ModelDiff diff =
        BARTIZAN_TRY(scan::diff_models(invocation.positionals[0], invocation.positionals[1], run));
    const Json document = scan::diff_json(diff);
    if (invocation.has("out")) BARTIZAN_TRY(write_file_atomically(invocation.text("out"), to_text(document)));
    BARTIZAN_TRY(cli::print(invocation.text("format") == "text" ? scan::diff_text(diff) : to_text(document)));
    const auto gate = severity_from(invocation.text("fail-on"));
    return gate && scan::gravest(diff) >= *gate ? 1 : 0;
}

/// Paths as they are; addresses are fetched, if the user said so.
Result<std::vector<std::filesystem::path>> targets_of(const cli::Invocation& invocation, Downloads& downloads,
                                                      const RunContext& run) {
    constexpr std::uint64_t kMostFetched = std::uint64_t{64} << 30;
    std::vector<std::filesystem::path> targets;
    for (const std::string& target : invocation.positionals) {
        if (!is_address(target)) {
            targets.emplace_back(target);
            continue;
        }
        if (!invocation.flag("fetch"))
            return invalid_input("'" + target + "' is an address, and nothing is fetched unasked",
                                 "add --fetch to allow the network");
        targets.push_back(BARTIZAN_TRY(downloads.fetch(target, invocation.text("ca-file"), kMostFetched, run)));
    }
    return targets;
}

}  // namespace

Result<int> scan_files(const cli::Invocation& invocation) {
    if (invocation.has("out")) BARTIZAN_TRY(cli::check_writable_file(invocation.text("out")));
    TextProgress progress(stderr, progress_style_for_stderr(invocation.flag("quiet")));
    const RunContext run({.threads = static_cast<int>(invocation.integer("threads", 0)), .progress = &progress});
    if (invocation.flag("diff")) return compare_models(invocation, run);
    scan::Options options = options_of(invocation);
    std::optional<scan::Policy> policy;
    if (invocation.has("policy")) {
        policy = BARTIZAN_TRY(scan::Policy::open(invocation.text("policy"), today()));
        options.policy = &*policy;
        for (const scan::Allowance& entry : policy->expired())
            std::fprintf(stderr, "bartizan: an entry of the policy expired on %s: %s\n", entry.expires.c_str(),
                         cli::printable(entry.reason).c_str());
    }
    Downloads downloads;
    const auto targets = BARTIZAN_TRY(targets_of(invocation, downloads, run));
    scan::ScanResult result = BARTIZAN_TRY(scan::scan(targets, options, run));
    for (scan::FileResult& file : result.files) file.path = downloads.address_of(file.path);
    if (!result.unconfined.empty() && !invocation.flag("quiet"))
        std::fprintf(stderr, "bartizan: scanned without a sandbox: %s\n", result.unconfined.c_str());

    const bool sarif = invocation.text("format") == "sarif";
    const bool wants_document = invocation.text("format") != "text" || invocation.has("out");
    Json document;
    if (wants_document)
        document = sarif ? scan::scan_sarif(result, kVersion, invocation.command_line) : scan::scan_json(result);
    if (invocation.has("out")) BARTIZAN_TRY(write_file_atomically(invocation.text("out"), to_text(document)));
    if (invocation.has("record")) BARTIZAN_TRY(cli::keep(invocation, scan::scan_json(result)));
    BARTIZAN_TRY(cli::print(invocation.text("format") == "text" ? scan::scan_text(result) : to_text(document)));
    const auto gate = severity_from(invocation.text("fail-on"));
    return gate && result.verdict != scan::Verdict::clean && scan::gravest(result) >= *gate ? 1 : 0;
}

}  // namespace bartizan::program
