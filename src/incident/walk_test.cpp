/// Shapes of playbooks: branches, conditions, loops, timeouts; on both databases.
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "incident/runs_testing.h"

namespace bartizan::incident {
namespace {

class WalkTest : public RunFixture {};
INSTANTIATE_TEST_SUITE_P(Both, WalkTest, testing::Values(store::Engine::sqlite, store::Engine::postgresql),
                         journal::engine_name);

TEST_P(WalkTest, ParallelBranchesConditionsAndLoops) {
    const std::string a = id("action", 1), b = id("action", 2), c = id("action", 3), e = id("end", 9),
                      e2 = id("end", 8), e3 = id("end", 7), e4 = id("end", 6);
    Json loop = call("POST /v1/incidents/1/notes HTTP/1.1", e3);
    loop["out_args"] = {"__left__"};
    install(
        "shapes",
        {{id("start", 0), {{"type", "start"}, {"on_completion", id("parallel", 1)}}},
         {id("parallel", 1),
          {{"type", "parallel"},
           {"next_steps", {a, id("if-condition", 1)}},
           {"on_completion", id("while-condition", 1)}}},
         {a, call("POST /v1/incidents/1/tasks HTTP/1.1", e)},
         {id("if-condition", 1),
          {{"type", "if-condition"}, {"condition", "__mode__:value = 'hard'"}, {"on_true", b}, {"on_false", e4}}},
         {b, call("POST /v1/incidents/1/ticket HTTP/1.1", e2)},
         {id("while-condition", 1), {{"type", "while-condition"}, {"condition", "__left__:value > 0"}, {"on_true", c}}},
         {c, loop},
         {e, {{"type", "end"}}},
         {e2, {{"type", "end"}}},
         {e3, {{"type", "end"}}},
         {e4, {{"type", "end"}}}},
        {{"__mode__", {{"type", "string"}, {"external", true}}}, {"__left__", {{"type", "string"}, {"value", "3"}}}});
    int left = 3;
    service_.on_call = [&](const ServiceCall& call) -> Result<Json> {
        if (call.target.ends_with("/notes")) return Json{{"left", --left}};
        return Json::object();
    };
    const incident::Run run =
        must(response_->runs().start("anna", "shapes", number_, RunMode::execute, {{"__mode__", "hard"}}));
    EXPECT_EQ(run.state, "done") << run.reason;
    EXPECT_EQ(std::ranges::count(service_.calls, "POST /v1/incidents/1/notes"), 3);
    EXPECT_EQ(std::ranges::count(service_.calls, "POST /v1/incidents/1/ticket"), 1);
    service_.calls.clear();
    left = 1'000'000;
    const incident::Run endless =
        must(response_->runs().start("anna", "shapes", number_, RunMode::execute, {{"__mode__", "x"}}));
    EXPECT_EQ(endless.state, "failed");
    EXPECT_NE(endless.reason.find("loop"), std::string::npos);
    EXPECT_EQ(std::ranges::count(service_.calls, "POST /v1/incidents/1/ticket"), 0);
    EXPECT_FALSE(response_->runs().start("anna", "shapes", number_, RunMode::execute, {}).ok());  // __mode__ is needed
    EXPECT_FALSE(response_->runs().start("anna", "shapes", number_, RunMode::execute, {{"__left__", "1"}}).ok());
}

TEST_P(WalkTest, ParallelBranchesWalkSideBySideAndAllOfThem) {
    const std::string a = id("action", 1), b = id("action", 2), e = id("end", 9), e2 = id("end", 8), e3 = id("end", 7);
    install("both", {{id("start", 0), {{"type", "start"}, {"on_completion", id("parallel", 1)}}},
                     {id("parallel", 1), {{"type", "parallel"}, {"next_steps", {a, b}}, {"on_completion", e3}}},
                     {a, call("POST /v1/incidents/1/tasks HTTP/1.1", e)},
                     {b, call("POST /v1/incidents/1/ticket HTTP/1.1", e2)},
                     {e, {{"type", "end"}}},
                     {e2, {{"type", "end"}}},
                     {e3, {{"type", "end"}}}});
    // Each call ends when the other has begun: one behind the other they would wait in vain.
    std::mutex mutex;
    std::condition_variable changed;
    int begun = 0;
    service_.on_call = [&](const ServiceCall&) -> Result<Json> {
        std::unique_lock lock(mutex);
        ++begun;
        changed.notify_all();
        if (!changed.wait_for(lock, std::chrono::seconds(30), [&] { return begun >= 2; }))
            return Error(Errc::unavailable, "the other branch does not run");
        return Json::object();
    };
    EXPECT_EQ(must(response_->runs().start("anna", "both", number_, RunMode::execute, {})).state, "done");
    // One that fails does not keep the other from its end.
    service_.calls.clear();
    service_.on_call = [&](const ServiceCall& one) -> Result<Json> {
        if (one.target.ends_with("/tasks")) return Error(Errc::unavailable, "not now");
        return Json::object();
    };
    const incident::Run failed = must(response_->runs().start("anna", "both", number_, RunMode::execute, {}));
    EXPECT_EQ(failed.state, "failed");
    EXPECT_NE(failed.reason.find("not now"), std::string::npos);
    EXPECT_EQ(service_.calls.size(), 2U);
    service_.on_call = {};
    EXPECT_EQ(must(response_->runs().resume("ben", failed.id)).state, "done");
    EXPECT_EQ(service_.calls.size(), 3U) << "the branch that was done is not done again";
}

TEST_P(WalkTest, AStepThatTakesLongerThanItsTimeoutFails) {
    const std::string a = id("action", 1), b = id("action", 2), e = id("end", 9);
    Json slow = call("POST /v1/incidents/1/tasks HTTP/1.1", e);
    slow["timeout"] = 1;
    install("slow", {{id("start", 0), {{"type", "start"}, {"on_completion", a}}}, {a, slow}, {e, {{"type", "end"}}}});
    service_.on_call = [](const ServiceCall&) -> Result<Json> {
        const auto began = std::chrono::steady_clock::now();
        while (std::chrono::steady_clock::now() - began < std::chrono::milliseconds(5)) {
        }
        return Json::object();
    };
    const incident::Run late = must(response_->runs().start("anna", "slow", number_, RunMode::execute, {}));
    EXPECT_EQ(late.state, "failed");
    EXPECT_NE(late.reason.find("longer than its timeout of 1 ms"), std::string::npos) << late.reason;
    service_.on_call = {};

    Json manual = call("POST /v1/incidents/1/tasks HTTP/1.1", e);
    manual["timeout"] = 3'600'000;
    manual["commands"] = {{{"type", "manual"}, {"command", "look at it"}}};
    manual.erase("on_completion");
    manual["on_success"] = e;
    manual["on_failure"] = b;
    install("patient", {{id("start", 0), {{"type", "start"}, {"on_completion", a}}},
                        {a, manual},
                        {b, call("POST /v1/incidents/1/ticket HTTP/1.1", id("end", 8))},
                        {e, {{"type", "end"}}},
                        {id("end", 8), {{"type", "end"}}}});
    const incident::Run waiting = must(response_->runs().start("anna", "patient", number_, RunMode::execute, {}));
    ASSERT_EQ(waiting.state, "waiting");
    now_ += 3600;
    EXPECT_EQ(must(response_->runs().expire()), 0U);
    service_.calls.clear();
    now_ += 1;
    EXPECT_EQ(must(response_->runs().expire()), 1U);
    const incident::Run after = must(response_->runs().find(waiting.id));
    EXPECT_EQ(after.state, "done") << "it went on where a failure leads";
    EXPECT_EQ(after.steps[0].state, "failed");
    EXPECT_EQ(service_.calls, std::vector<std::string>{"POST /v1/incidents/1/ticket"});
    EXPECT_EQ(must(response_->runs().expire()), 0U);
}

}  // namespace
}  // namespace bartizan::incident
