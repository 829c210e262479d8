/// `bartizan bom PATH`: a CycloneDX bill of materials. Standard output is the document itself, which leaves no room for
/// a "schema" field of ours; with --out it goes to the file, and a summary is printed.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "apps/cli/light_commands.h"
#include "apps/cli/signing_options.h"
#include "bartizan/version.h"
#include "cli/output.h"
#include "core/file.h"
#include "provenance/bom/cyclonedx.h"
#include "scan/scan.h"

namespace bartizan::program {
namespace {

Result<provenance::TreeRules> rules_of(const cli::Invocation& invocation, const std::string& model) {
    provenance::TreeRules rules;
    rules.ignored = BARTIZAN_TRY(ignored_of(invocation, model));
    const auto defaults = provenance::default_ignored();
    rules.ignored.insert(rules.ignored.end(), defaults.begin(), defaults.end());
    if (const auto own = provenance::name_below(model, std::filesystem::absolute(invocation.text("out", "/")));
        own.ok())
        rules.ignored.push_back(*own);
    if (invocation.flag("follow-links")) rules.links = provenance::Links::follow_to_files;
    return rules;
}

Result<provenance::ScanStatement> scanned(const std::string& model, const RunContext& context) {
    const std::array<std::filesystem::path, 1> targets{model};
    const scan::ScanResult result = BARTIZAN_TRY(scan::scan(targets, {.jobs = context.threads(), .sandbox = true}, context));
    provenance::ScanStatement statement{std::string(scan::to_string(result.verdict)), result.complete};
    statement.files = result.files.size();
    for (const scan::FileResult& file : result.files) statement.findings += file.issues.size();
    statement.tool = fmt::format("bartizan {}", kVersion);
    return statement;
}

std::vector<std::string> names_of(const std::vector<provenance::Licence>& licences) {
    std::vector<std::string> names;
    for (const provenance::Licence& licence : licences) names.push_back(licence.id.empty() ? licence.name : licence.id);
    return names;
}

Json summary_json(const cli::Invocation& invocation, const provenance::Inventory& inventory) {
    Json json = cli::document(invocation);
    json["path"] = invocation.positional(0);
    json["out"] = invocation.text("out");
    json["spec_version"] = invocation.text("spec-version");
    json["files"] = inventory.files.size();
    json["not_read"] = inventory.not_read.size();
    json["datasets"] = inventory.card.datasets;
    json["licences"] = names_of(inventory.licences);
    json["signatures"] = inventory.signatures.size();
    json["root"] = inventory.root;
    json["scan_verdict"] = inventory.scan ? Json(inventory.scan->verdict) : Json();
    json["warnings"] = inventory.card.warnings;
    return json;
}

std::string summary_text(const cli::Invocation& invocation, const provenance::Inventory& inventory) {
    std::string text = fmt::format("{:<12}{} ({} files, {} not read)\n", "model", cli::printable(inventory.name),
                                   inventory.files.size(), inventory.not_read.size());
    const auto licences = names_of(inventory.licences);
    text += fmt::format("{:<12}{}\n", "licences",
                        licences.empty() ? "none found" : cli::printable(fmt::format("{}", fmt::join(licences, ", "))));
    text += fmt::format("{:<12}{}\n", "data sets",
                        cli::printable(fmt::format("{}", fmt::join(inventory.card.datasets, ", "))));
    text += fmt::format("{:<12}{}\n", "signatures", inventory.signatures.size());
    if (inventory.scan) text += fmt::format("{:<12}{}\n", "scan", inventory.scan->verdict);
    for (const std::string& warning : inventory.card.warnings)
        text += fmt::format("{:<12}{}\n", "warning", cli::printable(warning));
    return text + fmt::format("{:<12}{} (CycloneDX {})\n", "written", cli::printable(invocation.text("out")),
                              invocation.text("spec-version"));
}

}  // namespace

Result<int> bom(const cli::Invocation& invocation) {
    const std::string model = invocation.positional(0);
    const provenance::TreeRules rules = BARTIZAN_TRY(rules_of(invocation, model));
    if (invocation.has("out")) BARTIZAN_TRY(cli::check_writable_file(invocation.text("out")));

    const Work work(invocation);
    auto inventory = BARTIZAN_TRY(provenance::take_inventory(model, rules, work.context()));
    if (invocation.flag("scan")) inventory.scan = BARTIZAN_TRY(scanned(model, work.context()));
    const std::string version = invocation.text("spec-version");
    const std::string document = to_text(
        provenance::cyclonedx(inventory, {.spec_version = version, .now = document_time(), .tool_version = kVersion}));
    if (!invocation.has("out")) {
        BARTIZAN_TRY(cli::print(document));
        return 0;
    }
    BARTIZAN_TRY(write_file_atomically(invocation.text("out"), std::string_view(document)));
    BARTIZAN_TRY(cli::print(invocation, summary_json(invocation, inventory), summary_text(invocation, inventory)));
    return 0;
}

}  // namespace bartizan::program
