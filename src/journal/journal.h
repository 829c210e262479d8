#pragma once
/// A change of state and its entry in the ledger: both, or neither was acknowledged.
///
/// The change and its event are committed to the database in one transaction; then the event is appended to the ledger;
/// then the event waits no more. What a crash in between leaves is appended by the next `open`; an entry that a crash
/// doubled shows by its `action`, a number of its own. While the ledger cannot be written, changes are refused.
/// Thread rule: all members may be called from any thread; one change runs at a time.

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "bartizan/result.h"
#include "ledger/ledger.h"
#include "store/database.h"

namespace bartizan::journal {

class Journal final {
public:
    /// Appends what a crash left. Both must outlive the journal.
    static Result<std::unique_ptr<Journal>> open(store::Database& database, ledger::Ledger& ledger);

    /// What changes the state, and says what it did. Runs again when another writer was in the way (`conflict`).
    using Change = std::function<Result<ledger::Event>(store::Transaction&)>;
    /// Gives the index of the entry. Fails as `change` does, or with `unavailable`, `exhausted`: the change is refused,
    /// or it is done and its entry will follow.
    Result<std::uint64_t> act(const Change& change);
    /// An event without a change; durable when this returns.
    Result<std::uint64_t> record(const ledger::Event& event) { return ledger_.append(event); }

    /// Grows with every change, whoever made it.
    Result<std::int64_t> epoch();

    store::Database& database() { return database_; }

private:
    Journal(store::Database& database, ledger::Ledger& ledger) : database_(database), ledger_(ledger) {}
    Result<void> commit(const Change& change, std::string& id);
    Result<void> append_pending(std::uint64_t* index, const std::string& wanted);

    store::Database& database_;
    ledger::Ledger& ledger_;
    std::mutex mutex_;
};

}  // namespace bartizan::journal
