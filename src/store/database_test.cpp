/// One suite for both engines.
#include "store/database.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "store/postgresql_testing.h"

namespace bartizan::store {
namespace {

class DatabaseTest : public testing::TestWithParam<Engine> {
protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "bartizan-XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
        address_ = (folder_ / "state.db").string();
        if (GetParam() == Engine::sqlite) return;
        std::string why_not;
        TestServer* server = test_server(why_not);
        if (server == nullptr) GTEST_SKIP() << why_not;
        address_ = server->new_database();
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    std::unique_ptr<Database> open() const {
        auto opened = Database::open(address_);
        EXPECT_TRUE(opened.ok()) << opened.error().line();
        return std::move(opened).value();
    }
    static Errc code_of(const Result<Rows>& rows) { return rows.ok() ? Errc{255} : rows.error().code(); }

    std::filesystem::path folder_;
    std::string address_;
};

constexpr std::string_view kThings =
    "CREATE TABLE thing (id BIGINT NOT NULL PRIMARY KEY, name TEXT, score DOUBLE PRECISION)";

TEST_P(DatabaseTest, gives_back_what_it_was_given) {
    const auto database = open();
    ASSERT_TRUE(database->run(kThings).ok());
    const std::string awkward = "it's \"quoted\"; -- \u20ac :name \\ $1\n";
    const std::int64_t large = std::int64_t{1} << 60;
    ASSERT_TRUE(database->run("INSERT INTO thing VALUES (:id, :name, :score)", {large, awkward, 0.1}).ok());
    ASSERT_TRUE(
        database->run("INSERT INTO thing VALUES (:id, :name, :score)", {std::int64_t{-1}, Value(), Value()}).ok());
    const Rows rows = *database->run("SELECT id, name, score FROM thing ORDER BY id DESC");
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].integer(0), large);
    EXPECT_EQ(rows[0].text(1), awkward);
    EXPECT_EQ(rows[0].number(2), 0.1);
    EXPECT_TRUE(rows[1].is_null(1));
    EXPECT_TRUE(rows[1].is_null(2));
    EXPECT_EQ(database->run("SELECT COUNT(*), MAX(id), MIN(name) FROM thing")->at(0).integer(0), 2);
    EXPECT_TRUE(database->run("SELECT id FROM thing WHERE name = :name", {std::string("none")})->empty());
}

TEST_P(DatabaseTest, updates_in_place_and_says_what_it_changed) {
    const auto database = open();
    ASSERT_TRUE(database->run(kThings).ok());
    const auto put = [&](const char* name) {
        return *database->run(
            "INSERT INTO thing (id, name) VALUES (:id, :name) ON CONFLICT (id) DO UPDATE SET name = "
            "excluded.name RETURNING name",
            {std::int64_t{1}, std::string(name)});
    };
    EXPECT_EQ(put("a").at(0).text(0), "a");
    EXPECT_EQ(put("b").at(0).text(0), "b");
    EXPECT_EQ(database->run("DELETE FROM thing WHERE id = :id RETURNING id", {std::int64_t{1}})->size(), 1U);
    EXPECT_EQ(database->run("DELETE FROM thing WHERE id = :id RETURNING id", {std::int64_t{1}})->size(), 0U);
}

TEST_P(DatabaseTest, a_failed_transaction_leaves_nothing) {
    const auto database = open();
    ASSERT_TRUE(database->run(kThings).ok());
    const auto failed = database->transact([](Transaction& transaction) -> Result<void> {
        BARTIZAN_TRY(transaction.run("INSERT INTO thing (id) VALUES (:id)", {std::int64_t{1}}));
        return invalid_input("changed my mind");
    });
    EXPECT_EQ(failed.error().message(), "changed my mind");
    const auto refused = database->transact([](Transaction& transaction) -> Result<void> {
        BARTIZAN_TRY(transaction.run("INSERT INTO thing (id) VALUES (:id)", {std::int64_t{1}}));
        BARTIZAN_TRY(transaction.run("INSERT INTO thing (id) VALUES (:id)", {std::int64_t{1}}));
        return {};
    });
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code(), Errc::conflict) << refused.error().line();
    EXPECT_EQ(database->run("SELECT COUNT(*) FROM thing")->at(0).integer(0), 0);
}

TEST_P(DatabaseTest, a_statement_that_is_none_is_an_error_and_the_database_goes_on) {
    const auto database = open();
    EXPECT_EQ(code_of(database->run("SELEKT 1")), Errc::internal);
    EXPECT_EQ(code_of(database->run("SELECT * FROM none")), Errc::internal);
    EXPECT_EQ(database->run("SELECT 41 + 1")->at(0).integer(0), 42);
}

TEST_P(DatabaseTest, counts_right_under_many_writers) {
    const auto database = open();
    ASSERT_TRUE(database->run(kThings).ok());
    ASSERT_TRUE(database->run("INSERT INTO thing VALUES (1, 'n', 0)").ok());
    constexpr int kThreads = 4;
    constexpr int kEach = 10;
    std::atomic<int> done = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t)
        threads.emplace_back([&] {
            for (int tries = 0, mine = 0; mine < kEach && tries < 10000; ++tries) {
                const auto added = database->transact([](Transaction& transaction) -> Result<void> {
                    const Rows rows = BARTIZAN_TRY(transaction.run("SELECT score FROM thing WHERE id = 1"));
                    BARTIZAN_TRY(
                        transaction.run("UPDATE thing SET score = :score WHERE id = 1", {rows.at(0).number(0) + 1}));
                    return {};
                });
                if (!added.ok()) EXPECT_EQ(added.error().code(), Errc::conflict) << added.error().line();
                if (added.ok()) ++mine, ++done;
            }
        });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(done, kThreads * kEach);
    EXPECT_EQ(database->run("SELECT score FROM thing")->at(0).number(0), kThreads * kEach);
}

TEST_P(DatabaseTest, the_migrations_of_the_program_apply_and_apply_only_once) {
    for (int i = 0; i < 2; ++i) {
        const auto migrated = open()->migrate();
        ASSERT_TRUE(migrated.ok()) << migrated.error().line();
    }
    EXPECT_EQ(open()->run("SELECT COUNT(*) FROM migration")->at(0).integer(0),
              static_cast<std::int64_t>(migrations().size()));
    EXPECT_TRUE(open()->run("INSERT INTO setting VALUES ('name', 'value')").ok());
}

TEST_P(DatabaseTest, a_changed_a_failed_and_a_newer_migration_are_refused) {
    constexpr Migration kOne{1, "0001_one", "CREATE TABLE one (id BIGINT);\n"};
    constexpr Migration kTwo{2, "0002_two", "CREATE TABLE two (id BIGINT);\nINSERT INTO none VALUES (1);\n"};
    const auto database = open();
    ASSERT_TRUE(database->migrate({{kOne}}).ok());
    const auto failed = database->migrate({{kOne, kTwo}});
    ASSERT_FALSE(failed.ok());
    EXPECT_NE(failed.error().line().find("0002_two"), std::string::npos);
    EXPECT_FALSE(database->run("SELECT * FROM two").ok()) << "rolled back as a whole";
    constexpr Migration kChanged{1, "0001_one", "CREATE TABLE other (id BIGINT);\n"};
    EXPECT_EQ(database->migrate({{kChanged}}).error().code(), Errc::conflict);
    EXPECT_EQ(database->migrate({}).error().code(), Errc::conflict);
}

TEST_P(DatabaseTest, what_was_committed_is_there_when_it_is_opened_again) {
    ASSERT_TRUE(open()->run(kThings).ok());
    ASSERT_TRUE(open()->run("INSERT INTO thing (id) VALUES (7)").ok());
    EXPECT_EQ(open()->run("SELECT id FROM thing")->at(0).integer(0), 7);
}

TEST_P(DatabaseTest, a_file_is_for_its_owner_alone) {
    const auto database = open();
    ASSERT_TRUE(database->run(kThings).ok());
    if (GetParam() == Engine::postgresql) GTEST_SKIP() << "there is no file";
    for (const auto& file : std::filesystem::directory_iterator(folder_))
        EXPECT_EQ(file.status().permissions(), std::filesystem::perms::owner_read | std::filesystem::perms::owner_write)
            << file.path();
}

INSTANTIATE_TEST_SUITE_P(Both, DatabaseTest, testing::Values(Engine::sqlite, Engine::postgresql),
                         [](const auto& info) { return info.param == Engine::sqlite ? "SQLite" : "PostgreSQL"; });

TEST(DatabasePostgreSQL, a_server_that_went_away_and_came_back_is_found_again) {
    std::string why_not;
    TestServer* server = test_server(why_not);
    if (server == nullptr) GTEST_SKIP() << why_not;
    const auto database = Database::open(server->new_database(), 1).value();
    ASSERT_TRUE(database->run(kThings).ok());
    server->kill();
    for (int i = 0; i < 2; ++i) {
        const auto gone = database->run("SELECT COUNT(*) FROM thing");
        ASSERT_FALSE(gone.ok());
        EXPECT_EQ(gone.error().code(), Errc::unavailable) << gone.error().line();
    }
    ASSERT_TRUE(server->run());
    EXPECT_EQ(database->run("SELECT COUNT(*) FROM thing")->at(0).integer(0), 0);
}

TEST(DatabaseAddress, one_that_leads_nowhere_is_refused) {
    EXPECT_EQ(Database::open("postgresql://127.0.0.1:1/none").error().code(), Errc::unavailable);
    EXPECT_FALSE(Database::open("/nonexistent/folder/state.db").ok());
    EXPECT_EQ(Database::open("").error().code(), Errc::invalid_input);
    EXPECT_EQ(Database::open("a\" b=\"c").error().code(), Errc::invalid_input);
    std::string name = (std::filesystem::temp_directory_path() / "bartizan-XXXXXX").string();
    const std::filesystem::path folder = ::mkdtemp(name.data());
    std::ofstream(folder / "state.db") << std::string(5000, 'x');
    EXPECT_EQ(Database::open((folder / "state.db").string()).error().code(), Errc::invalid_input);
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace bartizan::store
