/// `bartizan ledger verify --pack`: an evidence pack, checked offline.
#include "apps/cli/ledger_pack.h"

#include <fmt/format.h>

#include "cli/output.h"
#include "core/file.h"
#include "pack/check.h"

namespace bartizan::program {
namespace {

constexpr std::size_t kMostShown = 20;

std::string as_text(const std::string& path, const pack::Checked& checked, const std::string& signer, bool given) {
    std::string text = fmt::format("{:<11}{}: {} files, {} pieces of evidence, {} proofs hold\n",
                                   checked.verified ? "verified" : "NOT VALID", cli::printable(path), checked.files,
                                   checked.evidence, checked.proofs);
    if (!checked.index.asset.empty())
        text += fmt::format("{:<11}{}, packed {} by {}; entry {} of the ledger\n", "about",
                            cli::printable(checked.index.asset), cli::printable(checked.index.made),
                            cli::printable(checked.index.made_by), checked.entry);
    text += fmt::format("{:<11}{}{}\n", "signer", cli::printable(signer),
                        given ? "" : " (the key that lies in the pack: --key names yours)");
    for (std::size_t i = 0; i < checked.issues.size() && i < kMostShown; ++i)
        text += fmt::format("{:<11}{}\n", checked.issues[i].kind, cli::printable(checked.issues[i].text));
    if (checked.issues.size() > kMostShown)
        text += fmt::format("{:<11}{} more\n", "and", checked.issues.size() - kMostShown);
    return text;
}

}  // namespace

Result<int> verify_pack(const cli::Invocation& invocation, const VerifierFor& verifier_for) {
    const std::string path = invocation.text("pack");
    const auto file = BARTIZAN_TRY_WITHIN(MappedFile::open(path), "--pack");
    const bool given = invocation.has("key");
    const auto verifier = given ? BARTIZAN_TRY(verifier_for(pack::head_of(file->bytes()).value_or("")))
                                : BARTIZAN_TRY(pack::own_key(file->bytes()).within("--pack '" + path + "'"));
    const pack::Checked checked = BARTIZAN_TRY_WITHIN(pack::check(file->bytes(), verifier), "--pack '" + path + "'");
    Json json = cli::document(invocation);
    json["action"] = "verify";
    json["pack"] = path;
    json["verified"] = checked.verified;
    json["asset"] = checked.index.asset;
    json["made"] = checked.index.made;
    json["made_by"] = checked.index.made_by;
    json["entry"] = checked.entry;
    json["files"] = checked.files;
    json["evidence"] = checked.evidence;
    json["proofs"] = checked.proofs;
    json["origin"] = checked.checkpoint.origin;
    json["signer"] = verifier.text();
    json["signer_given"] = given;
    json["issues"] = Json::array();
    for (const pack::Issue& issue : checked.issues)
        json["issues"].push_back({{"kind", issue.kind}, {"file", issue.file}, {"text", issue.text}});
    if (invocation.has("out")) BARTIZAN_TRY(write_file_atomically(invocation.text("out"), to_text(json)));
    BARTIZAN_TRY(cli::print(invocation, json, as_text(path, checked, verifier.text(), given)));
    return checked.verified ? 0 : 1;
}

}  // namespace bartizan::program
