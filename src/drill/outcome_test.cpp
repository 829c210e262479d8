#include "drill/outcome.h"

#include <gtest/gtest.h>

namespace bartizan::drill {
namespace {

const Scenario& scenario(std::string_view name) { return **find_scenario(name); }

Outcome seen_after(std::string_view name, std::int64_t queries) {
    Outcome out{.scenario = &scenario(name), .carried_out = true};
    out.seen.held = true;
    out.queries = queries;
    return out;
}

TEST(Outcome, APartThatDidNotHoldFailsTheScenario) {
    Outcome one = seen_after("extraction", 20);
    EXPECT_EQ(verdict_of(one), Verdict::pass);
    one.blocked.held = false;
    EXPECT_EQ(verdict_of(one), Verdict::fail);
    one.blocked.held = true;
    one.exercise.state = "waiting";
    EXPECT_EQ(verdict_of(one), Verdict::inconclusive);
    one.carried_out = false;
    EXPECT_EQ(verdict_of(one), Verdict::skipped);
}

TEST(Outcome, NothingMeasuredIsNoPass) {
    EXPECT_EQ(verdict_of(Outcome{.scenario = &scenario("stop"), .carried_out = true}), Verdict::inconclusive);
    EXPECT_EQ(verdict_of(Drill{}), Verdict::skipped);
    Drill cut{.complete = false};
    cut.outcomes.push_back(seen_after("evasion", 3));
    EXPECT_EQ(verdict_of(cut), Verdict::inconclusive);
}

TEST(Outcome, DetectionIsOnePieceOfEvidenceAndTheWorstCounts) {
    std::vector<Outcome> outcomes{seen_after("evasion", 36), seen_after("extraction", 90)};
    auto checks = checks_of(outcomes);
    ASSERT_EQ(checks.size(), 1U);
    EXPECT_EQ(checks[0].check, "monitor.detection");
    EXPECT_EQ(checks[0].verdict, Verdict::pass);
    EXPECT_EQ(checks[0].value, 90.0);
    EXPECT_EQ(checks[0].samples, 2);
    outcomes.push_back({.scenario = &scenario("membership"), .carried_out = true});
    outcomes.back().seen.held = false;
    checks = checks_of(outcomes);
    EXPECT_EQ(checks[0].verdict, Verdict::fail);
    EXPECT_FALSE(checks[0].value.has_value()) << "a count of what was seen would look like success";
    EXPECT_NE(checks[0].summary.find("membership was not seen"), std::string::npos);
}

TEST(Outcome, ARollbackIsEvidenceWithItsTime) {
    Outcome one{.scenario = &scenario("bad-version"), .carried_out = true};
    one.recovered = {true, 0.25, "served"};
    one.exercise = {.incident = 1, .run = "run-1", .mode = "drill", .state = "done", .playbook = "tampered-artefact"};
    const auto checks = checks_of({one});
    ASSERT_EQ(checks.size(), 2U);
    EXPECT_EQ(checks[0].check, "drill.rollback");
    EXPECT_EQ(checks[0].value, 0.25);
    EXPECT_EQ(checks[1].check, "exercise.playbook");
    EXPECT_EQ(checks[1].verdict, Verdict::pass);
}

TEST(Outcome, ADryRunIsNoExercise) {
    Outcome one = seen_after("evasion", 5);
    one.exercise = {.incident = 1, .run = "run-1", .mode = "dry", .state = "done", .playbook = "evasion-campaign"};
    EXPECT_EQ(checks_of({one}).size(), 1U);
}

TEST(Outcome, PagesEscapeWhatComesFromOutside) {
    Drill drill{.id = "drill-1", .server = "http://x", .asset = "model:<b>@1"};
    drill.outcomes.push_back(seen_after("evasion", 3));
    drill.outcomes[0].gained = {{"ended", "<script>alert(1)</script>"}};
    drill.left = {"<img>"};
    const std::string page = drill_html(drill);
    EXPECT_EQ(page.find("<script>alert"), std::string::npos);
    EXPECT_EQ(page.find("<img>"), std::string::npos);
    EXPECT_NE(page.find("model:&lt;b&gt;@1"), std::string::npos);
    EXPECT_NE(drill_text(drill).find("seen after 3 queries"), std::string::npos);
    EXPECT_EQ(to_json(drill)["scenarios"][0]["verdict"], "pass");
}

}  // namespace
}  // namespace bartizan::drill
