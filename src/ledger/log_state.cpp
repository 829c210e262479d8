#include "ledger/log_state.h"

#include <algorithm>
#include <fstream>

#include <fmt/format.h>

#include "core/file.h"
#include "ledger/heads.h"

namespace bartizan::ledger {
namespace {

constexpr std::size_t kHeadsEnd = 2 * kLongestNote;

/// The key of the log stands beside it, so that a copy can be checked; it must stay the same.
Result<void> keep_key(const std::filesystem::path& folder, const Verifier& verifier) {
    const auto path = folder / "key";
    std::error_code error;
    if (!std::filesystem::exists(path, error)) return write_file_atomically(path, verifier.text() + "\n");
    const std::string there = BARTIZAN_TRY(read_file(path, kLongestNote));
    if (there == verifier.text() + "\n") return {};
    return Error(Errc::conflict, "the ledger in '" + folder.string() + "' is signed with another key or name",
                 "open it with the key and name that began it");
}

Result<std::string> end_of(const std::filesystem::path& path, std::uint64_t size) {
    std::ifstream stream(path, std::ios::binary);
    const std::uint64_t length = std::min<std::uint64_t>(size, kHeadsEnd);
    std::string end(length, '\0');
    stream.seekg(static_cast<std::streamoff>(size - length));
    if (!stream.read(end.data(), static_cast<std::streamsize>(length)))
        return Error(Errc::denied, "cannot read '" + path.string() + "'");
    return end;
}

struct Recovered {
    Checkpoint checkpoint;
    std::string note;
};

/// The last signed head; what a crash tore off behind it is cut.
Result<Recovered> recover_head(const std::filesystem::path& path, AppendFile& file, const Verifier& verifier) {
    const std::string end = BARTIZAN_TRY(end_of(path, file.size()));
    const LastHead last = last_record(end);
    if (last.torn > kLongestNote)
        return Error(Errc::conflict, "'" + path.string() + "' ends in what no crash leaves",
                     "restore it from a copy; bartizan ledger verify tells more");
    Recovered recovered{{verifier.name(), 0, crypto::MerkleTree().root()}, last.note};
    if (!last.note.empty())
        recovered.checkpoint = BARTIZAN_TRY_WITHIN(open_checkpoint(last.note, verifier), "'" + path.string() + "'");
    if (last.torn > 0) BARTIZAN_TRY(file.cut(file.size() - last.torn));
    BARTIZAN_TRY(file.sync());
    return recovered;
}

Result<Hashes> tail_hashes(const std::filesystem::path& folder, std::uint64_t size) {
    const std::uint64_t first = size - size % kTile;
    const auto source = segment_source(folder, first / kSegment);
    Hashes hashes;
    for (std::uint64_t index = first - first % kSegment; index < size; ++index) {
        const auto line = BARTIZAN_TRY(source->next());
        if (!line) return internal_error("the ledger's entries changed while it was opened");
        if (index >= first) hashes.push_back(crypto::merkle_leaf(*line));
    }
    return hashes;
}

Result<Tiles> rebuild(const std::filesystem::path& folder, std::uint64_t size) {
    Tiles tiles(folder);
    const auto source = segment_source(folder);
    while (tiles.size() < size) {
        const auto line = BARTIZAN_TRY(source->next());
        if (!line) break;
        tiles.append(crypto::merkle_leaf(*line));
    }
    return tiles;
}

bool gives(const Tiles& tiles, const Checkpoint& checkpoint) {
    if (tiles.size() != checkpoint.size) return false;
    const auto root = crypto::merkle_root(checkpoint.size, tiles.source());
    return root.ok() && *root == checkpoint.root;
}

Result<Tiles> recover_tiles(const std::filesystem::path& folder, const Checkpoint& checkpoint) {
    Hashes tail = BARTIZAN_TRY(tail_hashes(folder, checkpoint.size));
    auto tiles = Tiles::load(folder, checkpoint.size, std::move(tail));
    if (tiles.ok() && gives(*tiles, checkpoint)) {
        (void)tiles->flush();
        return tiles;
    }
    tiles = rebuild(folder, checkpoint.size);
    if (!tiles.ok()) return tiles;
    if (gives(*tiles, checkpoint)) {
        BARTIZAN_TRY(tiles->flush());
        return tiles;
    }
    return Error(Errc::conflict, "the entries in '" + folder.string() + "' do not give the root that was signed",
                 "they were changed; bartizan ledger verify tells which");
}

/// The compact tree that the tiles' right edge stands for.
crypto::MerkleTree tree_of(const Tiles& tiles) {
    crypto::MerkleTree tree;
    for (std::size_t level = tiles.edges().size(); level-- > 0;)
        for (const crypto::MerkleHash& hash : tiles.edges()[level])
            tree.append_subtree(static_cast<unsigned>(8 * level), hash);
    return tree;
}

}  // namespace

LogState::LogState(Verifier verifier, crypto::PrivateKey key, AppendFile lock, AppendFile heads, EntryFiles entries,
                   Tiles tiles)
    : verifier_(std::move(verifier)),
      key_(std::move(key)),
      lock_(std::move(lock)),
      heads_(std::move(heads)),
      entries_(std::move(entries)),
      tiles_(std::move(tiles)),
      tree_(tree_of(tiles_)) {}

Result<LogState> LogState::open(const std::filesystem::path& folder, Verifier verifier, crypto::PrivateKey key,
                                std::uint64_t most_torn) {
    BARTIZAN_TRY(make_folder(folder));
    AppendFile lock = BARTIZAN_TRY(AppendFile::open(folder / "lock"));
    BARTIZAN_TRY(lock.lock());
    BARTIZAN_TRY(keep_key(folder, verifier));
    AppendFile heads = BARTIZAN_TRY(AppendFile::open(folder / "heads"));
    Recovered recovered = BARTIZAN_TRY(recover_head(folder / "heads", heads, verifier));
    EntryFiles entries = BARTIZAN_TRY(EntryFiles::open(folder, recovered.checkpoint.size, most_torn));
    Tiles tiles = BARTIZAN_TRY(recover_tiles(folder, recovered.checkpoint));
    BARTIZAN_TRY(sync_folder(folder));
    LogState state(std::move(verifier), std::move(key), std::move(lock), std::move(heads), std::move(entries),
                   std::move(tiles));
    state.head_ = std::move(recovered.note);
    return state;
}

Result<void> LogState::extend(std::span<const std::string> lines) {
    if (broken_) return Error(Errc::unavailable, "the ledger could not take a failure back", "open it afresh");
    crypto::MerkleTree tree = tree_;
    Hashes hashes;
    for (const std::string& line : lines) {
        hashes.push_back(crypto::merkle_leaf(line));
        tree.append(hashes.back());
    }
    std::string head = BARTIZAN_TRY(sign_checkpoint({verifier_.name(), tree.size(), tree.root()}, verifier_, key_));
    const std::uint64_t size = tree_.size();
    const std::uint64_t head_bytes = heads_.size();
    if (auto written = write(lines, head); !written.ok()) {
        broken_ = broken_ || !take_back(size, head_bytes).ok();
        return std::move(written).error();
    }
    tree_ = std::move(tree);
    head_ = std::move(head);
    for (const crypto::MerkleHash& hash : hashes) tiles_.append(hash);
    // Tiles can be made again from the entries: one that cannot be written now is no failure of the batch.
    (void)tiles_.flush();
    return {};
}

Result<void> LogState::write(std::span<const std::string> lines, const std::string& head) {
    BARTIZAN_TRY(entries_.append(lines));
    BARTIZAN_TRY(entries_.sync());
    BARTIZAN_TRY(heads_.append(head_record(head)));
    auto synced = heads_.sync();
    // The system may have dropped the pages, and say nothing the next time: nothing is known of the file any more.
    broken_ = !synced.ok();
    return synced;
}

Result<void> LogState::take_back(std::uint64_t size, std::uint64_t head_bytes) {
    BARTIZAN_TRY(heads_.cut(head_bytes));
    return entries_.cut(size);
}

}  // namespace bartizan::ledger
