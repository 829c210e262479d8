/// Cases and runs of playbooks, on both databases.
#include <thread>

#include <fmt/format.h>

#include "incident/runs_testing.h"

namespace bartizan::incident {
namespace {

class RunTest : public RunFixture {};
INSTANTIATE_TEST_SUITE_P(Both, RunTest, testing::Values(store::Engine::sqlite, store::Engine::postgresql),
                         journal::engine_name);

TEST_P(RunTest, SignalsJoinTheIncidentTheyBelongTo) {
    auto& cases = response_->cases();
    const auto first = must(cases.take(signal("theft", "model:x@1", {"eve"})));
    EXPECT_TRUE(first.fresh);
    EXPECT_EQ(first.incident.threat, "extraction");
    const auto again = must(cases.take(signal("theft", "model:x@1", {"eve"})));
    EXPECT_FALSE(again.fresh);
    EXPECT_EQ(again.incident.number, first.incident.number);
    EXPECT_EQ(again.incident.signals.at(0).times, 2U);
    // The same hands on the same asset, another threat, within the hour.
    const auto other = must(cases.take(signal("similarity", "model:x@1", {"eve"})));
    EXPECT_EQ(other.incident.number, first.incident.number);
    // The same threat by the same hands on another asset.
    const auto wider = must(cases.take(signal("theft", "model:y@1", {"eve"})));
    EXPECT_EQ(wider.incident.number, first.incident.number);
    EXPECT_EQ(wider.incident.versions.size(), 2U);
    // Nobody in common.
    EXPECT_TRUE(must(cases.take(signal("theft", "model:z@1", {"carl"}))).fresh);
    EXPECT_TRUE(must(cases.take(signal("drift", "model:x@1", {}))).fresh);
    now_ += 2 * 86'400;
    EXPECT_TRUE(must(cases.take(signal("theft", "model:x@1", {"eve"}))).fresh) << "a day of quiet ends it";
}

TEST_P(RunTest, SeverityRisesAndClosedIncidentsTakeNothing) {
    auto& cases = response_->cases();
    Signal low = signal("volume", "model:v@1", {"eve"});
    low.severity = "low";
    const auto first = must(cases.take(low));
    low.severity = "critical";
    const auto worse = must(cases.take(low));
    EXPECT_TRUE(worse.worse);
    EXPECT_EQ(worse.incident.severity, "critical");
    must(cases.move("anna", first.incident.number, Progress::closed, ""));
    EXPECT_TRUE(must(cases.take(low)).fresh);
    low.severity = "terrible";
    EXPECT_FALSE(cases.take(low).ok());
}

TEST_P(RunTest, StatesGoForwardOrBackToOpenWithAReason) {
    auto& cases = response_->cases();
    now_ += 60;
    EXPECT_EQ(must(cases.move("anna", number_, Progress::contained, "")).anchors.at("contained"), now_);
    EXPECT_EQ(cases.move("anna", number_, Progress::open, "x").error().code(), Errc::conflict);
    EXPECT_EQ(cases.move("anna", number_, Progress::contained, "x").error().code(), Errc::conflict);
    must(cases.move("anna", number_, Progress::closed, ""));
    EXPECT_FALSE(cases.move("anna", number_, Progress::open, "").ok());
    must(cases.move("anna", number_, Progress::open, "it came back"));
    EXPECT_FALSE(cases.move("anna", number_, Progress::dismissed, "").ok());
    must(cases.move("anna", number_, Progress::dismissed, "a test"));
    EXPECT_EQ(cases.move("anna", 999, Progress::closed, "").error().code(), Errc::not_found);
    EXPECT_TRUE(must(cases.list("", 10)).empty());
    EXPECT_EQ(must(cases.list("all", 10)).size(), 1U);
    EXPECT_EQ(count("incident.state"), 4U);
}

TEST_P(RunTest, ADryRunChangesNothingAndTellsWhatItWouldDo) {
    const incident::Run run = start("tampered-artefact", RunMode::dry);
    EXPECT_EQ(run.state, "done") << run.reason;
    EXPECT_TRUE(service_.calls.empty());
    EXPECT_TRUE(must(response_->cases().holds(number_)).empty());
    EXPECT_EQ(run.steps.at(1).outcome["answer"]["would_call"], "POST /v1/models/m/rollback");
    EXPECT_NE(run.steps.at(1).outcome["answer"]["with"].get<std::string>().find("\"from\": \"2\""), std::string::npos);
}

TEST_P(RunTest, ARealRunCallsInOrderAndEveryOutcomeIsInTheLedger) {
    const incident::Run run = start("tampered-artefact");
    EXPECT_EQ(run.state, "done") << run.reason;
    ASSERT_GE(service_.calls.size(), 4U);
    EXPECT_EQ(service_.calls[0], "POST /v1/incidents/1/hold");
    EXPECT_EQ(service_.calls[1], "POST /v1/models/m/rollback");
    EXPECT_EQ(service_.calls[2], "POST /v1/models/m/quarantine");
    const incident::Run found = must(response_->runs().find(run.id));
    EXPECT_EQ(found.state, "done");
    EXPECT_EQ(found.steps.size(), run.steps.size());
    // Begins and ends of what changes, ends of what does not.
    EXPECT_GE(count("incident.step"), run.steps.size());
}

TEST_P(RunTest, NothingIsChangedThatIsNotHeld) {
    install("direct", {{id("start", 0), {{"type", "start"}, {"on_completion", id("action", 1)}}},
                       {id("action", 1), call("POST /v1/models/m/rollback HTTP/1.1", id("end", 2))},
                       {id("end", 2), {{"type", "end"}}}});
    service_.holds = false;
    const incident::Run refused = start("direct");
    EXPECT_EQ(refused.state, "failed");
    EXPECT_NE(refused.reason.find("evidence hold"), std::string::npos);
    EXPECT_TRUE(service_.calls.empty());
    service_.holds = true;
    EXPECT_EQ(must(response_->runs().resume("anna", refused.id)).state, "done");
    EXPECT_EQ(must(response_->cases().holds(number_)).size(), 1U);
    EXPECT_EQ(count("incident.hold"), 1U);
}

TEST_P(RunTest, AFailedStepStopsTheChainAndResumeGoesOnFromIt) {
    service_.on_call = [&](const ServiceCall& call) -> Result<Json> {
        if (call.target.ends_with("/quarantine") && service_.calls.size() < 4)
            return Error(Errc::unavailable, "no database");
        return Json::object();
    };
    const incident::Run failed = start("tampered-artefact");
    EXPECT_EQ(failed.state, "failed");
    EXPECT_NE(failed.reason.find("no database"), std::string::npos);
    const auto before = service_.calls.size();
    EXPECT_EQ(before, 3U);  // hold, rollback, quarantine
    const incident::Run resumed = must(response_->runs().resume("ben", failed.id));
    EXPECT_EQ(resumed.state, "done") << resumed.reason;
    EXPECT_EQ(service_.calls[before], "POST /v1/models/m/quarantine");  // and not the rollback again
    EXPECT_EQ(std::ranges::count(service_.calls, "POST /v1/models/m/rollback"), 1);
    EXPECT_EQ(response_->runs().resume("ben", failed.id).error().code(), Errc::conflict);
}

/// The process ends at every step in turn; what comes next goes on, and no step that was done is done twice.
TEST_P(RunTest, ACrashAtAnyStepIsResumedWithoutDoingAStepTwice) {
    for (std::size_t crash = 1; crash <= 6; ++crash) {
        service_.calls.clear();
        number_ = must(response_->cases().open("anna", signal("golden-set"), "")).number;
        const auto runs_before = must(response_->runs().list(number_)).size();
        // The crash comes in the middle of the call: what began is recorded, its outcome is not.
        service_.on_call = [&](const ServiceCall&) -> Result<Json> {
            if (service_.calls.size() == crash) throw std::runtime_error("the process ends");
            return Json::object();
        };
        bool crashed = false;
        try {
            (void)response_->runs().start("anna", "tampered-artefact", number_, RunMode::execute, {});
        } catch (const std::runtime_error&) {
            crashed = true;
        }
        ASSERT_TRUE(crashed) << crash;
        service_.on_call = {};
        make();  // a new process
        const auto runs = must(response_->runs().list(number_));
        ASSERT_EQ(runs.size(), runs_before + 1);
        EXPECT_EQ(runs[0].state, "running");
        const std::string cut = service_.calls.back();
        const incident::Run resumed = must(response_->runs().resume("anna", runs[0].id));
        EXPECT_EQ(resumed.state, "done") << resumed.reason;
        std::map<std::string, int> times;
        for (const std::string& one : service_.calls) ++times[one];
        for (const auto& [line, count] : times) {
            if (line.ends_with("/tasks")) continue;  // the playbook opens two
            EXPECT_EQ(count, line == cut ? 2 : 1) << line << " after a crash in call " << crash;
        }
    }
}

TEST_P(RunTest, StepsThatNeedPeopleWaitForThem) {
    const incident::Run waiting = start("backdoor-found");
    EXPECT_EQ(waiting.state, "waiting");
    EXPECT_EQ(service_.calls.back(), "POST /v1/models/m/rollback");
    // Who started it does not agree to it; a rejection stops it; another person's agreement lets it go on.
    EXPECT_EQ(response_->runs().decide("anna", waiting.id, "", true, "").error().code(), Errc::denied);
    const incident::Run after = must(response_->runs().decide("ben", waiting.id, "", true, "looked at it"));
    EXPECT_EQ(after.state, "waiting");  // for the manual step
    EXPECT_NE(std::ranges::find(service_.calls, "POST /v1/models/m/quarantine"), service_.calls.end());
    // A manual step may be done by whoever started the run.
    const incident::Run done = must(response_->runs().decide("anna", waiting.id, "", true, "it was carl"));
    EXPECT_EQ(done.state, "done") << done.reason;
    EXPECT_EQ(response_->runs().decide("ben", waiting.id, "", true, "").error().code(), Errc::conflict);
}

TEST_P(RunTest, TwoPersonsMeansTwo) {
    number_ = must(response_->cases().open("anna", signal("theft"), "")).number;
    const incident::Run waiting = start("model-theft");
    ASSERT_EQ(waiting.state, "waiting");
    EXPECT_EQ(must(response_->runs().decide("ben", waiting.id, "", true, "")).state, "waiting");
    EXPECT_EQ(response_->runs().decide("ben", waiting.id, "", true, "").error().code(), Errc::conflict);
    EXPECT_EQ(must(response_->runs().decide("carl", waiting.id, "", true, "")).state, "done");
    const incident::Run again = start("model-theft");
    const incident::Run rejected = must(response_->runs().decide("ben", again.id, "", false, "wrong account"));
    EXPECT_EQ(rejected.state, "failed");
    EXPECT_EQ(must(response_->runs().abort("anna", again.id, "not this one")).state, "aborted");
    EXPECT_EQ(response_->runs().resume("anna", again.id).error().code(), Errc::conflict);
}

TEST_P(RunTest, APlaybookRunsUnattendedOnlyAfterADrillOfItAsItIs) {
    make({.principal = "responder", .unattended = {{"golden-set", "tampered-artefact"}}, .drill_days = 30});
    const auto first = must(response_->answer(signal("golden-set", "model:w@2", {})));
    EXPECT_FALSE(first.run);
    EXPECT_NE(first.not_run_because.find("no drill"), std::string::npos);
    EXPECT_TRUE(service_.calls.empty());
    EXPECT_EQ(start("tampered-artefact", RunMode::drill).state, "done");
    service_.calls.clear();
    const auto second = must(response_->answer(signal("golden-set", "model:u@2", {})));
    ASSERT_TRUE(second.run) << second.not_run_because;
    EXPECT_EQ(second.run->state, "done");
    EXPECT_EQ(second.run->started_by, "responder");
    EXPECT_EQ(std::ranges::count(service_.calls, "POST /v1/models/u/rollback"), 1);
    now_ += 31 * 86'400;
    EXPECT_FALSE(must(response_->answer(signal("golden-set", "model:t@2", {}))).run) << "the drill is too old";
}

TEST_P(RunTest, TheThreadAnswersWhatIsOffered) {
    response_->start();
    for (int i = 0; i < 5; ++i) response_->offer(signal("theft", fmt::format("model:k{}@1", i), {}));
    response_->stop();
    EXPECT_EQ(must(response_->cases().list("", 100)).size(), 6U);
    response_->offer(signal("theft"));
    EXPECT_EQ(complaints_.size(), 1U) << "after the end";
}

TEST_P(RunTest, RestrictionsHoldForATimeAndAreLifted) {
    auto& restrictions = response_->restrictions();
    EXPECT_FALSE(restrictions.put("anna", {.kind = "throttle", .value = "1", .until = now_ + 10}).ok());
    EXPECT_FALSE(restrictions.put("anna", {.kind = "throttle", .principal = "eve", .value = "1", .until = now_}).ok());
    must(restrictions.put("anna", {.kind = "throttle", .principal = "eve", .value = "1", .until = now_ + 10}));
    const auto second =
        must(restrictions.put("anna", {.kind = "throttle", .principal = "eve", .value = "0.1", .until = now_ + 100}));
    auto all = must(restrictions.load());
    ASSERT_EQ(all->size(), 1U);  // the newer takes the place of the older
    EXPECT_EQ(restriction_for(*all, "throttle", "eve", "m", now_)->value, "0.1");
    EXPECT_EQ(restriction_for(*all, "throttle", "carl", "m", now_), nullptr);
    EXPECT_EQ(restriction_for(*all, "output", "eve", "m", now_), nullptr);
    EXPECT_EQ(restriction_for(*all, "throttle", "eve", "m", now_ + 100), nullptr);
    ASSERT_TRUE(restrictions.lift("anna", second.id).ok());
    EXPECT_TRUE(must(restrictions.load())->empty());
    EXPECT_EQ(restrictions.lift("anna", second.id).error().code(), Errc::not_found);
}

TEST_P(RunTest, TheReportHasTimesTimelineAndWhatIsStillToDo) {
    auto& cases = response_->cases();
    now_ += 90;
    start("tampered-artefact");
    must(cases.add_task("anna", number_, "turn the keys", "ben", 0));
    must(cases.move("anna", number_, Progress::contained, ""));
    now_ += 600;
    must(cases.move("anna", number_, Progress::recovered, ""));
    must(cases.review("anna", number_, "a disk was swapped", "sign what is loaded"));
    const Json report = must(report_of(*response_, number_));
    EXPECT_EQ(report["times"]["to_contain"], 90);
    EXPECT_EQ(report["times"]["to_recover"], 690);
    EXPECT_EQ(report["detected_by"][0], "golden-set");
    EXPECT_EQ(report["cause"], "a disk was swapped");
    const std::string text = report_markdown(report);
    for (const char* told : {"# Incident 1: golden-set", "to contain: 90 s", "turn the keys", "a disk was swapped"})
        EXPECT_NE(text.find(told), std::string::npos) << told << "\n" << text;
    EXPECT_EQ(report_of(*response_, 99).error().code(), Errc::not_found);
}

}  // namespace
}  // namespace bartizan::incident
