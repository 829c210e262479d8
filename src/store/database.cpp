#include "store/database.h"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <thread>

#include "core/file.h"
#include "store/session.h"

namespace bartizan::store {

std::int64_t Row::integer(std::size_t column) const {
    const Value& value = values_.at(column);
    if (const auto* number = std::get_if<double>(&value)) return static_cast<std::int64_t>(*number);
    std::int64_t integer = 0;
    if (const auto* text = std::get_if<std::string>(&value))
        std::from_chars(text->data(), text->data() + text->size(), integer);
    if (const auto* exact = std::get_if<std::int64_t>(&value)) integer = *exact;
    return integer;
}

double Row::number(std::size_t column) const {
    const Value& value = values_.at(column);
    if (const auto* exact = std::get_if<std::int64_t>(&value)) return static_cast<double>(*exact);
    double number = 0;
    if (const auto* text = std::get_if<std::string>(&value))
        std::from_chars(text->data(), text->data() + text->size(), number);
    if (const auto* plain = std::get_if<double>(&value)) number = *plain;
    return number;
}

std::string Row::text(std::size_t column) const {
    const Value& value = values_.at(column);
    if (const auto* exact = std::get_if<std::int64_t>(&value)) return std::to_string(*exact);
    if (const auto* number = std::get_if<double>(&value)) return std::to_string(*number);
    const auto* text = std::get_if<std::string>(&value);
    return text == nullptr ? "" : *text;
}

using namespace std::chrono_literals;

namespace {

constexpr auto kLookEvery = 500ms;
/// For one statement. A server that takes requests and never answers (its disk hangs) is no better than none.
constexpr auto kStatementPatience = 10s;
constexpr auto kLeasePatience = 20s;

}  // namespace

/// Sessions that are lent one by one.
class Database::Pool {
public:
    Pool(Engine kind, std::vector<std::unique_ptr<Session>> sessions) : engine(kind), sessions_(std::move(sessions)) {
        for (const auto& session : sessions_) idle_.push_back(session.get());
        if (engine == Engine::postgresql) watcher_ = std::thread([this] { watch(); });
    }
    ~Pool() {
        {
            const std::lock_guard lock(mutex_);
            ending_ = true;
        }
        ended_.notify_all();
        if (watcher_.joinable()) watcher_.join();
    }
    Pool(const Pool&) = delete;
    Pool& operator=(const Pool&) = delete;

    class Lease {
    public:
        explicit Lease(Pool& pool) : pool_(pool) {
            std::unique_lock lock(pool_.mutex_);
            if (!pool_.returned_.wait_for(lock, kLeasePatience, [&] { return !pool_.idle_.empty(); })) return;
            session_ = pool_.idle_.front();
            pool_.idle_.pop_front();
        }
        ~Lease() {
            if (session_ == nullptr) return;
            const std::lock_guard lock(pool_.mutex_);
            pool_.idle_.push_back(session_);
            pool_.returned_.notify_one();
        }
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        /// Fails with `unavailable`: none was given back in time.
        Result<void> check() const {
            if (session_ != nullptr) return {};
            return Error(Errc::unavailable, "the database does not answer", "check that it runs");
        }
        Session& operator*() const { return *session_; }
        Session* operator->() const { return session_; }

    private:
        Pool& pool_;
        Session* session_ = nullptr;
    };

    const Engine engine;

private:
    void watch() {
        std::unique_lock lock(mutex_);
        while (!ended_.wait_for(lock, kLookEvery, [&] { return ending_; }))
            for (const auto& session : sessions_) session->give_up(kStatementPatience);
    }

    std::vector<std::unique_ptr<Session>> sessions_;
    std::mutex mutex_;
    std::condition_variable returned_, ended_;
    std::deque<Session*> idle_;
    bool ending_ = false;
    std::thread watcher_;
};

Database::Database(std::unique_ptr<Pool> pool) : pool_(std::move(pool)) {}
Database::~Database() = default;
Engine Database::engine() const { return pool_->engine; }

Result<std::unique_ptr<Database>> Database::open(const std::string& address, unsigned connections) {
    const bool server = address.starts_with("postgresql://") || address.starts_with("postgres://");
    const Engine engine = server ? Engine::postgresql : Engine::sqlite;
    std::error_code ignored;
    // What SQLite makes itself, everyone may read; it takes an empty file for a new database.
    if (!server && !address.empty() && !std::filesystem::exists(address, ignored))
        if (auto made = write_new_private_file(address, ""); !made.ok() && made.error().code() != Errc::conflict)
            return std::move(made).error().within("database");
    std::vector<std::unique_ptr<Session>> sessions;
    for (unsigned i = 0; i < std::max(connections, 1U); ++i)
        sessions.push_back(BARTIZAN_TRY(Session::open(engine, address)));
    return std::unique_ptr<Database>(new Database(std::make_unique<Pool>(engine, std::move(sessions))));
}

Result<void> Database::transact(const std::function<Result<void>(Transaction&)>& work) {
    const Pool::Lease session(*pool_);
    BARTIZAN_TRY(session.check());
    BARTIZAN_TRY(session->begin());
    if (auto done = work(*session); !done.ok()) {
        session->roll_back();
        return done;
    }
    return session->commit();
}

Result<Rows> Database::run(std::string_view sql, std::initializer_list<Value> values) {
    const Pool::Lease session(*pool_);
    BARTIZAN_TRY(session.check());
    BARTIZAN_TRY(session->ensure_connected());
    auto rows = session->run(sql, std::span(values.begin(), values.size()));
    // A connection that was cut while it was idle. Only what changes nothing may be asked twice.
    if (rows.ok() || rows.error().code() != Errc::unavailable || !sql.starts_with("SELECT")) return rows;
    BARTIZAN_TRY(session->ensure_connected());
    return session->run(sql, std::span(values.begin(), values.size()));
}

}  // namespace bartizan::store
