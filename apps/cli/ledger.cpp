/// `bartizan ledger verify|show|prove|export`: checks an audit log offline, in use or a copy of it, and what was
/// proved out of it.
#include <charconv>
#include <deque>

#include <fmt/format.h>

#include "apps/cli/ledger_pack.h"
#include "apps/cli/light_commands.h"
#include "cli/output.h"
#include "core/file.h"
#include "crypto/base64.h"
#include "ledger/entry.h"
#include "ledger/proof.h"
#include "ledger/verify.h"

namespace bartizan::program {
namespace {

constexpr std::uint64_t kLongestKeyFile = 64 * 1024;
constexpr std::size_t kMostShown = 20;

struct Words {
    std::string folder;
    std::optional<std::uint64_t> number;
};

Result<Words> words_of(const cli::Invocation& invocation) {
    Words words{invocation.text("export"), {}};
    std::string number = invocation.positional(1);
    if (words.folder.empty()) {
        words.folder = invocation.positional(1);
        number = invocation.positional(2);
    }
    if (words.folder.empty() && !invocation.has("proof") && !invocation.has("pack"))
        return invalid_input("FOLDER is missing", "name the folder of a ledger, or of a copy with --export");
    if (number.empty()) return words;
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (error != std::errc{} || end != number.data() + number.size())
        return invalid_input("'" + cli::printable(number) + "' is not the number of an entry", "entries count from 0");
    words.number = value;
    return words;
}

/// The log's key: a "name+id+key" line or a PEM public key of the log that signed `head`; else the copy's own.
Result<ledger::Verifier> verifier_of(const cli::Invocation& invocation, const std::string& head,
                                     const ledger::Copy* copy) {
    if (!invocation.has("key")) {
        if (copy == nullptr) return invalid_input("--key is missing", "give the public key of the log");
        return copy->own_key();
    }
    const std::string path = invocation.text("key");
    const std::string text = BARTIZAN_TRY_WITHIN(read_file(path, kLongestKeyFile), "--key");
    if (text.find("-----BEGIN") == std::string::npos)
        return ledger::Verifier::from_text(text).within("--key '" + path + "'");
    auto key = BARTIZAN_TRY_WITHIN(crypto::PublicKey::from_pem(text), "--key '" + path + "'");
    const auto origin = ledger::parse_checkpoint(head);
    return ledger::Verifier::make(origin.ok() ? origin->origin : "unknown", std::move(key));
}

/// The head that the caller kept: --since.
Result<ledger::Checkpoint> older_of(const cli::Invocation& invocation, const ledger::Verifier& verifier) {
    const std::string path = invocation.text("since");
    const std::string note = BARTIZAN_TRY_WITHIN(read_file(path, ledger::kLongestNote), "--since");
    return ledger::open_checkpoint(note, verifier).within("--since '" + path + "'");
}

Json begin(const cli::Invocation& invocation, const std::string& folder) {
    Json json = cli::document(invocation);
    json["action"] = invocation.positional(0);
    json["folder"] = folder;
    return json;
}

void add_head(Json& json, const ledger::Checkpoint& checkpoint) {
    json["origin"] = checkpoint.origin;
    json["entries"] = checkpoint.size;
    json["root"] = crypto::to_base64(std::string(checkpoint.root.begin(), checkpoint.root.end()));
}

Result<int> finish(const cli::Invocation& invocation, const Json& json, const std::string& text, bool holds) {
    BARTIZAN_TRY(cli::print(invocation, json, text));
    return holds ? 0 : 1;
}

/// A verification that failed is a result (status 1), not an error.
Result<int> not_valid(const cli::Invocation& invocation, const std::string& folder, const Error& error) {
    if (error.code() != Errc::denied) return error;
    Json json = begin(invocation, folder);
    json["verified"] = false;
    json["reason"] = error.line();
    return finish(invocation, json, fmt::format("NOT VALID  {}\n", cli::printable(error.line())), false);
}

std::string as_text(const cli::Invocation& invocation, const std::string& folder, const ledger::Verdict& verdict,
                    const ledger::Verifier& verifier) {
    std::string text =
        fmt::format("{:<11}{}: {} entries under {} signed heads\n", verdict.verified ? "verified" : "NOT VALID",
                    cli::printable(folder), verdict.checkpoint.size, verdict.heads);
    text += fmt::format("{:<11}{}{}\n", "signer", cli::printable(verifier.text()),
                        invocation.has("key") ? "" : " (the key that lies in the folder: --key names yours)");
    for (std::size_t i = 0; i < verdict.issues.size() && i < kMostShown; ++i)
        text += fmt::format("{:<11}{}\n", verdict.issues[i].kind, cli::printable(verdict.issues[i].text));
    const std::uint64_t all = verdict.issues.size() + verdict.more_issues;
    if (all > kMostShown) text += fmt::format("{:<11}{} more\n", "and", all - kMostShown);
    if (verdict.unsigned_entries > 0)
        text +=
            fmt::format("{:<11}{} entries behind the newest head are not signed\n", "note", verdict.unsigned_entries);
    return text;
}

Result<int> verify_proof(const cli::Invocation& invocation) {
    const std::string path = invocation.text("proof");
    const std::string text = BARTIZAN_TRY_WITHIN(read_file(path, ledger::kLongestProof), "--proof");
    const ledger::Proof proof = BARTIZAN_TRY_WITHIN(ledger::parse_proof(text), "--proof '" + path + "'");
    const auto verifier = BARTIZAN_TRY(verifier_of(invocation, proof.head, nullptr));
    const auto checkpoint = ledger::check_proof(proof, verifier);
    if (!checkpoint.ok()) return not_valid(invocation, path, checkpoint.error());
    Json json = begin(invocation, path);
    json["verified"] = true;
    json["index"] = proof.index;
    json["entry"] = proof.entry;
    add_head(json, *checkpoint);
    return finish(invocation, json,
                  fmt::format("verified   entry {} of {}\n{}\n", proof.index, cli::printable(checkpoint->origin),
                              cli::printable(proof.entry)),
                  true);
}

Result<int> verify_folder(const cli::Invocation& invocation, const Words& words, const ledger::Copy& copy) {
    const auto verifier = BARTIZAN_TRY(verifier_of(invocation, copy.head().value_or(""), &copy));
    std::optional<ledger::Checkpoint> older;
    if (invocation.has("since")) older = BARTIZAN_TRY(older_of(invocation, verifier));
    const auto verdict = BARTIZAN_TRY(ledger::verify_log(copy, verifier, older));
    Json json = begin(invocation, words.folder);
    json["verified"] = verdict.verified;
    add_head(json, verdict.checkpoint);
    json["heads"] = verdict.heads;
    json["signer"] = verifier.text();
    json["signer_given"] = invocation.has("key");
    json["unsigned_entries"] = verdict.unsigned_entries;
    json["issues"] = Json::array();
    for (const ledger::Issue& issue : verdict.issues)
        json["issues"].push_back(
            {{"kind", issue.kind}, {"index", issue.index ? Json(*issue.index) : Json()}, {"text", issue.text}});
    json["more_issues"] = verdict.more_issues;
    if (invocation.has("out")) BARTIZAN_TRY(write_file_atomically(invocation.text("out"), to_text(json)));
    return finish(invocation, json, as_text(invocation, words.folder, verdict, verifier), verdict.verified);
}

/// Entry N, or the newest ones; of one kind with --kind.
Result<int> show(const cli::Invocation& invocation, const Words& words, const ledger::Copy& copy) {
    const auto head = BARTIZAN_TRY(ledger::parse_checkpoint(BARTIZAN_TRY(copy.head())));
    const auto most = static_cast<std::size_t>(invocation.integer("limit", 20));
    const std::string kind = invocation.text("kind");
    std::deque<ledger::Entry> shown;
    auto [source, at] = copy.entries(head.size, words.number.value_or(0));
    for (; at < head.size; ++at) {
        const auto line = BARTIZAN_TRY(source->next());
        if (!line) break;
        if (words.number && at != *words.number) continue;
        ledger::Entry entry = BARTIZAN_TRY_WITHIN(ledger::parse_entry(*line), fmt::format("entry {}", at));
        if (kind.empty() || entry.event.kind == kind) shown.push_back(std::move(entry));
        if (shown.size() > most) shown.pop_front();
        if (words.number) break;
    }
    if (words.number && shown.empty())
        return invalid_input(fmt::format("there is no entry {}: the ledger has {}", *words.number, head.size),
                             "entries count from 0");
    Json json = begin(invocation, words.folder);
    add_head(json, head);
    json["shown"] = Json::array();
    std::string text;
    for (const ledger::Entry& entry : shown) {
        const auto& [entry_kind, actor, asset, details] = entry.event;
        json["shown"].push_back({{"index", entry.index},
                                 {"time", entry.time},
                                 {"kind", entry_kind},
                                 {"actor", actor},
                                 {"asset", asset},
                                 {"details", details}});
        text += fmt::format("{:>8}  {}  {}  {}  {}  {}\n", entry.index, cli::printable(entry.time),
                            cli::printable(entry_kind), cli::printable(actor), cli::printable(asset),
                            cli::printable(details.dump()));
    }
    return finish(invocation, json, text, true);
}

Result<int> prove_growth(const cli::Invocation& invocation, const Words& words, const ledger::Copy& copy,
                         const ledger::Verifier& verifier) {
    const auto older = BARTIZAN_TRY(older_of(invocation, verifier));
    const auto proof = ledger::prove_growth(copy, verifier, older);
    if (!proof.ok()) return not_valid(invocation, words.folder, proof.error());
    Json json = begin(invocation, words.folder);
    json["verified"] = true;
    add_head(json, BARTIZAN_TRY(ledger::parse_checkpoint(BARTIZAN_TRY(copy.head()))));
    json["older_entries"] = older.size;
    json["path"] = Json::array();
    std::string text = fmt::format("verified   the log of {} entries begins with the {} of the older head\n",
                                   json["entries"].get<std::uint64_t>(), older.size);
    for (const crypto::MerkleHash& hash : *proof) {
        json["path"].push_back(crypto::to_base64(std::string(hash.begin(), hash.end())));
        text += json["path"].back().get<std::string>() + '\n';
    }
    return finish(invocation, json, text, true);
}

Result<int> prove(const cli::Invocation& invocation, const Words& words, const ledger::Copy& copy) {
    const auto verifier = BARTIZAN_TRY(verifier_of(invocation, BARTIZAN_TRY(copy.head()), &copy));
    if (!words.number && invocation.has("since")) return prove_growth(invocation, words, copy, verifier);
    if (!words.number)
        return invalid_input("the number of the entry is missing", "bartizan ledger prove FOLDER N, or --since HEAD");
    const auto proof = ledger::prove(copy, verifier, *words.number);
    if (!proof.ok()) return not_valid(invocation, words.folder, proof.error());
    const std::string text = ledger::proof_text(*proof);
    if (invocation.has("out")) BARTIZAN_TRY(write_file_atomically(invocation.text("out"), text));
    Json json = begin(invocation, words.folder);
    json["verified"] = ledger::check_proof(*proof, verifier).ok();
    add_head(json, BARTIZAN_TRY(ledger::parse_checkpoint(proof->head)));
    json["index"] = proof->index;
    json["entry"] = proof->entry;
    json["proof"] = text;
    return finish(invocation, json, text, true);
}

Result<int> export_copy(const cli::Invocation& invocation, const Words& words, const ledger::Copy& copy) {
    if (!invocation.has("out")) return invalid_input("--out is missing", "name the folder to write the copy into");
    const std::string out = invocation.text("out");
    const auto verifier = BARTIZAN_TRY(verifier_of(invocation, BARTIZAN_TRY(copy.head()), &copy));
    const auto checkpoint = ledger::export_log(copy, verifier, out);
    if (!checkpoint.ok()) return not_valid(invocation, words.folder, checkpoint.error());
    Json json = begin(invocation, words.folder);
    json["out"] = out;
    add_head(json, *checkpoint);
    return finish(invocation, json, fmt::format("exported   {} entries to {}\n", checkpoint->size, cli::printable(out)),
                  true);
}

}  // namespace

Result<int> ledger_command(const cli::Invocation& invocation) {
    const Words words = BARTIZAN_TRY(words_of(invocation));
    const std::string action = invocation.positional(0);
    if (invocation.has("proof")) {
        if (action != "verify") return invalid_input("--proof goes with 'ledger verify'");
        return verify_proof(invocation);
    }
    if (invocation.has("pack")) {
        if (action != "verify") return invalid_input("--pack goes with 'ledger verify'");
        return verify_pack(invocation,
                           [&](const std::string& head) { return verifier_of(invocation, head, nullptr); });
    }
    const ledger::Copy copy = BARTIZAN_TRY(ledger::Copy::open(words.folder));
    if (action == "verify") return verify_folder(invocation, words, copy);
    if (action == "show") return show(invocation, words, copy);
    if (action == "prove") return prove(invocation, words, copy);
    return export_copy(invocation, words, copy);
}

}  // namespace bartizan::program
