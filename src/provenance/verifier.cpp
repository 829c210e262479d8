#include "provenance/verifier.h"

#include "provenance/names.h"

namespace bartizan::provenance {
namespace {

std::string count(std::size_t number, const char* what, const std::string& first) {
    return std::to_string(number) + " " + what + " ('" + first + "'" + (number > 1 ? ", ..." : "") + ")";
}

std::string in_words(const Differences& differences) {
    std::string text;
    const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
    if (!differences.changed.empty()) add(count(differences.changed.size(), "changed", differences.changed[0].name));
    if (!differences.missing.empty()) add(count(differences.missing.size(), "missing", differences.missing[0]));
    if (!differences.added.empty()) add(count(differences.added.size(), "added", differences.added[0]));
    if (!differences.unreadable.empty())
        add(count(differences.unreadable.size(), "unreadable",
                  differences.unreadable[0].name + "': '" + differences.unreadable[0].why));
    return "the files are not those that were signed: " + text;
}

}  // namespace

Result<Verdict> verify_model(const std::filesystem::path& path, const Bundle& bundle, const Trust& trust,
                             const VerifyOptions& options, const RunContext& context) {
    Verdict verdict;
    auto signer = check_signature(bundle, trust);
    if (!signer.ok()) {
        // A file of another tool or version is better told by what it is than by a signature that does not fit.
        const auto claimed = parse_statement(bundle.payload);
        verdict.reason = signer.error().line() + (claimed.ok() ? "" : "; beside that, " + claimed.error().line());
        return verdict;
    }
    verdict.signer = std::move(*signer);
    auto statement = parse_statement(bundle.payload);
    if (!statement.ok()) {
        verdict.reason = statement.error().line();
        return verdict;
    }
    verdict.differences = BARTIZAN_TRY(compare(*statement, path, options, context));
    verdict.verified = verdict.differences.none();
    verdict.reason = verdict.verified ? "every file is as it was signed" : in_words(verdict.differences);
    verdict.statement = std::move(*statement);
    return verdict;
}

}  // namespace bartizan::provenance
