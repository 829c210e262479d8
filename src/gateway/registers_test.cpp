/// What the registers do without being asked.
#include <chrono>
#include <thread>

#include "gateway/service_testing.h"

namespace bartizan::gateway {
namespace {

class RegisterServiceTest : public ServiceTest {
protected:
    /// Asks until what is wanted is there, or half a minute has gone.
    template <class Wanted>
    Json until(const std::string& target, Wanted&& wanted) {
        Json body;
        for (int i = 0; i < 150; ++i) {
            body = ask("admin", "GET", target).body;
            if (wanted(body)) return body;
            std::this_thread::sleep_for(std::chrono::milliseconds(200));
        }
        ADD_FAILURE() << "did not come: " << target << " " << body;
        return body;
    }
};

TEST_F(RegisterServiceTest, WhatIsOverdueIsRunOrOpensAnIncident) {
    push("bytes");
    const Json scans = ask("admin", "GET", "/v1/evidence?check=artefact.scan").body["evidence"];
    ASSERT_EQ(scans.size(), 1U);
    // Evidence of the same second about the same bytes is the same evidence.
    std::this_thread::sleep_for(std::chrono::milliseconds(1100));
    // The version came long ago, and what its scan showed is disputed: scan and audit were never done.
    const std::string id = scans[0]["id"];
    ASSERT_EQ(ask("admin", "POST", "/v1/evidence/" + id + "/dispute", R"({"reason":"a test"})").status, 200);
    ASSERT_TRUE(state_->database->run("UPDATE asset_version SET created = created - 5000000").ok());
    // The service can scan: it does, and the schedule knows.
    until("/v1/evidence?check=artefact.scan",
          [](const Json& body) { return body.value("evidence", Json()).size() == 2; });
    const Json due = ask("admin", "GET", "/v1/schedule?state=overdue").body["schedule"];
    for (const Json& one : due) EXPECT_NE(one["activity"], "scan") << one;
    EXPECT_EQ(due.size(), 2U);
    // It has no data to audit on, and no red team: each is told, as an incident of its own kind.
    const Json alerts = until("/v1/alerts", [](const Json& body) {
        std::size_t overdue = 0;
        for (const Json& one : body.value("alerts", Json::array()))
            overdue += one.value("title", "").find("is overdue") != std::string::npos;
        return overdue >= 2;
    });
    for (const Json& one : alerts["alerts"]) EXPECT_EQ(one["detector"], "audit-schedule") << one;
    until("/v1/incidents", [](const Json& body) {
        for (const Json& one : body.value("incidents", Json::array()))
            if (one.value("threat", "") == "overdue-audit") return true;
        return false;
    });
    until("/v1/evidence?check=audit.programme", [](const Json& body) {
        return !body.value("evidence", Json()).empty() && body["evidence"][0]["verdict"] == "fail";
    });
}

TEST_F(RegisterServiceTest, RisksAreShownToWhoMaySeeTheirAsset) {
    push("bytes");
    push("other", "models/n");
    add("narrow", "viewer@model:n");
    ASSERT_EQ(ask("admin", "POST", "/v1/risks/derive", R"({"asset":"model:m"})").status, 201);
    ASSERT_EQ(ask("admin", "POST", "/v1/risks/derive", R"({"asset":"model:n"})").status, 201);
    const Json all = ask("admin", "GET", "/v1/risks").body["risks"],
               seen = ask("narrow", "GET", "/v1/risks").body["risks"];
    EXPECT_EQ(all.size(), 2 * seen.size());
    for (const Json& one : seen) EXPECT_EQ(one["asset"], "model:n");
    EXPECT_EQ(ask("narrow", "GET", "/v1/risks/R-1").status, 403);
    EXPECT_EQ(ask("narrow", "GET", "/v1/risks/R-999").status, 403);  // nor learns what there is
    EXPECT_EQ(ask("admin", "PUT", "/v1/risks/R-1", R"({"score":1})").status, 400);
    EXPECT_EQ(ask("narrow", "GET", "/v1/schedule").body["schedule"].size(), 3U);
}

}  // namespace
}  // namespace bartizan::gateway
