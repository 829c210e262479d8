#include "store/session.h"

#include <libpq-fe.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <algorithm>
#include <deque>
#include <mutex>

#include <sys/socket.h>

namespace bartizan::store {
namespace {

constexpr const char* kBusySeconds = "10";

/// An error's kind: SOCI tells some; of SQLite's the rest stands in the message.
Error failure(const soci::soci_error& error) {
    const std::string text = error.get_error_message();
    const auto says = [&](std::string_view words) { return text.find(words) != std::string::npos; };
    switch (error.get_error_category()) {
        case soci::soci_error::connection_error:
            return {Errc::unavailable, "the database cannot be reached: " + text, "check that it runs"};
        case soci::soci_error::constraint_violation:
            return {Errc::conflict, "the database refused: " + text};
        case soci::soci_error::no_privilege:
            return {Errc::denied, "the database refused: " + text};
        default:
            break;
    }
    if (says("constraint") || says("duplicate key")) return {Errc::conflict, "the database refused: " + text};
    if (says("locked") || says("busy") || says("could not serialize") || says("deadlock"))
        return {Errc::conflict, "another writer was first: " + text, "try again"};
    if (says("disk is full") || says("disk full") || says("No space"))
        return {Errc::exhausted, "the database's disk is full", "free some space"};
    if (says("disk I/O error"))
        return {Errc::exhausted, "the database's disk cannot be written: it is full, at its limit, or fails",
                "free some space, look at the disk"};
    if (says("connection") || says("server closed") || says("terminating"))
        return {Errc::unavailable, "the database cannot be reached: " + text, "check that it runs"};
    if (says("readonly") || says("unable to open"))
        return {Errc::denied, "the database cannot be written: " + text, "check path and permissions"};
    if (says("malformed") || says("not a database"))
        return {Errc::invalid_input, "the file is damaged or no SQLite database: " + text};
    return internal_error("the database does not take the statement: " + text);
}

template <class Work>
auto guarded(Work work) -> decltype(work()) {
    try {
        return work();
    } catch (const soci::soci_error& error) {
        return failure(error);
    } catch (const std::exception& error) {
        return internal_error(std::string("database: ") + error.what());
    }
}

Value value_of(const soci::row& row, std::size_t column) {
    if (row.get_indicator(column) == soci::i_null) return {};
    switch (row.get_properties(column).get_data_type()) {
        case soci::dt_integer:
            return std::int64_t{row.get<int>(column)};
        case soci::dt_long_long:
            return std::int64_t{row.get<long long>(column)};
        case soci::dt_unsigned_long_long:
            return static_cast<std::int64_t>(row.get<unsigned long long>(column));
        case soci::dt_double:
            return row.get<double>(column);
        default:
            return row.get<std::string>(column);
    }
}

/// Waits that libpq leaves endless, for addresses that do not set them: a server that vanished is given up in time.
struct Preset {
    std::string_view keyword;
    const char* value;
};
constexpr Preset kPresets[] = {{"connect_timeout", "5"},
                               {"tcp_user_timeout", "10000"},
                               {"keepalives_idle", "10"},
                               {"keepalives_interval", "5"},
                               {"keepalives_count", "3"}};

/// An address as the keywords that SOCI passes on to libpq; it does not know addresses.
std::string keywords(const std::string& address) {
    char* why = nullptr;
    const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(PQconninfoParse(address.c_str(), &why),
                                                                               &PQconninfoFree);
    const std::unique_ptr<char, decltype(&PQfreemem)> reason(why, &PQfreemem);
    if (!options) throw soci::soci_error(std::string("unable to open: ") + (why == nullptr ? "" : why));
    std::string words;
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
        const char* value = option->val;
        const auto preset = std::ranges::find(kPresets, std::string_view(option->keyword), &Preset::keyword);
        if (value == nullptr && preset != std::end(kPresets)) value = preset->value;
        if (value == nullptr) continue;
        words += std::string(option->keyword) + "='";
        for (const char* c = value; *c != '\0'; ++c) {
            if (*c == '\'' || *c == '\\') words += '\\';
            words += *c;
        }
        words += "' ";
    }
    return words;
}

/// Values with the storage that SOCI binds to, which must not move.
struct Bound {
    soci::indicator indicator = soci::i_ok;
    long long integer = 0;
    double number = 0;
    std::string text;
};

void bind(soci::statement& statement, const Value& value, std::deque<Bound>& storage) {
    Bound& bound = storage.emplace_back();
    if (const auto* integer = std::get_if<std::int64_t>(&value)) {
        bound.integer = *integer;
        statement.exchange(soci::use(bound.integer, bound.indicator));
    } else if (const auto* number = std::get_if<double>(&value)) {
        bound.number = *number;
        statement.exchange(soci::use(bound.number, bound.indicator));
    } else {
        if (const auto* text = std::get_if<std::string>(&value))
            bound.text = *text;
        else
            bound.indicator = soci::i_null;
        statement.exchange(soci::use(bound.text, bound.indicator));
    }
}

}  // namespace

struct Session::State {
    State(Engine kind, std::string where) : engine(kind), address(std::move(where)) {}

    Engine engine;
    std::string address;
    soci::session session;
    bool doubtful = true;  ///< not connected, or perhaps no longer
    std::mutex asking_mutex;
    int asking = -1;  ///< socket of the statement under way
    std::chrono::steady_clock::time_point since;

    /// Null: not connected, or not to PostgreSQL. The library shows no type information for the sanitizer to check.
    __attribute__((no_sanitize("vptr"))) PGconn* connection() {
        if (engine != Engine::postgresql || session.get_backend() == nullptr) return nullptr;
        return static_cast<soci::postgresql_session_backend*>(session.get_backend())->conn_;
    }
    void set_asking(int which) {
        const std::lock_guard lock(asking_mutex);
        asking = which;
        since = std::chrono::steady_clock::now();
    }

    void connect() {
        if (engine == Engine::postgresql) {
            session.open(soci::postgresql, keywords(address));
            // What the server has to remark would else go to standard error, between the lines of the log.
            ::PQsetNoticeProcessor(
                connection(), [](void*, const char*) {}, nullptr);
            session << "SET client_min_messages TO WARNING";
            session << "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE";
        } else {
            session.open(soci::sqlite3, "db=\"" + address + "\" timeout=" + kBusySeconds + " synchronous=FULL");
            session << "PRAGMA journal_mode=WAL";
            session << "PRAGMA synchronous=FULL";
            session << "PRAGMA foreign_keys=ON";
        }
        doubtful = false;
    }
};

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::~Session() = default;

Result<std::unique_ptr<Session>> Session::open(Engine engine, const std::string& address) {
    if (address.empty() || address.find_first_of("\"'\n") != std::string::npos)
        return invalid_input("the address of the database is empty or has quotes in it");
    std::unique_ptr<Session> session(new Session(std::make_unique<State>(engine, address)));
    BARTIZAN_TRY_WITHIN(session->ensure_connected(), "database");
    return session;
}

Result<void> Session::ensure_connected() {
    if (!state_->doubtful) return {};
    return guarded([&]() -> Result<void> {
        state_->session.close();  // no statement is under way: `give_up` knows no socket
        state_->connect();
        return {};
    });
}

void Session::give_up(std::chrono::milliseconds patience) {
    const std::lock_guard lock(state_->asking_mutex);
    if (state_->asking >= 0 && std::chrono::steady_clock::now() - state_->since > patience)
        ::shutdown(state_->asking, SHUT_RDWR);
}

/// Names the socket that a statement waits on, for `give_up`, as long as it does.
class Session::Asking {
public:
    explicit Asking(State& state) : state_(state) { state_.set_asking(::PQsocket(state_.connection())); }
    ~Asking() { state_.set_asking(-1); }
    Asking(const Asking&) = delete;
    Asking& operator=(const Asking&) = delete;

private:
    State& state_;
};

Result<Rows> Session::run(std::string_view sql, std::span<const Value> values) {
    auto rows = guarded([&]() -> Result<Rows> {
        const Asking asking(*state_);
        std::deque<Bound> storage;
        soci::row row;
        soci::statement statement(state_->session);
        for (const Value& value : values) bind(statement, value, storage);
        statement.alloc();
        statement.prepare(std::string(sql));
        statement.define_and_bind();
        statement.exchange_for_rowset(soci::into(row));
        Rows out;
        for (bool more = statement.execute(true); more && row.size() > 0; more = statement.fetch()) {
            std::vector<Value> cells;
            for (std::size_t column = 0; column < row.size(); ++column) cells.push_back(value_of(row, column));
            out.emplace_back(std::move(cells));
        }
        return out;
    });
    if (!rows.ok() && rows.error().code() != Errc::conflict) state_->doubtful = true;
    return rows;
}

Result<void> Session::begin() {
    BARTIZAN_TRY(ensure_connected());
    const std::string_view words = state_->engine == Engine::sqlite ? "BEGIN IMMEDIATE" : "BEGIN";
    auto begun = run(words, {});
    if (begun.ok()) return {};
    // A connection that was cut while it was idle: nothing was done with it yet.
    if (begun.error().code() != Errc::unavailable) return std::move(begun).error();
    BARTIZAN_TRY(ensure_connected());
    begun = run(words, {});
    if (!begun.ok()) return std::move(begun).error();
    return {};
}

Result<void> Session::commit() {
    auto committed = run("COMMIT", {});
    if (committed.ok()) return {};
    roll_back();
    return std::move(committed).error();
}

void Session::roll_back() { (void)run("ROLLBACK", {}); }

}  // namespace bartizan::store
