#include <algorithm>
#include <chrono>

#include "crypto/hash.h"
#include "store/database.h"
#include "store/migrations_made.h"

namespace bartizan::store {
namespace {

constexpr std::string_view kTable =
    "CREATE TABLE IF NOT EXISTS migration (number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, "
    "sha256 TEXT NOT NULL, applied BIGINT NOT NULL)";

std::string digest_of(const Migration& migration) {
    return crypto::to_hex(crypto::sha256(std::as_bytes(std::span(migration.sql))));
}

/// The statements of a file: each ends with ';' at the end of a line.
std::vector<std::string_view> statements_of(std::string_view sql) {
    std::vector<std::string_view> statements;
    for (std::size_t end = sql.find(";\n"); end != std::string_view::npos; end = sql.find(";\n")) {
        statements.push_back(sql.substr(0, end));
        sql.remove_prefix(end + 2);
    }
    return statements;
}

std::int64_t seconds_now() {
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

Result<void> apply(Transaction& transaction, const Migration& migration) {
    const Rows rows = BARTIZAN_TRY(transaction.run("SELECT sha256 FROM migration WHERE number = :number",
                                                   {static_cast<std::int64_t>(migration.number)}));
    if (!rows.empty() && rows[0].text(0) == digest_of(migration)) return {};
    if (!rows.empty())
        return Error(Errc::conflict, "it was applied, and has changed since",
                     "write a new one; never change an old one");
    for (const std::string_view statement : statements_of(migration.sql)) BARTIZAN_TRY(transaction.run(statement));
    BARTIZAN_TRY(transaction.run(
        "INSERT INTO migration (number, name, sha256, applied) VALUES (:number, :name, :sha256, :applied)",
        {static_cast<std::int64_t>(migration.number), std::string(migration.name), digest_of(migration),
         seconds_now()}));
    return {};
}

}  // namespace

std::span<const Migration> migrations() { return kMigrations; }

Result<void> Database::migrate(std::span<const Migration> all) {
    BARTIZAN_TRY(run(kTable));
    const std::uint64_t newest = all.empty() ? 0 : all.back().number;
    return transact([&](Transaction& transaction) -> Result<void> {
        // Two programs that start at once: the second waits here.
        if (engine() == Engine::postgresql) BARTIZAN_TRY(transaction.run("LOCK TABLE migration"));
        const Rows rows = BARTIZAN_TRY(transaction.run("SELECT COALESCE(MAX(number), 0) FROM migration"));
        if (static_cast<std::uint64_t>(rows.at(0).integer(0)) > newest)
            return Error(Errc::conflict, "the database was written by a newer version of bartizan",
                         "install that version, or restore a copy from before");
        for (const Migration& migration : all)
            BARTIZAN_TRY_WITHIN(apply(transaction, migration), "migration " + std::string(migration.name));
        return {};
    });
}

}  // namespace bartizan::store
