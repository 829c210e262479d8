/// `bartizan data verify DATA --key P`: is this the data set that was sealed?
#include <array>

#include <fmt/format.h>

#include "apps/cli/data_options.h"
#include "apps/cli/light_commands.h"
#include "apps/cli/signing_options.h"
#include "cli/output.h"
#include "core/file.h"
#include "lineage/croissant.h"
#include "report/json.h"

namespace bartizan::program {
namespace {

using lineage::Change;

Json as_json(const cli::Invocation& invocation, const lineage::VerifyRequest& request, const lineage::Verdict& verdict,
             const Differences& differences) {
    Json json = cli::document(invocation);
    json["verified"] = verdict.verified;
    json["reason"] = verdict.reason;
    json["path"] = request.data_set.string();
    json["manifest"] = request.manifest.string();
    json["seal"] = request.seal.string();
    json["signer"] = verdict.signer ? Json(verdict.signer->name) : Json();
    json["sealed"] = verdict.statement ? json_of(*verdict.statement) : Json();
    json["counts"] = {{"same", verdict.same},   {"changed", verdict.changed},       {"missing", verdict.missing},
                      {"added", verdict.added}, {"unreadable", verdict.unreadable}, {"not_read_again", verdict.reused}};
    for (const Change change : {Change::changed, Change::missing, Change::added, Change::unreadable}) {
        Json list = Json::array();
        for (const lineage::Difference& difference : differences.listed) {
            if (difference.change != change) continue;
            Json entry = json_of(difference);
            entry.erase("change");
            list.push_back(std::move(entry));
        }
        json[std::string(lineage::to_string(change))] = std::move(list);
    }
    json["all_listed"] = differences.all;
    json["findings"] = Json::array();
    for (const Finding& finding : lineage::findings_of(request.data_set.string(), verdict, differences.listed))
        json["findings"].push_back(report::finding_json(finding));
    return json;
}

std::string as_text(const lineage::VerifyRequest& request, const lineage::Verdict& verdict,
                    const Differences& differences) {
    std::string text = fmt::format("{:<11}{}: {}\n", verdict.verified ? "verified" : "NOT VALID",
                                   cli::printable(request.data_set.string()), cli::printable(verdict.reason));
    if (const auto& statement = verdict.statement) {
        text += fmt::format("{:<11}version {} of {}, by {}\n", "sealed", statement->version,
                            cli::printable(statement->sealed_at), cli::printable(verdict.signer->name));
        for (const lineage::Parent& parent : statement->derived_from)
            text += fmt::format("{:<11}{} {}\n", "from", cli::printable(parent.name), parent.root);
    }
    std::array<std::size_t, 5> shown{};
    for (const lineage::Difference& difference : differences.listed) {
        if (++shown[static_cast<std::size_t>(difference.change)] > kMostShownItems) continue;
        text += fmt::format("{:<11}{}{}\n", lineage::to_string(difference.change), cli::printable(difference.id),
                            difference.what.empty() ? "" : " (" + cli::printable(difference.what) + ")");
    }
    for (std::size_t i = 0; i < shown.size(); ++i)
        if (shown[i] > kMostShownItems)
            text += fmt::format("{:<11}and {} more\n", lineage::to_string(static_cast<Change>(i)),
                                shown[i] - kMostShownItems);
    return text;
}

}  // namespace

Result<int> data_verify(const cli::Invocation& invocation) {
    lineage::VerifyRequest request;
    request.data_set = invocation.positional(0);
    const SealPlace place = seal_place(invocation, request.data_set);
    request.manifest = place.manifest;
    request.seal = place.seal;
    request.trust = BARTIZAN_TRY(sealer_of(invocation));
    request.times = invocation.flag("trust-times") ? lineage::Times::trust : lineage::Times::ignore;
    if (invocation.has("out")) BARTIZAN_TRY(cli::check_writable_file(invocation.text("out")));

    auto changes = BARTIZAN_TRY(ChangesFile::open(invocation));
    Differences differences;
    const Work work(invocation);
    const auto verdict =
        BARTIZAN_TRY(lineage::verify(request, work.context(), [&](const lineage::Difference& difference) {
            differences.add(difference);
            return changes.add(json_of(difference));
        }));
    BARTIZAN_TRY(changes.close());
    const Json json = as_json(invocation, request, verdict, differences);
    if (invocation.has("out")) BARTIZAN_TRY(write_file_atomically(invocation.text("out"), to_text(json)));
    BARTIZAN_TRY(cli::print(invocation, json, as_text(request, verdict, differences)));
    return verdict.verified ? 0 : 1;
}

Result<int> data_export(const cli::Invocation& invocation) {
    const std::string data_set = invocation.positional(0);
    const std::string out = invocation.text("out");
    const SealPlace place = seal_place(invocation, data_set);
    const provenance::Trust trust = BARTIZAN_TRY(sealer_of(invocation));
    BARTIZAN_TRY(cli::check_writable_file(out));
    const auto sealed = BARTIZAN_TRY(lineage::open_sealed(place.manifest, place.seal, trust));
    std::vector<std::string> missing;
    BARTIZAN_TRY(write_pieces_atomically(out, [&](const AppendBytes& append) -> Result<void> {
        missing = BARTIZAN_TRY(lineage::write_croissant(sealed.statement, place.manifest, sealed.in_order, append));
        return {};
    }));
    Json json = cli::document(invocation);
    json["path"] = data_set;
    json["out"] = out;
    json["sealed"] = json_of(sealed.statement);
    json["missing"] = missing;
    std::string text = fmt::format("exported   {} ({} items) to {}\n", cli::printable(data_set), sealed.statement.items,
                                   cli::printable(out));
    if (!missing.empty())
        text += fmt::format("missing    {}: Croissant requires them; seal with --croissant F.json that has them\n",
                            fmt::join(missing, ", "));
    BARTIZAN_TRY(cli::print(invocation, json, text));
    return 0;
}

}  // namespace bartizan::program
