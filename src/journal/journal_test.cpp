#include "journal/journal_testing.h"

namespace bartizan::journal {
namespace {

class JournalTest : public StateTest {};

Journal::Change put(const char* name) {
    return [name](store::Transaction& transaction) -> Result<ledger::Event> {
        BARTIZAN_TRY(transaction.run("INSERT INTO setting VALUES (:name, 'x')", {std::string(name)}));
        return ledger::Event{"test.put", "anna", name};
    };
}

TEST_P(JournalTest, a_change_and_its_entry_are_both_there) {
    const std::int64_t before = *journal_->epoch();
    const auto index = journal_->act(put("a"));
    ASSERT_TRUE(index.ok()) << index.error().line();
    EXPECT_EQ(*index, 0U);
    EXPECT_EQ(database_->run("SELECT * FROM setting")->size(), 1U);
    EXPECT_EQ(last_event().kind, "test.put");
    EXPECT_EQ(last_event().details.value("action", "").size(), 32U);
    EXPECT_EQ(*journal_->epoch(), before + 1);
    EXPECT_TRUE(database_->run("SELECT * FROM pending_event")->empty());
}

TEST_P(JournalTest, a_change_that_fails_leaves_neither) {
    const auto refused = journal_->act([](store::Transaction& transaction) -> Result<ledger::Event> {
        BARTIZAN_TRY(transaction.run("INSERT INTO setting VALUES ('b', 'x')"));
        return invalid_input("changed my mind");
    });
    EXPECT_EQ(refused.error().message(), "changed my mind");
    EXPECT_TRUE(database_->run("SELECT * FROM setting")->empty());
    EXPECT_EQ(ledger_->size(), 0U);
}

TEST_P(JournalTest, what_the_ledger_would_not_take_is_not_done) {
    const auto refused = journal_->act([](store::Transaction& transaction) -> Result<ledger::Event> {
        BARTIZAN_TRY(transaction.run("INSERT INTO setting VALUES ('b', 'x')"));
        return ledger::Event{"test.long", "anna", "x", {{"text", std::string(70'000, 'x')}}};
    });
    EXPECT_EQ(refused.error().code(), Errc::invalid_input);
    EXPECT_TRUE(database_->run("SELECT * FROM setting")->empty());
}

TEST_P(JournalTest, a_start_appends_what_a_crash_left) {
    const std::string mine = ledger_->verifier().text();
    const auto leave = [&](const char* id, const std::string& ledger) {
        return database_->run(
            "INSERT INTO pending_event VALUES (:id, :ledger, 1, :event)",
            {std::string(id), ledger,
             std::string(R"({"kind":"test.left","actor":"a","asset":"b","details":{"action":"7"}})")});
    };
    ASSERT_TRUE(leave("7", mine).ok());
    ASSERT_TRUE(leave("8", "another").ok());
    close();
    open();
    EXPECT_EQ(ledger_->size(), 1U);
    EXPECT_EQ(last_event().kind, "test.left");
    EXPECT_EQ(database_->run("SELECT id FROM pending_event")->at(0).text(0), "8");  // of another gateway
}

INSTANTIATE_TEST_SUITE_P(Both, JournalTest, testing::Values(store::Engine::sqlite, store::Engine::postgresql),
                         engine_name);

}  // namespace
}  // namespace bartizan::journal
