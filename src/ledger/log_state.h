#pragma once
/// The log on the disk, as its one writer sees it: recovered, then extended batch by batch. One thread at a time.

#include <filesystem>
#include <span>
#include <string>

#include "bartizan/result.h"
#include "ledger/entry_files.h"
#include "ledger/note.h"
#include "ledger/tiles.h"

namespace bartizan::ledger {

class LogState {
public:
    /// Recovers: the last signed head holds, entries and heads behind it are cut off, tiles that do not give its root
    /// are made anew from the entries. `most_torn` entries may lie behind it.
    static Result<LogState> open(const std::filesystem::path& folder, Verifier verifier, crypto::PrivateKey key,
                                 std::uint64_t most_torn);

    /// Makes the entries durable, then a head over them. On failure the log is as before, or `broken()`.
    Result<void> extend(std::span<const std::string> lines);
    /// A failure could not be taken back: only opening the log afresh helps.
    bool broken() const { return broken_; }

    std::uint64_t size() const { return tiles_.size(); }
    const std::string& head() const { return head_; }
    const Tiles& tiles() const { return tiles_; }
    const Verifier& verifier() const { return verifier_; }

private:
    LogState(Verifier verifier, crypto::PrivateKey key, AppendFile lock, AppendFile heads, EntryFiles entries,
             Tiles tiles);
    Result<void> write(std::span<const std::string> lines, const std::string& head);
    Result<void> take_back(std::uint64_t size, std::uint64_t head_bytes);

    Verifier verifier_;
    crypto::PrivateKey key_;
    AppendFile lock_;
    AppendFile heads_;
    EntryFiles entries_;
    Tiles tiles_;
    crypto::MerkleTree tree_;
    std::string head_;
    bool broken_ = false;
};

}  // namespace bartizan::ledger
