/// `bartizan verify PATH --key P`: is this the model that was signed?
#include <filesystem>

#include <fmt/format.h>

#include "apps/cli/light_commands.h"
#include "apps/cli/signing_options.h"
#include "cli/output.h"
#include "core/file.h"
#include "provenance/attestation.h"
#include "provenance/verifier.h"

namespace bartizan::program {
namespace {

constexpr std::uint64_t kLongestKeyFile = 64 * 1024;
/// So many names of each kind are shown as text; JSON has them all.
constexpr std::size_t kMostShown = 20;

/// As given; else model.sig in the working folder, as `sign` writes it; else in the model's own folder.
std::string signature_path(const cli::Invocation& invocation) {
    if (invocation.has("signature")) return invocation.text("signature");
    std::error_code ignored;
    const std::filesystem::path inside = std::filesystem::path(invocation.positional(0)) / "model.sig";
    const bool here = std::filesystem::exists("model.sig", ignored);
    return !here && std::filesystem::exists(inside, ignored) ? inside.string() : "model.sig";
}

Result<provenance::Trust> trust_of(const cli::Invocation& invocation) {
    provenance::Trust trust;
    if (!invocation.has("key") && !invocation.has("root"))
        return invalid_input("--key or --root is missing",
                             "give the signer's public key, or the certificate of an issuer that you trust");
    if (invocation.has("key")) {
        const std::string path = invocation.text("key");
        const std::string pem = BARTIZAN_TRY_WITHIN(read_file(path, kLongestKeyFile), "--key");
        trust.key = BARTIZAN_TRY_WITHIN(crypto::PublicKey::from_pem(pem), "--key '" + path + "'");
    }
    trust.anchors = BARTIZAN_TRY(certificates_of(invocation, "root"));
    trust.between = BARTIZAN_TRY(certificates_of(invocation, "chain"));
    trust.now = std::time(nullptr);
    return trust;
}

Result<provenance::VerifyOptions> options_of(const cli::Invocation& invocation, const std::string& model,
                                             const std::string& signature) {
    provenance::VerifyOptions options;
    options.ignored = BARTIZAN_TRY(ignored_of(invocation, model));
    options.allow_unsigned_files = invocation.flag("ignore-unsigned");
    std::vector<std::string> beside = {signature};
    if (invocation.has("attestation")) beside.push_back(invocation.text("attestation"));
    for (const std::string& file : beside)
        if (const auto own = provenance::name_below(model, std::filesystem::absolute(file)); own.ok())
            options.ignored.push_back(*own);
    return options;
}

Json json_of(const provenance::Differences& differences, Json json) {
    json["changed"] = Json::array();
    for (const auto& file : differences.changed)
        json["changed"].push_back({{"name", file.name}, {"expected", file.expected}, {"found", file.found}});
    json["missing"] = differences.missing;
    json["added"] = differences.added;
    json["unreadable"] = Json::array();
    for (const auto& file : differences.unreadable)
        json["unreadable"].push_back({{"name", file.name}, {"reason", file.why}});
    return json;
}

std::vector<std::string> warnings_of(const provenance::Verdict& verdict) {
    std::vector<std::string> warnings;
    if (verdict.signer) warnings = verdict.signer->warnings;
    if (verdict.statement)
        warnings.insert(warnings.end(), verdict.statement->warnings.begin(), verdict.statement->warnings.end());
    return warnings;
}

Json as_json(const cli::Invocation& invocation, const std::string& signature, const provenance::Verdict& verdict) {
    Json json = cli::document(invocation);
    json["verified"] = verdict.verified;
    json["reason"] = verdict.reason;
    json["path"] = invocation.positional(0);
    json["signature"] = signature;
    json["method"] = verdict.signer ? Json(to_string(verdict.signer->method)) : Json();
    json["signer"] = verdict.signer ? Json(verdict.signer->name) : Json();
    json["subject"] = verdict.statement ? Json(verdict.statement->subject) : Json();
    json["root"] = verdict.statement ? Json(root_of(verdict.statement->resources)) : Json();
    json["files"] = verdict.statement ? Json(verdict.statement->resources.size()) : Json();
    json["bytes"] = verdict.differences.bytes;
    json = json_of(verdict.differences, std::move(json));
    json["warnings"] = warnings_of(verdict);
    return json;
}

template <class List, class Line>
void append(std::string& text, const char* what, const List& list, Line line) {
    for (std::size_t i = 0; i < list.size() && i < kMostShown; ++i)
        text += fmt::format("{:<11}{}\n", what, cli::printable(line(list[i])));
    if (list.size() > kMostShown) text += fmt::format("{:<11}and {} more\n", what, list.size() - kMostShown);
}

std::string as_text(const std::string& path, const provenance::Verdict& verdict) {
    std::string text = fmt::format("{:<11}{}: {}\n", verdict.verified ? "verified" : "NOT VALID", cli::printable(path),
                                   cli::printable(verdict.reason));
    if (verdict.signer)
        text += fmt::format("{:<11}{} {}\n", "signer", to_string(verdict.signer->method),
                            cli::printable(verdict.signer->name));
    const auto& differences = verdict.differences;
    append(text, "changed", differences.changed, [](const auto& file) { return file.name; });
    append(text, "missing", differences.missing, [](const auto& name) { return name; });
    append(text, "added", differences.added, [](const auto& name) { return name; });
    append(text, "unreadable", differences.unreadable, [](const auto& file) { return file.name + ": " + file.why; });
    append(text, "warning", warnings_of(verdict), [](const auto& warning) { return warning; });
    return text;
}

/// The signed verdict of a scan: by somebody whom the caller trusts, and of the very files that were verified.
Result<void> check_attestation(const std::string& path, const provenance::Trust& trust, provenance::Verdict& verdict,
                               Json& json, std::string& text) {
    const std::string content = BARTIZAN_TRY_WITHIN(read_file(path, provenance::kLargestBundle), "--attestation");
    const auto bundle = BARTIZAN_TRY_WITHIN(provenance::parse_bundle(content), "attestation '" + path + "'");
    const auto signer = provenance::check_signature(bundle, trust);
    const auto attestation = provenance::parse_attestation(bundle.payload);
    std::string why;
    if (!signer.ok())
        why = signer.error().line();
    else if (!attestation.ok())
        why = attestation.error().line();
    else if (verdict.statement && attestation->root != provenance::root_of(verdict.statement->resources))
        why = "it is about other files";
    if (!why.empty()) {
        verdict.verified = false;
        verdict.reason = "the attestation does not hold: " + why;
    } else {
        json["attestation"] = {
            {"verifier", attestation->verifier}, {"time", attestation->time}, {"properties", attestation->properties}};
        text = fmt::format("{:<11}{} at {}: {}\n", "attested", cli::printable(attestation->verifier),
                           cli::printable(attestation->time),
                           cli::printable(fmt::format("{}", fmt::join(attestation->properties, ", "))));
    }
    return {};
}

}  // namespace

Result<int> verify(const cli::Invocation& invocation) {
    const std::string model = invocation.positional(0);
    const std::string signature = signature_path(invocation);
    const provenance::Trust trust = BARTIZAN_TRY(trust_of(invocation));
    const provenance::VerifyOptions options = BARTIZAN_TRY(options_of(invocation, model, signature));
    const std::string text = BARTIZAN_TRY_WITHIN(read_file(signature, provenance::kLargestBundle), "signature");
    const auto bundle = BARTIZAN_TRY_WITHIN(provenance::parse_bundle(text), "signature '" + signature + "'");

    const Work work(invocation);
    auto verdict = BARTIZAN_TRY(provenance::verify_model(model, bundle, trust, options, work.context()));
    Json attested = Json::object();
    std::string attested_text;
    if (invocation.has("attestation"))
        BARTIZAN_TRY(check_attestation(invocation.text("attestation"), trust, verdict, attested, attested_text));
    Json json = as_json(invocation, signature, verdict);
    json.update(attested);
    if (invocation.has("out")) BARTIZAN_TRY(write_file_atomically(invocation.text("out"), to_text(json)));
    BARTIZAN_TRY(cli::print(invocation, json, as_text(model, verdict) + attested_text));
    return verdict.verified ? 0 : 1;
}

}  // namespace bartizan::program
