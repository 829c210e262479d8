/// From an alert to what is done about it, through the whole service.
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "gateway/service_testing.h"

namespace bartizan::gateway {
namespace {

using namespace std::chrono_literals;

class ResponseTest : public ServiceTest {
protected:
    void SetUp() override {
        config_.response.principal = "responder";
        config_.response.unattended = {{"golden-set", "tampered-artefact"}};
            ServiceTest::SetUp();
        add("responder", "security@*");
        add("anna", "security@*");
        add("ben", "security@*");
    }
    /// A model whose second version serves and whose first one did before.
    void serve_two(const std::string& name) {
        push(name + " one", "models/" + name);
        push(name + " two", "models/" + name);
        put_in_production(name, 1);
        put_in_production(name, 2);
    }
    /// Beside the service: its workers do not start here.
    void put_in_production(const std::string& name, std::int64_t number) {
        const auto moved =
            state_->registry->promote("test", {{registry::Kind::model, name}, number}, "production", config_.gates, "");
        ASSERT_TRUE(moved.ok()) << moved.error().line();
    }
    std::int64_t production(const std::string& name) {
        return ask("admin", "GET", "/v1/models/" + name).body["aliases"].value("production", std::int64_t{0});
    }
    Alert alert(const std::string& detector, const std::string& version, std::vector<std::string> who = {}) {
        return {.detector = detector,
                .version = version,
                .principals = std::move(who),
                .severity = "high",
                .title = detector + " of " + version,
                .atlas = "AML.T0018",
                .evidence = {{"rows", 64}}};
    }
    std::int64_t open(const std::string& version, const Json& principals = Json::array(),
                      const char* threat = "tampering") {
        const Answered answer =
            ask("anna", "POST", "/v1/incidents",
                Json{{"title", "t"}, {"threat", threat}, {"version", version}, {"principals", principals}}.dump());
        EXPECT_EQ(answer.status, 201) << answer.body;
        return answer.body.value("incident", std::int64_t{0});
    }
    Answered run(const std::string& who, const std::string& playbook, std::int64_t incident, const char* mode) {
        return ask(who, "POST", "/v1/playbooks/" + playbook + "/run",
                   Json{{"incident", incident}, {"mode", mode}}.dump());
    }
    std::int64_t incidents() {
        return static_cast<std::int64_t>(ask("anna", "GET", "/v1/incidents?state=all").body["incidents"].size());
    }
    template <class Holds>
    static bool soon(const Holds& holds, std::chrono::milliseconds patience = 10s) {
        const auto until = std::chrono::steady_clock::now() + patience;
        while (std::chrono::steady_clock::now() < until) {
            if (holds()) return true;
            std::this_thread::sleep_for(5ms);
        }
        return false;
    }
    static std::int64_t now() {
        return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    }
};

TEST_F(ResponseTest, ADryRunMovesNothingADrillDoesAndThenItMayRunUnattended) {
    serve_two("m");
    const auto incident = open("model:m@2");
    const Answered dry = run("anna", "tampered-artefact", incident, "dry");
    ASSERT_EQ(dry.status, 201) << dry.body;
    EXPECT_EQ(dry.body["state"], "done") << dry.body;
    EXPECT_EQ(production("m"), 2);
    // Not drilled: the alert opens an incident and nothing moves.
    serve_two("n");
    service_->alerts().raise(alert("golden-set", "model:n@2"), now());
    ASSERT_TRUE(soon([&] { return incidents() == 2; }));
    std::this_thread::sleep_for(50ms);
    EXPECT_EQ(production("n"), 2);

    const Answered drill = run("anna", "tampered-artefact", incident, "drill");
    EXPECT_EQ(drill.body["state"], "done") << drill.body;
    EXPECT_EQ(production("m"), 1);
    const Json holds = ask("anna", "GET", "/v1/incidents/1/holds").body["holds"];
    ASSERT_EQ(holds.size(), 1U);
    const Json manifest = holds[0]["manifest"];
    EXPECT_EQ(manifest["assets"]["model:m"]["aliases"]["production"], 2);  // as it was before
    EXPECT_EQ(manifest["versions"][0]["version"], 2);
    EXPECT_FALSE(manifest["ledger"]["head"].get<std::string>().empty());
    const Json report = ask("anna", "GET", "/v1/incidents/1").body;
    EXPECT_EQ(report["incident"]["state"], "contained");
    EXPECT_EQ(ask("admin", "GET", "/v1/models/m/versions/2").body["stage"], "quarantined");
}

/// The bar is one second at the 99th percentile of 100, on a machine that has nothing else to do: BARTIZAN_RUNS=100. By
/// itself the test holds what does not hang on the machine: that it is rolled back, unattended, each time.
TEST_F(ResponseTest, FromAlertToRolledBackUnderASecond) {
    serve_two("m");
    ASSERT_EQ(run("anna", "tampered-artefact", open("model:m@2"), "drill").body["state"], "done");
    const char* asked = std::getenv("BARTIZAN_RUNS");
    const std::size_t runs = asked == nullptr ? 3 : std::clamp<std::size_t>(std::strtoul(asked, nullptr, 10), 3, 1000);
    std::vector<double> seconds;
    for (std::size_t i = 0; i < runs; ++i) {
        const std::string name = "r" + std::to_string(i);
        serve_two(name);
        ASSERT_EQ(production(name), 2);
        const auto began = std::chrono::steady_clock::now();
        service_->alerts().raise(alert("golden-set", "model:" + name + "@2"), now());
        ASSERT_TRUE(soon([&] { return production(name) == 1; })) << name;
        seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
    }
    std::ranges::sort(seconds);
    std::printf("alert to rollback: median %.1f ms, p99 %.1f ms, worst %.1f ms\n", seconds[runs / 2] * 1000,
                seconds[(runs - 1) * 99 / 100] * 1000, seconds.back() * 1000);
    if (asked != nullptr) EXPECT_LT(seconds[(runs - 1) * 99 / 100], 1.0);
}

TEST_F(ResponseTest, QuarantineTakesEverythingDerivedAlong) {
    push("rows", "datasets/d");
    const auto from = [&](const std::string& asset, const std::string& lineage) {
        const Answered answer =
            ask("admin", "POST", "/v1/" + asset + "/versions?file=m.onnx&lineage=" + lineage, asset);
        ASSERT_EQ(answer.status, 201) << answer.body;
    };
    from("models/a", "trained_on:data:d@1");
    from("models/b", "derived_from:model:a@1");
    push("apart", "models/c");
    const auto incident = open("data:d@1", Json::array(), "poisoning");
    const Answered waiting = run("anna", "poisoned-data", incident, "execute");
    EXPECT_EQ(waiting.body["state"], "waiting") << waiting.body;  // for the manual step at the end
    for (const char* gone : {"models/a", "models/b"})
        EXPECT_EQ(ask("admin", "GET", std::string("/v1/") + gone + "/versions/1").body["stage"], "quarantined") << gone;
    EXPECT_NE(ask("admin", "GET", "/v1/models/c/versions/1").body["stage"], "quarantined");
    const std::string run = waiting.body["run"];
    EXPECT_EQ(ask("anna", "POST", "/v1/runs/" + run + "/decide", R"({"agreed":true})").body["state"], "done");
}

TEST_F(ResponseTest, ThievesAreSlowedDownAndSeeLess) {
    serve_two("m");
    add("eve", "consumer@model:m");
    service_->alerts().raise(alert("theft", "model:m@2", {"eve"}), now());
    ASSERT_TRUE(soon([&] { return incidents() == 1; }));
    const Answered waiting = run("anna", "model-theft", 1, "execute");
    ASSERT_EQ(waiting.status, 201) << waiting.body;
    ASSERT_EQ(waiting.body["state"], "waiting") << waiting.body;  // two must agree to disable the account
    EXPECT_EQ(ask("anna", "GET", "/v1/restrictions").body["restrictions"].size(), 2U);
    const std::string id = waiting.body["run"];
    const auto agree = [&](const char* who) {
        return ask(who, "POST", "/v1/runs/" + id + "/decide", R"({"agreed":true})");
    };
    EXPECT_EQ(agree("anna").status, 403);
    EXPECT_EQ(agree("ben").body["state"], "waiting");
    EXPECT_EQ(ask("eve", "GET", "/v1/whoami").status, 200);
    EXPECT_EQ(agree("responder").body["state"], "done");
    EXPECT_EQ(ask("eve", "GET", "/v1/whoami").status, 401);
    EXPECT_EQ(count("restriction.put", "anna"), 2U);
}

TEST_F(ResponseTest, ARunMayDoWhatItsPrincipalMayAndNoMore) {
    serve_two("m");
    add("carl", "security@model:n");
    EXPECT_EQ(run("carl", "tampered-artefact", open("model:m@2"), "execute").status, 403);
    const Json key = ask("admin", "POST", "/v1/keys", R"({"principal":"anna","scopes":["security@*"]})").body;
    keys_["narrow"] = key["key"];
    EXPECT_EQ(run("narrow", "tampered-artefact", 1, "execute").status, 403) << "a key with scopes";
    EXPECT_EQ(run("narrow", "tampered-artefact", 1, "dry").status, 201);
    EXPECT_EQ(production("m"), 2);
    EXPECT_EQ(ask("anna", "PUT", "/v1/playbooks/bad", "{}").status, 400);
    EXPECT_EQ(run("anna", "none", 1, "dry").status, 404);
    EXPECT_EQ(run("anna", "tampered-artefact", 77, "dry").status, 404);
}

TEST_F(ResponseTest, ContentsUnderAHoldAreKept) {
    for (int i = 0; i < 6; ++i) push("v" + std::to_string(i), "models/h");
    open("model:h@1");
    ASSERT_EQ(ask("anna", "POST", "/v1/incidents/1/hold", "{}").status, 201);
    Config strict = config_;
    strict.retention = {.newest = 1, .days = 0};
    ASSERT_TRUE(service_->reload(strict).ok());
    std::this_thread::sleep_for(1100ms);  // older than this second
    const Json removed = ask("admin", "POST", "/v1/collect", "{}").body["removed"];
    EXPECT_EQ(std::ranges::count(removed, Json("model:h@1")), 0) << removed;
    EXPECT_EQ(std::ranges::count(removed, Json("model:h@2")), 1) << removed;
    const std::string hold = ask("anna", "GET", "/v1/incidents/1/holds").body["holds"][0]["hold"];
    ASSERT_EQ(ask("anna", "POST", "/v1/holds/" + hold + "/release", R"({"reason":"told"})").status, 200);
    EXPECT_EQ(std::ranges::count(ask("admin", "POST", "/v1/collect", "{}").body["removed"], Json("model:h@1")), 1);
}

}  // namespace
}  // namespace bartizan::gateway
