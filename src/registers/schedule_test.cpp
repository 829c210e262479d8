#include "registers/schedule.h"

#include "registers/registers_testing.h"

namespace bartizan::registers {
namespace {

using governance::Verdict;
using Kind = Schedule::Notice::Kind;

class ScheduleTest : public RegistersTest {
protected:
    Schedule& schedule() { return registers_->schedule(); }
    Due due(const std::string& asset, const std::string& activity) {
        for (const Due& one : must(schedule().list()))
            if (one.asset == asset && one.activity == activity) return one;
        ADD_FAILURE() << "not scheduled: " << asset << " " << activity;
        return {};
    }
    std::vector<std::pair<Kind, std::string>> settled() {
        std::vector<std::pair<Kind, std::string>> out;
        for (const auto& one : must(schedule().settle("service")))
            out.emplace_back(one.kind, one.due.asset + "/" + one.due.activity);
        return out;
    }
    /// The registry's own clock: versions come when it says.
    registry::Version model() { return push("m", "bytes"); }
};

TEST_P(ScheduleTest, CadencesAreShorterWhereTheSectorAsksOrNobodyTold) {
    EXPECT_EQ(usual_days("audit", "general"), 365);
    EXPECT_EQ(usual_days("audit", "health"), 180);
    EXPECT_EQ(usual_days("audit", ""), 180);
    EXPECT_EQ(usual_days("scan", "general"), 30);
    EXPECT_EQ(usual_days("scan", "finance"), 7);
    EXPECT_EQ(usual_days("review", "automotive"), 180);
}

TEST_P(ScheduleTest, WhatWasDoneIsReadFromEvidence) {
    const auto version = model();
    Due audit = due("model:m", "audit");
    EXPECT_FALSE(audit.last);
    EXPECT_EQ(audit.due, now_ + 30 * kDay);  // never done: soon
    EXPECT_FALSE(audit.automatic);           // there is no reference data
    add(evidence("evasion.blackbox", version));
    audit = due("model:m", "audit");
    EXPECT_EQ(*audit.last, now_);
    EXPECT_EQ(audit.due, now_ + 180 * kDay);
    EXPECT_EQ(audit.warn_from, audit.due - 14 * kDay);
    describe("model:m", {{"sector", "general"}, {"owner", "owen"}});
    EXPECT_EQ(due("model:m", "audit").due, now_ + 365 * kDay);
    EXPECT_EQ(due("model:m", "audit").owner, "owen");
    // Other bytes were never audited.
    push("m", "other bytes");
    EXPECT_FALSE(due("model:m", "audit").last);
    EXPECT_EQ(due("model:m", "audit").version, "model:m@2");
}

TEST_P(ScheduleTest, CadencesAreSetWithinAYear) {
    model();
    const Due set = must(schedule().set("anna", "model:m", "audit", {.days = 90, .owner = "rita"}));
    EXPECT_EQ(set.days, 90);
    EXPECT_EQ(set.because, "set by anna");
    EXPECT_EQ(set.owner, "rita");
    EXPECT_FALSE(schedule().set("anna", "model:m", "audit", {.days = 367}).ok());
    EXPECT_FALSE(schedule().set("anna", "model:m", "audit", {.days = 0}).ok());
    EXPECT_FALSE(schedule().set("anna", "model:m", "dance", {.days = 9}).ok());
    EXPECT_FALSE(schedule().set("anna", "model:none", "audit", {.days = 9}).ok());
    // Nobody types in that an audit took place; a review is told, with who did it.
    EXPECT_FALSE(schedule().set("anna", "model:m", "audit", {.done = now_, .by = "us"}).ok());
    EXPECT_FALSE(schedule().set("anna", "model:m", "review", {.done = now_}).ok());
    EXPECT_FALSE(schedule().set("anna", "model:m", "review", {.done = now_ + 1, .by = "x"}).ok());
    const Due review = must(schedule().set("anna", "model:m", "review", {.done = now_, .by = "Red Team Ltd"}));
    EXPECT_EQ(review.due, now_ + 180 * kDay);
    EXPECT_EQ(review.last_by, "Red Team Ltd");
    EXPECT_EQ(last_event().kind, "schedule.set");
}

TEST_P(ScheduleTest, ItWarnsThenTellsThatItIsOverdueEachOnce) {
    const auto version = model();
    add(evidence("evasion.blackbox", version));
    add(evidence("artefact.scan", version));
    must(schedule().set("anna", "model:m", "review", {.done = now_, .by = "x"}));
    must(schedule().set("anna", "model:m", "scan", {.days = 366}));
    EXPECT_TRUE(settled().empty());
    now_ += 167 * kDay;
    auto told = settled();
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told[0].first, Kind::warn);
    EXPECT_TRUE(settled().empty());
    now_ += 13 * kDay;
    EXPECT_EQ(due("model:m", "audit").state(now_), "overdue");  // to the second
    EXPECT_EQ(due("model:m", "audit").state(now_ - 1), "due soon");
    told = settled();
    ASSERT_EQ(told.size(), 2U);
    EXPECT_EQ(told[0].first, Kind::overdue);
    EXPECT_TRUE(settled().empty());
    EXPECT_EQ(count("schedule.overdue"), 2U);
    EXPECT_EQ(must(schedule().standing())->verdict, Verdict::fail);
    // Done again: on time, and the next round is told afresh.
    add(evidence("evasion.blackbox", version));
    must(schedule().set("anna", "model:m", "review", {.done = now_, .by = "x"}));
    EXPECT_TRUE(settled().empty());
    EXPECT_EQ(must(schedule().standing())->verdict, Verdict::pass);
    now_ += 180 * kDay;
    EXPECT_EQ(settled().size(), 5U);  // both are warned of and overdue at once; the scan is begun
}

TEST_P(ScheduleTest, WhatTheServiceCanRunItRunsOnceADayUntilItIsDone) {
    const auto version = model();
    add(evidence("artefact.scan", version));
    EXPECT_TRUE(due("model:m", "scan").automatic);
    now_ += 6 * kDay;  // of 7: within the last quarter
    EXPECT_EQ(settled(), (std::vector<std::pair<Kind, std::string>>{{Kind::run, "model:m/scan"}}));
    now_ += kDay / 2;
    EXPECT_TRUE(settled().empty());
    now_ += kDay / 2;
    const auto again = settled();
    ASSERT_EQ(again.size(), 2U);  // it did not help: run again, and overdue now
    EXPECT_EQ(again[0].first, Kind::run);
    EXPECT_EQ(again[1].first, Kind::overdue);
    add(evidence("artefact.scan", version));
    EXPECT_EQ(due("model:m", "scan").state(now_), "on time");
    // With reference data an audit is the service's, too.
    must(registry_->attach("test", version.id, "reference", "rows"));
    EXPECT_TRUE(due("model:m", "audit").automatic);
}

TEST_P(ScheduleTest, ServicesAndVendorsCountFromWhenTheyWereFirstSeen) {
    describe("vendor:acme", {{"owner", "owen"}});
    EXPECT_TRUE(settled().empty());
    const std::int64_t due_at = due("vendor:acme", "review").due;
    EXPECT_EQ(due_at, now_ + 30 * kDay);
    now_ += 3 * kDay;
    describe("vendor:acme", {{"owner", "rita"}});  // describing it anew moves nothing
    EXPECT_EQ(due("vendor:acme", "review").due, due_at);
}

INSTANTIATE_TEST_SUITE_P(Engines, ScheduleTest, testing::Values(store::Engine::sqlite, store::Engine::postgresql),
                         journal::engine_name);

TEST(Calendar, FoldsEscapesAndSorts) {
    const std::string title = "a; b, c\\d\ne " + std::string(60, 'x') + "äöü" + std::string(80, 'y');
    const std::string text =
        calendar_text({{.uid = "2", .at = 200'000, .title = title}, {.uid = "1", .at = 0, .title = "first"}}, 0);
    EXPECT_TRUE(text.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"));
    EXPECT_LT(text.find("UID:1"), text.find("UID:2"));
    EXPECT_NE(text.find("DTSTART;VALUE=DATE:19700103\r\n"), std::string::npos);
    EXPECT_NE(text.find("SUMMARY:a\\; b\\, c\\\\d\\ne "), std::string::npos);
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t end = text.find("\r\n", at);
        ASSERT_NE(end, std::string::npos);
        EXPECT_LE(end - at, 75U);
        // No line begins within a character.
        const auto first = static_cast<unsigned char>(text[at + (text[at] == ' ' ? 1 : 0)]);
        EXPECT_NE(first & 0xc0U, 0x80U);
        at = end + 2;
    }
    std::string unfolded = text;
    for (std::size_t fold = unfolded.find("\r\n "); fold != std::string::npos; fold = unfolded.find("\r\n "))
        unfolded.erase(fold, 3);
    EXPECT_NE(unfolded.find("äöü" + std::string(80, 'y')), std::string::npos);
}

}  // namespace
}  // namespace bartizan::registers
