/// `bartizan sign PATH --key K`: an OpenSSF Model Signing bundle.
#include <algorithm>

#include <fmt/format.h>

#include "apps/cli/light_commands.h"
#include "apps/cli/signing_options.h"
#include "cli/output.h"
#include "core/file.h"
#include "provenance/bundle.h"
#include "provenance/signer.h"

namespace bartizan::program {
namespace {

/// The git files, what the user leaves out, and the signature file itself when it lies in the model's folder.
Result<std::vector<std::string>> names_left_out(const cli::Invocation& invocation, const std::string& model) {
    std::vector<std::string> names = BARTIZAN_TRY(ignored_of(invocation, model));
    for (const std::string& name : names)
        if (name.find_first_of("*?[") != std::string::npos)  // OMS v1.0, section 6.2.1
            return invalid_input("--ignore '" + name + "': a signature can leave out names, not patterns",
                                 "name the file or folder, once for each");
    const auto defaults = provenance::default_ignored();
    names.insert(names.end(), defaults.begin(), defaults.end());
    const auto own = provenance::name_below(model, std::filesystem::absolute(invocation.text("out")));
    if (own.ok()) names.push_back(*own);
    std::ranges::sort(names);
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

Result<std::vector<crypto::Certificate>> chain_of(const cli::Invocation& invocation) {
    if (!invocation.has("certificate")) {
        if (invocation.has("chain")) return invalid_input("--chain goes with --certificate", "give both, or neither");
        return std::vector<crypto::Certificate>();
    }
    auto chain =
        BARTIZAN_TRY_WITHIN(crypto::Certificate::list_from_file(invocation.text("certificate")), "--certificate");
    const auto above = BARTIZAN_TRY(certificates_of(invocation, "chain"));
    chain.insert(chain.end(), above.begin(), above.end());
    if (chain.size() > crypto::kMostCertificates)
        return invalid_input(fmt::format("{} certificates, at most {} fit", chain.size(), crypto::kMostCertificates));
    return chain;
}

Result<provenance::SignOptions> options_of(const cli::Invocation& invocation, const std::string& model) {
    provenance::SignOptions options;
    options.ignored = BARTIZAN_TRY(names_left_out(invocation, model));
    options.chain = BARTIZAN_TRY(chain_of(invocation));
    if (invocation.flag("follow-links")) options.links = provenance::Links::follow_to_files;
    options.now = std::time(nullptr);
    return options;
}

}  // namespace

Result<int> sign(const cli::Invocation& invocation) {
    const std::string model = invocation.positional(0);
    const std::string out = invocation.text("out");
    const crypto::Passphrase passphrase = BARTIZAN_TRY(passphrase_of(invocation));
    const crypto::PrivateKey key = BARTIZAN_TRY(crypto::PrivateKey::open(invocation.text("key"), passphrase));
    const provenance::SignOptions options = BARTIZAN_TRY(options_of(invocation, model));
    BARTIZAN_TRY(cli::check_writable_file(out));

    const Work work(invocation);
    const auto made = BARTIZAN_TRY(provenance::sign_model(model, key, options, work.context()));
    BARTIZAN_TRY(write_file_atomically(out, std::string_view(made.bundle)));

    const std::string signer =
        options.chain.empty() ? provenance::key_hint(key.public_key()) : options.chain.front().subject();
    Json json = cli::document(invocation);
    json["path"] = model;
    json["signature"] = out;
    json["method"] = options.chain.empty() ? "key" : "certificate";
    json["signer"] = signer;
    json["root"] = made.statement.root;
    json["files"] = made.statement.resources.size();
    json["bytes"] = made.bytes;
    json["ignored"] = made.statement.ignore_paths;
    json["warnings"] = made.warnings;
    std::string text = fmt::format("signed     {} ({} file{}, {} bytes)\nroot       {}\nsigner     {}\nsignature  {}\n",
                                   cli::printable(model), made.statement.resources.size(),
                                   made.statement.resources.size() == 1 ? "" : "s", made.bytes, made.statement.root,
                                   cli::printable(signer), cli::printable(out));
    for (const std::string& warning : made.warnings) text += fmt::format("warning    {}\n", cli::printable(warning));
    BARTIZAN_TRY(cli::print(invocation, json, text));
    return 0;
}

}  // namespace bartizan::program
