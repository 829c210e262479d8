/// `bartizan compare BEFORE AFTER`: two audits side by side.
#include <algorithm>

#include <fmt/format.h>

#include "apps/cli/light_commands.h"
#include "cli/output.h"
#include "core/file.h"
#include "report/html.h"
#include "report/read.h"
#include "report/score.h"

namespace bartizan::program {
namespace {

/// The findings of `report` whose rule is not among those of `other`, gravest first.
std::vector<const Finding*> only_in(const Report& report, const Report& other) {
    std::vector<std::string> known;
    for (const ProbeRecord& probe : other.probes)
        for (const Finding& finding : probe.findings) known.push_back(finding.rule);
    std::vector<const Finding*> out;
    for (const ProbeRecord& probe : report.probes)
        for (const Finding& finding : probe.findings)
            if (std::ranges::find(known, finding.rule) == known.end()) out.push_back(&finding);
    std::ranges::stable_sort(out, [](const Finding* a, const Finding* b) { return a->severity > b->severity; });
    return out;
}

Json side_json(const Report& report) {
    return {{"path", report.asset.path},
            {"sha256", report.asset.sha256},
            {"score", report::score(report)},
            {"verdict", report::verdict(report).word}};
}

Json findings_json(const std::vector<const Finding*>& findings) {
    Json out = Json::array();
    for (const Finding* finding : findings)
        out.push_back({{"rule", finding->rule}, {"severity", to_string(finding->severity)}, {"title", finding->title}});
    return out;
}

std::string side_text(const char* heading, const Report& report) {
    return fmt::format("{:<7} {}: {}, score {} of 100\n", heading, cli::printable(report.asset.path),
                       report::verdict(report).word, report::score(report));
}

std::string findings_text(const char* heading, const std::vector<const Finding*>& findings) {
    std::string out = findings.empty() ? "" : fmt::format("{}\n", heading);
    for (const Finding* finding : findings)
        out += fmt::format("  {:<8} {}  {}\n", to_string(finding->severity), cli::printable(finding->rule),
                           cli::printable(finding->title));
    return out;
}

}  // namespace

Result<int> compare(const cli::Invocation& invocation) {
    if (invocation.has("out")) BARTIZAN_TRY(cli::check_writable_file(invocation.text("out")));
    const Report before = BARTIZAN_TRY(report::read_report(invocation.positional(0)));
    const Report after = BARTIZAN_TRY(report::read_report(invocation.positional(1)));
    const auto gone = only_in(before, after);
    const auto fresh = only_in(after, before);
    std::string text = side_text("before", before) + side_text("after", after) + findings_text("gone", gone) +
                       findings_text("new", fresh);
    if (invocation.has("out")) {
        const report::ComparisonTitles titles{std::filesystem::path(before.asset.path).filename().string(),
                                              std::filesystem::path(after.asset.path).filename().string()};
        BARTIZAN_TRY(write_file_atomically(invocation.text("out"), report::comparison_html(before, after, titles)));
        text += fmt::format("page    {}\n", cli::printable(invocation.text("out")));
    }
    Json json = cli::document(invocation);
    json["before"] = side_json(before);
    json["after"] = side_json(after);
    json["gone"] = findings_json(gone);
    json["new"] = findings_json(fresh);
    BARTIZAN_TRY(cli::print(invocation, json, text));
    const auto gate = severity_from(invocation.text("fail-on"));
    return gate && !fresh.empty() && fresh.front()->severity >= *gate ? 1 : 0;
}

}  // namespace bartizan::program
