#pragma once
/// The append-only log: events in, each acknowledged when it is on the disk and covered by a signed tree head.
///
/// One thread writes: it takes all events that wait as one batch, writes and syncs their lines, signs the new head,
/// writes and syncs that, and wakes those who wait. A crash at any instant loses nothing that was acknowledged; what it
/// leaves behind the last signed head is cut off by the next `open`. A batch that cannot be written (a full disk) fails
/// as a whole with those behind it, and the next one is tried afresh.
/// Thread rule: all members may be called from any thread.

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "bartizan/result.h"
#include "ledger/entry.h"
#include "ledger/note.h"

namespace bartizan::ledger {

/// Entries in one batch; also the most that a crash can leave unsigned.
inline constexpr std::size_t kMostInBatch = 8192;
/// Bytes that may wait for the disk, by default.
inline constexpr std::size_t kMostWaiting = std::size_t{64} << 20;

struct Options {
    std::string origin;      ///< the log's name in its tree heads: "example.com/bartizan"
    crypto::PrivateKey key;  ///< Ed25519
    /// Microseconds since 1970; empty: the system's clock.
    std::function<std::int64_t()> clock = {};
    /// Bytes that may wait for the disk; then `submit` fails with `exhausted`.
    std::size_t most_waiting = kMostWaiting;
};

struct Batch;

/// An event on its way to the disk.
struct Ticket {
    std::uint64_t index = 0;
    std::shared_ptr<Batch> batch;
};

class Ledger final {
public:
    /// Opens a folder, or begins a log in an empty one. Fails with `conflict`: in use by another process; the key or
    /// origin is not that of the log; entries or heads are missing or changed.
    static Result<std::unique_ptr<Ledger>> open(const std::filesystem::path& folder, Options options);
    /// Waits for the events under way.
    ~Ledger();

    /// Takes an event without waiting. Fails with `invalid_input` (see `EntryText`), `exhausted`: too much waits.
    Result<Ticket> submit(const Event& event);
    /// Waits until the event is durable, and gives its index; or why it is not.
    Result<std::uint64_t> wait(const Ticket& ticket);
    Result<std::uint64_t> append(const Event& event);

    /// The newest signed head, as a note; empty before the first entry.
    std::string head() const;
    /// The number of durable entries.
    std::uint64_t size() const;
    const Verifier& verifier() const;
    /// Why the last batch was not written; nothing: it was.
    std::optional<Error> trouble() const;
    /// In the tree of the first `size` entries, which must be durable.
    Result<crypto::MerkleProof> prove_inclusion(std::uint64_t index, std::uint64_t size) const;
    Result<crypto::MerkleProof> prove_consistency(std::uint64_t old_size, std::uint64_t size) const;

private:
    class Writer;
    explicit Ledger(std::unique_ptr<Writer> writer);
    std::unique_ptr<Writer> writer_;
};

}  // namespace bartizan::ledger
