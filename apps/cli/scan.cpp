/// `bartizan scan PATH...`: what would run when these files are loaded.
#include <filesystem>
#include <vector>

#include "apps/cli/light_commands.h"
#include "bartizan/version.h"
#include "cli/output.h"
#include "core/file.h"
#include "core/progress.h"
#include "scan/output.h"
#include "scan/scan.h"

namespace bartizan::program {
namespace {

scan::Options options_of(const cli::Invocation& invocation) {
    scan::Options options;
    options.jobs = static_cast<int>(invocation.integer("jobs", 0));
    options.explain = invocation.flag("explain");
    return options;
}

}  // namespace

Result<int> scan_files(const cli::Invocation& invocation) {
    if (invocation.has("out")) BARTIZAN_TRY(cli::check_writable_file(invocation.text("out")));
    const std::vector<std::filesystem::path> targets(invocation.positionals.begin(), invocation.positionals.end());
    TextProgress progress(stderr, progress_style_for_stderr(invocation.flag("quiet")));
    const RunContext run({.threads = static_cast<int>(invocation.integer("threads", 0)), .progress = &progress});
    const scan::ScanResult result = BARTIZAN_TRY(scan::scan(targets, options_of(invocation), run));

    const bool sarif = invocation.text("format") == "sarif";
    const bool wants_document = invocation.text("format") != "text" || invocation.has("out");
    Json document;
    if (wants_document)
        document = sarif ? scan::scan_sarif(result, kVersion, invocation.command_line) : scan::scan_json(result);
    if (invocation.has("out")) BARTIZAN_TRY(write_file_atomically(invocation.text("out"), to_text(document)));
    BARTIZAN_TRY(cli::print(invocation.text("format") == "text" ? scan::scan_text(result) : to_text(document)));
    const auto gate = severity_from(invocation.text("fail-on"));
    return gate && result.verdict != scan::Verdict::clean && scan::gravest(result) >= *gate ? 1 : 0;
}

}  // namespace bartizan::program
