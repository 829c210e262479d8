#include "journal/journal.h"

#include <chrono>

#include <fmt/format.h>

#include "core/json.h"
#include "crypto/random_stream.h"

namespace bartizan::journal {
namespace {

constexpr int kMostTries = 8;

std::int64_t seconds_now() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::seconds>(now).count();
}

Result<std::string> new_id() {
    auto random = BARTIZAN_TRY(crypto::RandomStream::from_system());
    return fmt::format("{:016x}{:016x}", random.bits64(), random.bits64());
}

std::string text_of(const ledger::Event& event) {
    const Json json = {
        {"kind", event.kind}, {"actor", event.actor}, {"asset", event.asset}, {"details", event.details}};
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<ledger::Event> event_of(const std::string& text) {
    const Json json = BARTIZAN_TRY_WITHIN(parse_json(text), "a pending event");
    const auto part = [&](const char* key) { return json.value(key, std::string()); };
    return ledger::Event{part("kind"), part("actor"), part("asset"), json.value("details", Json::object())};
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(store::Database& database, ledger::Ledger& ledger) {
    std::unique_ptr<Journal> journal(new Journal(database, ledger));
    BARTIZAN_TRY_WITHIN(journal->append_pending(nullptr, {}), "the entries that a crash left");
    return journal;
}

Result<std::int64_t> Journal::epoch() {
    const auto rows = BARTIZAN_TRY(database_.run("SELECT value FROM epoch WHERE id = 1"));
    return rows.empty() ? 0 : rows[0].integer(0);
}

Result<void> Journal::commit(const Change& change, std::string& id) {
    return database_.transact([&](store::Transaction& transaction) -> Result<void> {
        ledger::Event event = BARTIZAN_TRY(change(transaction));
        event.details["action"] = id;
        // What the ledger would not take must not be committed.
        BARTIZAN_TRY(ledger::EntryText::make(event, ledger::time_text(0)));
        BARTIZAN_TRY(transaction.run("INSERT INTO pending_event VALUES (:id, :ledger, :made, :event)",
                                     {id, ledger_.verifier().text(), seconds_now(), text_of(event)}));
        BARTIZAN_TRY(transaction.run("UPDATE epoch SET value = value + 1 WHERE id = 1"));
        return {};
    });
}

Result<std::uint64_t> Journal::act(const Change& change) {
    const std::lock_guard lock(mutex_);
    BARTIZAN_TRY(append_pending(nullptr, {}));  // of a change whose entry could not be written then
    std::string id = BARTIZAN_TRY(new_id());
    const bool others = database_.engine() == store::Engine::postgresql;
    for (int tries = 1;; ++tries) {
        const Result<void> done = commit(change, id);
        if (done.ok()) break;
        if (done.error().code() != Errc::conflict || !others || tries == kMostTries) return done.error();
    }
    std::uint64_t index = 0;
    BARTIZAN_TRY(append_pending(&index, id));
    return index;
}

Result<void> Journal::append_pending(std::uint64_t* index, const std::string& wanted) {
    const auto rows =
        BARTIZAN_TRY(database_.run("SELECT id, event FROM pending_event WHERE ledger = :ledger "
                                   "ORDER BY made, id",
                                   {ledger_.verifier().text()}));
    for (const store::Row& row : rows) {
        const std::uint64_t at = BARTIZAN_TRY(ledger_.append(BARTIZAN_TRY(event_of(row.text(1)))));
        if (index != nullptr && row.text(0) == wanted) *index = at;
        BARTIZAN_TRY(database_.run("DELETE FROM pending_event WHERE id = :id", {row.text(0)}));
    }
    return {};
}

}  // namespace bartizan::journal
