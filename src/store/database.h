#pragma once
/// One SQL database behind one interface: SQLite (write-ahead log, synced on commit) or PostgreSQL, through SOCI.
/// SQL must mean the same on both: BIGINT, TEXT and DOUBLE PRECISION columns, `:name` parameters in the order of the
/// values, `ON CONFLICT`, `RETURNING`. Bytes go into blobs (`store/blobs.h`), not into tables.
/// Thread rule: `Database` may be used from any thread; a `Transaction` from the one that runs it.

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "bartizan/result.h"

namespace bartizan::store {

/// Null, or one of what a column can hold.
using Value = std::variant<std::monostate, std::int64_t, double, std::string>;

class Row {
public:
    explicit Row(std::vector<Value> values) : values_(std::move(values)) {}
    std::size_t size() const { return values_.size(); }
    bool is_null(std::size_t column) const { return std::holds_alternative<std::monostate>(values_.at(column)); }
    /// Numbers as text and text as numbers where the database gives them so; 0 or "" for null.
    std::int64_t integer(std::size_t column) const;
    double number(std::size_t column) const;
    std::string text(std::size_t column) const;

private:
    std::vector<Value> values_;
};
using Rows = std::vector<Row>;

/// What runs SQL. Fails with `conflict` when a constraint or another writer stands against it, `unavailable` when the
/// database cannot be reached, `exhausted` when its disk is full, `internal` for SQL that it does not take.
class Transaction {
public:
    virtual ~Transaction() = default;
    /// Runs one statement; the rows it gives.
    virtual Result<Rows> run(std::string_view sql, std::span<const Value> values = {}) = 0;
    Result<Rows> run(std::string_view sql, std::initializer_list<Value> values) {
        return run(sql, std::span(values.begin(), values.size()));
    }
};

enum class Engine : std::uint8_t { sqlite, postgresql };

struct Migration {
    std::uint64_t number;
    std::string_view name;
    std::string_view sql;  ///< statements, each ending in ';' at the end of a line
};
/// Those of src/store/migrations, in order.
std::span<const Migration> migrations();

class Database final {
public:
    /// "postgresql://USER:PASSWORD@HOST:PORT/NAME", or the path of an SQLite file, which is made when it is not there.
    /// At most `connections` statements run at one time.
    static Result<std::unique_ptr<Database>> open(const std::string& address, unsigned connections = 4);
    ~Database();

    Engine engine() const;
    /// Brings the tables up to date. Fails with `conflict` when a migration that was applied has changed since, or the
    /// database was written by a newer program.
    Result<void> migrate(std::span<const Migration> all = migrations());
    /// Runs `work` in a transaction that is committed when it succeeds, and rolled back when it fails. SQLite: one at
    /// a time. PostgreSQL: serializable; a loser gets `conflict` and may try again.
    Result<void> transact(const std::function<Result<void>(Transaction&)>& work);
    /// One statement, committed at once.
    Result<Rows> run(std::string_view sql, std::initializer_list<Value> values = {});

private:
    class Pool;
    explicit Database(std::unique_ptr<Pool> pool);
    std::unique_ptr<Pool> pool_;
};

}  // namespace bartizan::store
