/// `bartizan data seal DATA --key K`: the signed manifest of a data set.
#include <algorithm>

#include <fmt/format.h>

#include "apps/cli/data_options.h"
#include "apps/cli/light_commands.h"
#include "apps/cli/signing_options.h"
#include "cli/output.h"
#include "core/file.h"
#include "core/time_text.h"
#include "lineage/croissant.h"
#include "lineage/seal.h"
#include "provenance/file_tree.h"

namespace bartizan::program {
namespace {

/// The git files, what the user leaves out, and the manifest and its seal when they lie in the folder.
Result<std::vector<std::string>> names_left_out(const cli::Invocation& invocation,
                                                const lineage::SealRequest& request) {
    std::vector<std::string> names = provenance::default_ignored();
    for (const std::string& path : invocation.list("ignore"))
        names.push_back(BARTIZAN_TRY_WITHIN(provenance::name_below(request.data_set, path), "--ignore"));
    for (const auto& own : {request.manifest, request.seal})
        if (const auto name = provenance::name_below(request.data_set, std::filesystem::absolute(own)); name.ok())
            names.push_back(*name);
    std::ranges::sort(names);
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

Result<lineage::Reading> reading_of(const cli::Invocation& invocation, const lineage::SealRequest& request) {
    lineage::Reading reading;
    reading.unit = BARTIZAN_TRY(lineage::unit_of(request.data_set));
    reading.id_column = invocation.text("id");
    reading.label_column = invocation.text("label");
    const bool columns = !reading.id_column.empty() || !reading.label_column.empty();
    if (columns && reading.unit != lineage::Unit::table && reading.unit != lineage::Unit::lines)
        return invalid_input(fmt::format("--id and --label name columns: '{}' has none", request.data_set.string()),
                             "they go with .csv and .jsonl files");
    reading.folder_labels = !invocation.flag("no-labels");
    if (reading.unit == lineage::Unit::files) reading.ignored = BARTIZAN_TRY(names_left_out(invocation, request));
    return reading;
}

lineage::Origin origin_of(const cli::Invocation& invocation) {
    return {.source = invocation.text("source"),
            .licence = invocation.text("licence"),
            .collected_at = invocation.text("collected-at"),
            .collected_by = invocation.text("collected-by"),
            .tags = invocation.list("tag"),
            .transformations = invocation.list("transformation")};
}

/// A sealed data set by its root; what is not there, by the name that the user gave.
Result<lineage::Parent> parent_of(const std::string& word, std::vector<std::string>& warnings) {
    BARTIZAN_TRY(lineage::check_text(word, "--derived-from"));
    std::error_code ignored;
    lineage::Parent parent{.name = word};
    if (!std::filesystem::exists(word, ignored)) return parent;
    parent.name = std::filesystem::weakly_canonical(word, ignored).filename().string();
    const auto seal = lineage::default_seal(lineage::default_manifest(word));
    if (!std::filesystem::exists(seal, ignored)) {
        warnings.push_back("'" + word + "' is not sealed: only its name is recorded");
        return parent;
    }
    const auto statement = BARTIZAN_TRY_WITHIN(lineage::read_unchecked_seal(seal), "--derived-from");
    parent.root = statement.root;
    parent.items = statement.items;
    return parent;
}

Result<void> describe(const cli::Invocation& invocation, lineage::SealRequest& request,
                      std::vector<std::string>& warnings) {
    if (!invocation.has("croissant")) return {};
    const std::string path = invocation.text("croissant");
    const std::string text = BARTIZAN_TRY_WITHIN(read_file(path, lineage::kLargestCroissant), "--croissant");
    auto croissant = BARTIZAN_TRY_WITHIN(lineage::parse_croissant(text), "--croissant '" + path + "'");
    if (request.origin.licence.empty()) request.origin.licence = croissant.card.licence;
    if (request.origin.source.empty() && croissant.files.empty()) request.origin.source = croissant.card.url;
    request.card = std::move(croissant.card);
    if (request.reading.unit == lineage::Unit::files)
        request.described = std::move(croissant.files);
    else if (!croissant.files.empty())
        warnings.emplace_back("the items are rows: the digests of files in the description were not checked");
    return {};
}

Json as_json(const cli::Invocation& invocation, const lineage::SealRequest& request, const lineage::Sealed& sealed,
             const std::string& signer, const std::vector<std::string>& warnings) {
    Json json = cli::document(invocation);
    json["path"] = request.data_set.string();
    json["manifest"] = request.manifest.string();
    json["seal"] = request.seal.string();
    json["signer"] = signer;
    json.update(json_of(sealed.statement));
    json["added"] = sealed.added;
    json["changed"] = sealed.changed;
    json["removed"] = sealed.removed;
    json["same"] = sealed.same;
    json["not_read_again"] = sealed.reused;
    json["warnings"] = warnings;
    return json;
}

std::string as_text(const lineage::SealRequest& request, const lineage::Sealed& sealed, const std::string& signer,
                    const std::vector<std::string>& warnings) {
    const lineage::SealStatement& statement = sealed.statement;
    std::string text =
        fmt::format("sealed     {}: version {}, {} items, {} bytes\n", cli::printable(request.data_set.string()),
                    statement.version, statement.items, statement.bytes);
    if (statement.previous)
        text += fmt::format("since      version {}: {} added, {} changed, {} removed, {} as they were\n",
                            statement.previous->version, sealed.added, sealed.changed, sealed.removed, sealed.same);
    for (const lineage::Parent& parent : statement.derived_from)
        text += fmt::format("from       {} {}\n", cli::printable(parent.name), parent.root);
    text += fmt::format("root       {}\nsigner     {}\nmanifest   {}\nseal       {}\n", statement.root, signer,
                        cli::printable(request.manifest.string()), cli::printable(request.seal.string()));
    for (const std::string& warning : warnings) text += fmt::format("warning    {}\n", cli::printable(warning));
    return text;
}

}  // namespace

Result<int> data_seal(const cli::Invocation& invocation) {
    const crypto::Passphrase passphrase = BARTIZAN_TRY(passphrase_of(invocation));
    const crypto::PrivateKey key = BARTIZAN_TRY(crypto::PrivateKey::open(invocation.text("key"), passphrase));
    std::vector<std::string> warnings;
    lineage::SealRequest request;
    request.data_set = invocation.positional(0);
    request.manifest =
        invocation.has("out") ? invocation.text("out") : lineage::default_manifest(request.data_set).string();
    request.seal = lineage::default_seal(request.manifest);
    request.reading = BARTIZAN_TRY(reading_of(invocation, request));
    request.origin = origin_of(invocation);
    for (const std::string& word : invocation.list("derived-from"))
        request.derived_from.push_back(BARTIZAN_TRY(parent_of(word, warnings)));
    request.times = invocation.flag("trust-times") ? lineage::Times::trust : lineage::Times::ignore;
    request.fresh = invocation.flag("fresh");
    request.sealed_at = utc_text(document_time());
    BARTIZAN_TRY(describe(invocation, request, warnings));
    BARTIZAN_TRY(cli::check_writable_file(request.manifest));
    BARTIZAN_TRY(cli::check_writable_file(request.seal));

    const Work work(invocation);
    const auto sealed = BARTIZAN_TRY(lineage::seal(request, key, work.context()));
    warnings.insert(warnings.end(), sealed.warnings.begin(), sealed.warnings.end());
    const std::string signer = provenance::key_hint(key.public_key());
    BARTIZAN_TRY(cli::print(invocation, as_json(invocation, request, sealed, signer, warnings),
                            as_text(request, sealed, signer, warnings)));
    return 0;
}

}  // namespace bartizan::program
