#include "pack/check.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "core/json.h"
#include "formats/zip.h"
#include "ledger/canonical.h"
#include "ledger/entry.h"
#include "ledger/proof.h"

namespace bartizan::pack {
namespace {

constexpr std::size_t kMostIssues = 1000;

/// The files of the archive by name; what cannot be read is told when somebody asks for it.
class Archive {
public:
    static Result<Archive> open(formats::Bytes bytes) {
        auto reader = BARTIZAN_TRY_WITHIN(formats::ZipReader::open(bytes), "the pack");
        if (reader.entries().size() > kMostFiles) return exhausted("the pack has too many files");
        std::uint64_t total = 0;
        for (const formats::ZipEntry& one : reader.entries()) total += std::min(one.size, kLargestPack + 1);
        if (total > kLargestPack) return exhausted("the pack holds more than 512 MiB");
        return Archive(std::move(reader));
    }
    bool has(std::string_view name) const { return entry(name) != nullptr; }
    Result<std::string> read(std::string_view name, std::uint64_t limit = kLargestFile) const {
        const formats::ZipEntry* one = entry(name);
        if (one == nullptr) return Error(Errc::not_found, std::string(name) + " is not in the pack");
        const auto bytes = BARTIZAN_TRY(reader_.read(*one, limit));
        return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    std::vector<std::string> names() const {
        std::vector<std::string> out;
        for (const formats::ZipEntry& one : reader_.entries()) out.push_back(one.name);
        return out;
    }

private:
    explicit Archive(formats::ZipReader reader) : reader_(std::move(reader)) {}
    const formats::ZipEntry* entry(std::string_view name) const {
        const auto& all = reader_.entries();
        const auto found = std::ranges::find(all, name, &formats::ZipEntry::name);
        return found == all.end() ? nullptr : &*found;
    }
    formats::ZipReader reader_;
};

class Check {
public:
    Check(const Archive& archive, const ledger::Verifier& verifier) : archive_(archive), verifier_(verifier) {}

    Checked made() {
        const auto text = index_text();
        if (text) {
            look_at_files();
            look_for_more();
            look_at_evidence();
        }
        out_.verified = text.has_value() && out_.issues.empty();
        return std::move(out_);
    }

private:
    void tell(const char* kind, const std::string& file, std::string text) {
        if (out_.issues.size() < kMostIssues) out_.issues.push_back({kind, file, std::move(text)});
    }

    /// The index, when the ledger stands behind it; everything else hangs on it.
    std::optional<std::string> index_text() {
        bool there = true;
        for (const std::string_view name : {kIndex, kIndexProof})
            if (!archive_.has(name)) {
                tell("removed", std::string(name),
                     fmt::format("{} was removed: nothing in the pack can be believed", name));
                there = false;
            }
        if (!there) return {};
        const auto index = archive_.read(kIndex, kLargestIndex);
        if (!index.ok()) {
            tell("changed", std::string(kIndex), "index.json cannot be read: " + index.error().line());
            return {};
        }
        const auto entry = proved(std::string(kIndexProof));
        if (!entry) return {};
        const Json& details = entry->event.details;
        const auto digest = details.find("index_sha256");
        if (entry->event.kind != kEntryKind || digest == details.end() || !digest->is_string()) {
            tell("proof", std::string(kIndexProof), "index.proof proves an entry that tells of no pack");
            return {};
        }
        if (digest->get<std::string>() != sha256_text(*index)) {
            tell("changed", std::string(kIndex), "index.json was changed: it is not the one that the ledger tells of");
            return {};
        }
        auto parsed = parse_index(*index);
        if (!parsed.ok()) {
            tell("changed", std::string(kIndex), "index.json: " + parsed.error().line());
            return {};
        }
        out_.index = std::move(*parsed);
        out_.entry = entry->index;
        out_.entry_time = entry->time;
        return *index;
    }

    /// The entry that a proof file proves; tells what is wrong.
    std::optional<ledger::Entry> proved(const std::string& file) {
        const auto text = archive_.read(file, ledger::kLongestProof);
        const auto fault = [&](const Error& error) {
            tell("proof", file, fmt::format("{} does not hold: {}", file, error.line()));
            return std::nullopt;
        };
        if (!text.ok()) return fault(text.error());
        const auto proof = ledger::parse_proof(*text);
        if (!proof.ok()) return fault(proof.error());
        const auto checkpoint = ledger::check_proof(*proof, verifier_);
        if (!checkpoint.ok()) return fault(checkpoint.error());
        auto entry = ledger::parse_entry(proof->entry);
        if (!entry.ok()) return fault(entry.error());
        if (entry->index != proof->index) {
            tell("proof", file, fmt::format("{} proves an entry that stands in another place than it says", file));
            return {};
        }
        if (file == kIndexProof) out_.checkpoint = *checkpoint;
        ++out_.proofs;
        return std::move(*entry);
    }

    void look_at_files() {
        for (const Listed& one : out_.index.files) {
            if (!archive_.has(one.path)) {
                tell("removed", one.path, one.path + " was removed");
                continue;
            }
            const auto bytes = archive_.read(one.path);
            if (!bytes.ok() || bytes->size() != one.bytes || sha256_text(*bytes) != one.sha256) {
                tell("changed", one.path, one.path + " was changed");
                continue;
            }
            ++out_.files;
        }
    }

    void look_for_more() {
        std::set<std::string, std::less<>> known{std::string(kIndex), std::string(kIndexProof)};
        for (const Listed& one : out_.index.files)
            if (!known.insert(one.path).second)
                tell("changed", std::string(kIndex), "index.json names " + one.path + " twice");
        for (const std::string& name : archive_.names())
            if (!known.contains(name)) tell("added", name, name + " was added: the index does not name it");
    }

    /// Each piece of evidence as the ledger has it: the same members, in an entry that a signed head covers.
    void look_at_evidence() {
        std::map<std::string, std::optional<ledger::Entry>> entries;
        for (const Listed& one : out_.index.files) {
            if (one.evidence.empty() || one.proof.empty() || !archive_.has(one.path)) continue;
            if (!archive_.has(one.proof)) continue;  // told: it was removed
            auto [at, fresh] = entries.try_emplace(one.proof);
            if (fresh) at->second = proved(one.proof);
            if (!at->second) continue;
            if (stands_in(*at->second, one))
                ++out_.evidence;
            else
                tell("proof", one.path,
                     fmt::format("{} is not what entry {} of the ledger says", one.path, at->second->index));
        }
    }

    bool stands_in(const ledger::Entry& entry, const Listed& one) const {
        const auto text = archive_.read(one.path);
        if (!text.ok() || entry.event.kind != "evidence.record") return false;
        const auto piece = parse_json(*text, {.bytes = kLargestFile, .depth = 16});
        const auto list = entry.event.details.find("evidence");
        if (!piece.ok() || !piece->is_object() || list == entry.event.details.end() || !list->is_array()) return false;
        for (const Json& recorded : *list) {
            if (!recorded.is_object() || recorded.value("id", Json()) != Json(one.evidence)) continue;
            // Members that the ledger has must be the same; those that came later (disputed, for one) may be more.
            for (const auto& [name, value] : recorded.items()) {
                const auto found = piece->find(name);
                if (found == piece->end() || !same(*found, value)) return false;
            }
            return true;
        }
        return false;
    }
    /// In canonical spelling 1.0 is 1.
    static bool same(const Json& a, const Json& b) {
        const auto left = ledger::canonical(a), right = ledger::canonical(b);
        return left.ok() && right.ok() && *left == *right;
    }

    const Archive& archive_;
    const ledger::Verifier& verifier_;
    Checked out_;
};

}  // namespace

Result<ledger::Verifier> own_key(formats::Bytes archive) {
    const Archive files = BARTIZAN_TRY(Archive::open(archive));
    return ledger::Verifier::from_text(BARTIZAN_TRY(files.read(kKey, ledger::kLongestNote)));
}

Result<std::string> head_of(formats::Bytes archive) {
    const Archive files = BARTIZAN_TRY(Archive::open(archive));
    return BARTIZAN_TRY(ledger::parse_proof(BARTIZAN_TRY(files.read(kIndexProof, ledger::kLongestProof)))).head;
}

Result<Checked> check(formats::Bytes archive, const ledger::Verifier& verifier) {
    const Archive files = BARTIZAN_TRY(Archive::open(archive));
    if (!files.has(kIndex) && !files.has(kIndexProof))
        return invalid_input("the archive is no evidence pack", "it has neither index.json nor index.proof");
    return Check(files, verifier).made();
}

}  // namespace bartizan::pack
