#include "ledger/verify.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "core/file.h"
#include "ledger/entry.h"
#include "ledger/heads.h"
#include "ledger/ledger.h"

namespace bartizan::ledger {
namespace {

using Keys = std::vector<std::uint64_t>;

std::uint64_t key_of(const crypto::MerkleHash& hash) {
    std::uint64_t key = 0;
    std::memcpy(&key, hash.data(), sizeof key);
    return key;
}

void tell(Verdict& verdict, Issue issue) {
    if (verdict.issues.size() < kMostIssues)
        verdict.issues.push_back(std::move(issue));
    else
        ++verdict.more_issues;
}

std::string sentence(const Difference& one) {
    switch (one.change) {
        case Change::changed:
            return fmt::format("entry {} was changed", one.index);
        case Change::removed:
            return fmt::format("entry {} was removed", one.index);
        case Change::added:
            return fmt::format("at place {} stands an entry that was never signed there", one.found);
        case Change::moved:
            return fmt::format("entry {} was moved: it stands at place {}", one.index, one.found);
    }
    return {};
}

/// Every signed head, in order; tells those that are not.
Result<std::vector<Checkpoint>> signed_heads(const Copy& copy, const Verifier& verifier, Verdict& verdict) {
    std::vector<Checkpoint> heads;
    const auto take = [&](std::string_view note) {
        auto checkpoint = open_checkpoint(note, verifier);
        const std::uint64_t number = verdict.heads++;
        if (!checkpoint.ok())
            tell(verdict, {"head", {}, fmt::format("head {}: {}", number, checkpoint.error().line())});
        else if (!heads.empty() && checkpoint->size < heads.back().size)
            tell(verdict, {"head", {}, fmt::format("head {} is of fewer entries than the one before it", number)});
        else
            heads.push_back(std::move(*checkpoint));
    };
    if (copy.layout() == Copy::Layout::exported) {
        take(BARTIZAN_TRY(copy.head()));
        return heads;
    }
    const auto file = BARTIZAN_TRY(MappedFile::open(copy.folder() / "heads"));
    std::string_view text(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
    while (!text.empty()) {
        const auto record = first_record(text);
        if (record) take(record->note);
        const std::size_t next = record ? record->taken : text.find("\n\n", 1);
        if (!record && next != std::string_view::npos && verdict.issues.size() < kMostIssues)
            tell(verdict, {"head", {}, fmt::format("unreadable bytes in 'heads' after head {}", verdict.heads)});
        text.remove_prefix(std::min(text.size(), next == std::string_view::npos ? text.size() : next + !record * 2));
    }
    return heads;
}

/// The entries' hashes as they are; `spoilt` when reading stopped at what is no entry.
struct Walk {
    std::uint64_t entries = 0;
    std::uint64_t good_until = 0;                ///< the size of the last head that holds
    std::optional<std::uint64_t> bad_from = {};  ///< the size of the first one that does not
    std::string unreadable;
};

Walk walk(const Copy& copy, const std::vector<Checkpoint>& heads, const std::optional<Checkpoint>& older,
          Verdict& verdict) {
    Walk walk;
    crypto::MerkleTree tree;
    std::size_t next_head = 0;
    const std::uint64_t size = heads.empty() ? 0 : heads.back().size;
    const auto source = copy.entries(size).source;
    for (;;) {
        for (; next_head < heads.size() && heads[next_head].size == tree.size(); ++next_head) {
            const bool holds = heads[next_head].root == tree.root();
            if (holds && !walk.bad_from) walk.good_until = tree.size();
            if (!holds && !walk.bad_from) walk.bad_from = tree.size();
        }
        if (older && older->size == tree.size() && older->root != tree.root() && !walk.bad_from)
            tell(verdict, {"head",
                           {},
                           fmt::format("the log does not begin with the {} entries of the head that was "
                                       "kept",
                                       older->size)});
        const auto entry = source->next();
        if (!entry.ok()) walk.unreadable = entry.error().line();
        if (!entry.ok() || !*entry) break;
        if (walk.entries++ < size) tree.append(crypto::merkle_leaf(**entry));
    }
    if (!walk.bad_from && next_head < heads.size()) walk.bad_from = heads[next_head].size;
    if (older && older->size > size)
        tell(verdict, {"removed", size,
                       fmt::format("entries {} to {} were removed: the head that was kept covers {}", size,
                                   older->size - 1, older->size)});
    return walk;
}

/// The hashes in the tiles, if they are all there.
Result<Hashes> tile_hashes(const Copy& copy, std::uint64_t size) {
    Hashes hashes;
    for (std::uint64_t first = 0; first < size; first += kTile) {
        const Hashes tile = BARTIZAN_TRY(read_tile(copy.folder(), 0, first / kTile, std::min(kTile, size - first)));
        hashes.insert(hashes.end(), tile.begin(), tile.end());
    }
    return hashes;
}

crypto::MerkleHash root_of(const Hashes& hashes) {
    crypto::MerkleTree tree;
    for (const crypto::MerkleHash& hash : hashes) tree.append(hash);
    return tree.root();
}

/// By hash against tiles that give the signed root: exact.
void compare_hashes(const Copy& copy, const Hashes& wanted, Verdict& verdict) {
    Keys before;
    for (const crypto::MerkleHash& hash : wanted) before.push_back(key_of(hash));
    Keys after;
    const auto source = copy.entries(wanted.size()).source;
    const std::uint64_t most = wanted.size() + kMostInBatch;
    for (auto entry = source->next(); entry.ok() && *entry && after.size() < most; entry = source->next())
        after.push_back(key_of(crypto::merkle_leaf(**entry)));
    for (const Difference& one : differences(before, after)) {
        // Behind the last entry stands what a crash may leave.
        if (one.change == Change::added && one.found >= wanted.size() && after.size() > wanted.size()) continue;
        tell(verdict, {std::string(to_string(one.change)), one.index, sentence(one)});
    }
}

/// By the indices in the entries, when the tiles are not to be believed: removed, added and moved entries betray
/// themselves; of a changed one is known between which heads it stands.
void compare_indices(const Copy& copy, const Walk& walk, std::uint64_t size, Verdict& verdict) {
    Keys before(size);
    for (std::uint64_t i = 0; i < size; ++i) before[i] = i;
    Keys after;
    const auto source = copy.entries(size).source;
    for (auto entry = source->next(); entry.ok() && *entry && after.size() < size; entry = source->next()) {
        const auto parsed = parse_entry(**entry);
        after.push_back(parsed.ok() ? parsed->index : ~after.size());
    }
    const std::size_t told = verdict.issues.size();
    for (const Difference& one : differences(before, after))
        tell(verdict, {std::string(to_string(one.change)), one.index, sentence(one)});
    if (verdict.issues.size() == told)
        tell(verdict,
             {"changed", walk.good_until,
              fmt::format("one or more of the entries {} to {} were changed: the heads signed over {} and over "
                          "{} entries enclose them",
                          walk.good_until, *walk.bad_from - 1, walk.good_until, *walk.bad_from)});
}

void explain(const Copy& copy, const Walk& walk, const Checkpoint& head, const Result<Hashes>& tiles,
             Verdict& verdict) {
    if (!walk.unreadable.empty()) tell(verdict, {"changed", walk.entries, walk.unreadable});
    if (tiles.ok() && root_of(*tiles) == head.root) return compare_hashes(copy, *tiles, verdict);
    tell(verdict, {"tile", {}, "the tiles do not give the signed root either, so entries are compared by their index"});
    compare_indices(copy, walk, head.size, verdict);
}

/// The tiles of a log whose entries hold.
void check_tiles(const Copy& copy, const Checkpoint& head, const Result<Hashes>& tiles, Verdict& verdict) {
    // A ledger in use makes lost tiles anew; an export is read by others, who need them.
    if (!tiles.ok() && copy.layout() == Copy::Layout::ledger) return;
    if (!tiles.ok())
        tell(verdict, {"tile", {}, tiles.error().line()});
    else if (root_of(*tiles) != head.root)
        tell(verdict, {"tile", {}, "the tiles of hashes are not those of the entries"});
}

}  // namespace

Result<Verdict> verify_log(const Copy& copy, const Verifier& verifier, const std::optional<Checkpoint>& older) {
    Verdict verdict;
    const auto heads = BARTIZAN_TRY(signed_heads(copy, verifier, verdict));
    if (heads.empty()) {
        if (verdict.issues.empty()) tell(verdict, {"head", {}, "there is no signed head"});
        return verdict;
    }
    verdict.checkpoint = heads.back();
    const Walk seen = walk(copy, heads, older, verdict);
    const std::uint64_t size = verdict.checkpoint.size;
    verdict.unsigned_entries = seen.entries > size ? seen.entries - size : 0;
    if (verdict.unsigned_entries > kMostInBatch && !seen.bad_from)
        tell(verdict, {"head",
                       {},
                       fmt::format("{} entries follow the newest head, more than a crash leaves: heads were "
                                   "removed",
                                   verdict.unsigned_entries)});
    const auto tiles = tile_hashes(copy, size);
    if (seen.bad_from) explain(copy, seen, verdict.checkpoint, tiles, verdict);
    if (seen.bad_from && verdict.issues.empty())
        tell(verdict, {"head", {}, fmt::format("the head over {} entries does not hold", *seen.bad_from)});
    if (!seen.bad_from) check_tiles(copy, verdict.checkpoint, tiles, verdict);
    verdict.verified = verdict.issues.empty();
    return verdict;
}

}  // namespace bartizan::ledger
