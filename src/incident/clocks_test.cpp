#include "incident/clocks.h"

#include <ctime>

#include <gtest/gtest.h>

#include "incident/incident_testing.h"

namespace bartizan::incident {
namespace {

std::int64_t at(const char* text) {
    std::tm parts{};
    EXPECT_NE(::strptime(text, "%Y-%m-%d %H:%M", &parts), nullptr) << text;
    return ::timegm(&parts);
}
std::string due(const char* id, const Anchors& anchors, const Holidays& holidays = {}) {
    for (const ClockRule& rule : shipped_clock_rules())
        if (rule.id == id) {
            const auto time = due_time(rule, anchors, holidays);
            if (!time) return "waits";
            char text[20];
            const auto seconds = static_cast<std::time_t>(*time);
            std::tm parts{};
            ::gmtime_r(&seconds, &parts);
            std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &parts);
            return text;
        }
    return "no rule";
}

// Worked by hand from Delegated Regulation (EU) 2025/301, Art. 5, and Regulation (EU) 2024/1689, Art. 73.
TEST(Clocks, DoraInitialIsFourHoursFromClassificationAndADayFromAwareness) {
    // Monday: aware 08:00, classified 10:00.
    EXPECT_EQ(due("dora-initial", {{"aware", at("2026-11-30 08:00")}, {"classified-major", at("2026-11-30 10:00")}}),
              "2026-11-30 14:00");
    // Classified 22 hours after: the day from awareness is sooner than four hours.
    EXPECT_EQ(due("dora-initial", {{"aware", at("2026-11-30 08:00")}, {"classified-major", at("2026-12-01 06:00")}}),
              "2026-12-01 08:00");
    // Classified after the day: four hours from then (5(2)).
    EXPECT_EQ(due("dora-initial", {{"aware", at("2026-11-30 08:00")}, {"classified-major", at("2026-12-02 09:00")}}),
              "2026-12-02 13:00");
    EXPECT_EQ(due("dora-initial", {{"aware", at("2026-11-30 08:00")}}), "waits");
}

TEST(Clocks, AWeekendMovesToNoonOfTheNextWorkingDay) {
    // Classified on Friday 22:00: 02:00 on Saturday becomes Monday noon.
    EXPECT_EQ(due("dora-initial", {{"aware", at("2026-12-04 20:00")}, {"classified-major", at("2026-12-04 22:00")}}),
              "2026-12-07 12:00");
    // Friday 17:00 ends on the same Friday.
    EXPECT_EQ(due("dora-initial", {{"aware", at("2026-12-04 16:00")}, {"classified-major", at("2026-12-04 17:00")}}),
              "2026-12-04 21:00");
    // A holiday on the Monday moves it to Tuesday.
    EXPECT_EQ(due("dora-initial", {{"aware", at("2026-12-04 20:00")}, {"classified-major", at("2026-12-04 22:00")}},
                  {"2026-12-07"}),
              "2026-12-08 12:00");
}

TEST(Clocks, TheOthers) {
    EXPECT_EQ(due("dora-intermediate", {{"initial-notification", at("2026-11-30 14:00")}}), "2026-12-03 14:00");
    EXPECT_EQ(due("dora-final", {{"intermediate-report", at("2027-01-31 09:00")}}),
              "2027-03-01 12:00");  // 28 Feb is a Sunday
    EXPECT_EQ(due("ai-act-73-2", {{"aware", at("2028-01-03 09:00")}}), "2028-01-18 09:00");
    EXPECT_EQ(due("ai-act-73-3", {{"aware", at("2028-01-03 09:00")}}), "2028-01-05 09:00");
    EXPECT_EQ(due("ai-act-73-4", {{"aware", at("2028-01-03 09:00")}}), "2028-01-13 09:00");
    EXPECT_EQ(due("gdpr-33", {{"breach", at("2026-12-04 20:00")}}), "2026-12-07 20:00");
    EXPECT_EQ(due("hipaa-404", {{"breach", at("2026-12-04 20:00")}}), "2027-02-02 20:00");
}

TEST(Clocks, EveryRuleSaysWhereItIsFromAndHowSureWeAre) {
    EXPECT_EQ(shipped_clock_rules().size(), 9U);
    for (const ClockRule& rule : shipped_clock_rules()) {
        EXPECT_GT(rule.citation.size(), 10U) << rule.id;
        EXPECT_FALSE(rule.sure.empty()) << rule.id;
    }
    for (const char* bad : {R"({})", R"({"schema":"bartizan.clocks/1","rules":[{"id":"x"}]})",
                            R"({"schema":"bartizan.clocks/1","rules":7})"})
        EXPECT_FALSE(parse_clock_rules(bad).ok()) << bad;
}

class ClockTest : public IncidentTest {};
INSTANTIATE_TEST_SUITE_P(Both, ClockTest, testing::Values(store::Engine::sqlite), journal::engine_name);

TEST_P(ClockTest, RunsFromItsEventWarnsAndIsMet) {
    const auto incident = must(response_->cases().open("anna", signal("person"), "membership"));
    ASSERT_TRUE(response_->clocks().start("anna", incident.number, "gdpr-33").ok());
    EXPECT_EQ(response_->clocks().start("anna", incident.number, "gdpr-33").error().code(), Errc::conflict);
    EXPECT_EQ(response_->clocks().start("anna", incident.number, "none").error().code(), Errc::not_found);
    EXPECT_EQ(must(response_->clocks().shown(incident.number))[0]["state"], "waiting");
    ASSERT_TRUE(response_->cases().set_anchor("anna", incident.number, "breach", now_).ok());
    EXPECT_EQ(must(response_->clocks().shown(incident.number))[0]["due"], now_ + 72 * 3600);
    EXPECT_EQ(must(response_->clocks().warn()), 0U);
    now_ += 36 * 3600;
    EXPECT_EQ(must(response_->clocks().warn()), 1U);
    EXPECT_EQ(must(response_->clocks().warn()), 0U);  // once
    now_ += 36 * 3600 + 1;
    EXPECT_EQ(must(response_->clocks().shown(incident.number))[0]["state"], "missed");
    EXPECT_EQ(must(response_->clocks().warn()), 1U);
    EXPECT_EQ(count("incident.clock-missed"), 1U);
    EXPECT_FALSE(response_->clocks().meet("anna", incident.number, "gdpr-33", "").ok());
    ASSERT_TRUE(response_->clocks().meet("anna", incident.number, "gdpr-33", "form 7 to the authority").ok());
    EXPECT_EQ(must(response_->clocks().shown(incident.number))[0]["state"], "met-late");
}

}  // namespace
}  // namespace bartizan::incident
