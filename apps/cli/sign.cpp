/// `bartizan sign PATH --key K`: an OpenSSF Model Signing bundle.
#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "apps/cli/light_commands.h"
#include "apps/cli/signing_options.h"
#include "bartizan/version.h"
#include "cli/output.h"
#include "core/file.h"
#include "core/time_text.h"
#include "provenance/attestation.h"
#include "provenance/bundle.h"
#include "provenance/signer.h"
#include "scan/scan.h"

namespace bartizan::program {
namespace {

std::string attestation_path(const cli::Invocation& invocation) {
    return invocation.text("attestation", invocation.text("out") + ".scan");
}

/// The git files, what the user leaves out, and the signature file itself when it lies in the model's folder.
Result<std::vector<std::string>> names_left_out(const cli::Invocation& invocation, const std::string& model) {
    std::vector<std::string> names = BARTIZAN_TRY(ignored_of(invocation, model));
    for (const std::string& name : names)
        if (name.find_first_of("*?[") != std::string::npos)  // OMS v1.0, section 6.2.1
            return invalid_input("--ignore '" + name + "': a signature can leave out names, not patterns",
                                 "name the file or folder, once for each");
    const auto defaults = provenance::default_ignored();
    names.insert(names.end(), defaults.begin(), defaults.end());
    std::vector<std::string> written = {invocation.text("out")};
    if (invocation.flag("scan")) written.push_back(attestation_path(invocation));
    for (const std::string& file : written)
        if (const auto own = provenance::name_below(model, std::filesystem::absolute(file)); own.ok())
            names.push_back(*own);
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

/// Reads every file once, for its verdict and for its digest.
Result<scan::ScanResult> scan_first(const std::string& model, provenance::SignOptions& options,
                                    const RunContext& context) {
    const std::filesystem::path target = model;
    scan::ScanResult result = BARTIZAN_TRY(scan::scan({&target, 1}, {.hashes = true, .sandbox = true}, context));
    for (const scan::FileResult& file : result.files) {
        if (file.verdict >= scan::Verdict::incomplete)
            return Error(Errc::denied,
                         fmt::format("'{}' is {}: nothing was signed", file.path, scan::to_string(file.verdict)),
                         "see what it holds with `bartizan scan " + file.path + "`");
        options.digests[std::filesystem::path(file.path).lexically_normal()] = file.sha256;
    }
    return result;
}

provenance::Attestation attestation_of(const scan::ScanResult& result, const provenance::Statement& statement) {
    provenance::Attestation out{.subject = statement.subject,
                                .root = statement.root,
                                .verifier = fmt::format("urn:bartizan:scan:{}", kVersion),
                                .time = utc_text(document_time())};
    out.properties = {std::string(provenance::kScanned), std::string(provenance::kNotMalicious)};
    if (result.complete) out.properties.emplace_back(provenance::kScanComplete);
    if (result.verdict == scan::Verdict::clean) out.properties.emplace_back(provenance::kProvenClean);
    return out;
}

}  // namespace

Result<int> sign(const cli::Invocation& invocation) {
    const std::string model = invocation.positional(0);
    const std::string out = invocation.text("out");
    const crypto::Passphrase passphrase = BARTIZAN_TRY(passphrase_of(invocation));
    const crypto::PrivateKey key = BARTIZAN_TRY(crypto::PrivateKey::open(invocation.text("key"), passphrase));
    provenance::SignOptions options = BARTIZAN_TRY(options_of(invocation, model));
    if (invocation.has("attestation") && !invocation.flag("scan"))
        return invalid_input("--attestation goes with --scan", "give both");
    const std::string verdict_file = attestation_path(invocation);
    BARTIZAN_TRY(cli::check_writable_file(out));

    const Work work(invocation);
    std::optional<scan::ScanResult> scanned;
    if (invocation.flag("scan")) scanned = BARTIZAN_TRY(scan_first(model, options, work.context()));
    const auto made = BARTIZAN_TRY(provenance::sign_model(model, key, options, work.context()));
    if (scanned) {
        const std::string payload = provenance::write_attestation(attestation_of(*scanned, made.statement));
        const std::string bundle = BARTIZAN_TRY(provenance::sign_statement(payload, key, options));
        BARTIZAN_TRY(write_file_atomically(verdict_file, std::string_view(bundle)));
    }
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
    if (scanned) {
        json["verdict"] = scan::to_string(scanned->verdict);
        json["attestation"] = verdict_file;
    }
    std::string text = fmt::format("signed     {} ({} file{}, {} bytes)\nroot       {}\nsigner     {}\nsignature  {}\n",
                                   cli::printable(model), made.statement.resources.size(),
                                   made.statement.resources.size() == 1 ? "" : "s", made.bytes, made.statement.root,
                                   cli::printable(signer), cli::printable(out));
    if (scanned)
        text += fmt::format("scanned    {}\nattested   {}\n", scan::to_string(scanned->verdict),
                            cli::printable(verdict_file));
    for (const std::string& warning : made.warnings) text += fmt::format("warning    {}\n", cli::printable(warning));
    BARTIZAN_TRY(cli::print(invocation, json, text));
    return 0;
}

}  // namespace bartizan::program
