/// Every route against every role. The table is written by hand, from server.md: it must not be made from the code.
#include <set>

#include "gateway/service_testing.h"
#include "http/head.h"

namespace bartizan::gateway {
namespace {

struct Row {
    const char* method;
    const char* target;
    const char* body;
    const char* may;  ///< v viewer, c consumer, d data-steward, m ml-engineer, s security, a admin
};

/// Version 1 is in production, version 2 is not. Bodies are such that nothing changes.
constexpr Row kMatrix[] = {
    {"GET", "/metrics", "", "vcdmsa"},
    {"GET", "/v2/models/m", "", "vcdmsa"},
    {"GET", "/v2/models/m/ready", "", "vcdmsa"},
    {"POST", "/v2/models/m/infer", "{}", "cmsa"},
    {"GET", "/v2/models/m/versions/1", "", "vcdmsa"},
    {"GET", "/v2/models/m/versions/1/ready", "", "vcdmsa"},
    {"GET", "/v2/models/m/versions/2", "", "msa"},
    {"GET", "/v2/models/m/versions/2/ready", "", "msa"},
    {"POST", "/v2/models/m/versions/1/infer", "{}", "cmsa"},
    {"POST", "/v2/models/m/versions/2/infer", "{}", "msa"},

    {"GET", "/v1/models", "", "vcdmsa"},
    {"GET", "/v1/models/m", "", "vcdmsa"},
    {"GET", "/v1/models/m/moves", "", "vcdmsa"},
    {"GET", "/v1/models/m/diff?from=1&to=2", "", "vcdmsa"},
    {"POST", "/v1/models/m/versions", "", "ma"},
    {"GET", "/v1/models/m/versions/1", "", "vcdmsa"},
    {"GET", "/v1/models/m/versions/1/content", "", "msa"},
    {"GET", "/v1/models/m/versions/1/attachments/bom", "", "msa"},
    {"PUT", "/v1/models/m/versions/1/attachments/bom", "", "ma"},
    {"PUT", "/v1/models/m/aliases/canary", "{}", "msa"},
    {"POST", "/v1/models/m/rollback", "{\"alias\":\"none\"}", "msa"},
    {"POST", "/v1/models/m/quarantine", "{}", "msa"},
    {"POST", "/v1/models/m/release", "{}", "s"},

    {"GET", "/v1/datasets", "", "vcdmsa"},
    {"GET", "/v1/datasets/d", "", "vcdmsa"},
    {"POST", "/v1/datasets/d/versions", "", "da"},
    {"GET", "/v1/datasets/d/versions/1/content", "", "dmsa"},
    {"PUT", "/v1/datasets/d/versions/1/attachments/bom", "", "da"},
    {"PUT", "/v1/datasets/d/aliases/canary", "{}", "dsa"},
    {"POST", "/v1/datasets/d/rollback", "{\"alias\":\"none\"}", "dsa"},
    {"POST", "/v1/datasets/d/quarantine", "{}", "dsa"},
    {"POST", "/v1/datasets/d/release", "{}", "s"},

    {"POST", "/v1/collect", "{}", "a"},
    {"GET", "/v1/workers", "", "vcdmsa"},
    {"GET", "/v1/whoami", "", "vcdmsa"},
    {"GET", "/v1/session", "", "vcdmsa"},
    {"DELETE", "/v1/session", "", "vcdmsa"},  // a key is no session: 409
    {"GET", "/v1/overview", "", "vcdmsa"},
    {"GET", "/v1/roles", "", "vcdmsa"},
    {"GET", "/v1/principals", "", "sa"},
    {"POST", "/v1/principals", "{}", "a"},
    {"POST", "/v1/principals/nobody/disable", "{}", "a"},
    {"POST", "/v1/principals/nobody/enable", "{}", "a"},
    {"PUT", "/v1/principals/nobody/password", "{}", "a"},
    {"PUT", "/v1/principals/nobody/grants/viewer@*", "{}", "a"},
    {"DELETE", "/v1/principals/nobody/grants/viewer@*", "", "a"},
    {"GET", "/v1/keys", "", "sa"},
    {"POST", "/v1/keys", "{\"principal\":\"nobody\"}", "a"},
    {"DELETE", "/v1/keys/000000000000", "", "a"},
    {"GET", "/v1/ledger/head", "", "vcdmsa"},
    {"GET", "/v1/ledger/entries", "", "sa"},
    {"GET", "/v1/ledger/entries/0/proof", "", "sa"},
    {"GET", "/v1/ledger/growth?from=1", "", "vcdmsa"},
    {"GET", "/v1/alerts", "", "sa"},
    {"GET", "/v1/detectors", "", "vcdmsa"},
    {"GET", "/v1/controls", "", "vcdmsa"},
    {"GET", "/v1/controls/requirement?id=none", "", "vcdmsa"},
    {"GET", "/v1/controls/catalogues", "", "vcdmsa"},
    {"GET", "/v1/evidence", "", "vcdmsa"},
    {"POST", "/v1/evidence", "{\"check\":\"artefact.bom\",\"subject\":\"model:m@1\"}", "ma"},
    {"POST", "/v1/evidence", "{\"check\":\"budget.share\",\"subject\":\"organisation\"}", "sa"},
    {"POST", "/v1/evidence/reports?subject=organisation",
     R"({"schema":"bartizan.ledger/1","action":"verify","verified":true})", "sa"},
    {"GET", "/v1/evidence/none", "", "vcdmsa"},
    {"POST", "/v1/evidence/none/dispute", "{}", "sa"},
    {"GET", "/v1/waivers", "", "vcdmsa"},
    {"POST", "/v1/waivers", "{}", "sa"},
    {"DELETE", "/v1/waivers/none", "", "sa"},
    {"GET", "/v1/inventory", "", "vcdmsa"},
    {"PUT", "/v1/inventory/model:m", "{\"criticality\":9}", "msa"},
    {"GET", "/v1/risks", "", "vcdmsa"},
    {"POST", "/v1/risks/derive", "{}", "sa"},
    {"GET", "/v1/risks/R-9", "", "vcdmsa"},
    {"PUT", "/v1/risks/R-9", "{}", "sa"},
    {"POST", "/v1/risks/R-9/accept", "{}", "sa"},
    {"GET", "/v1/schedule", "", "vcdmsa"},
    {"PUT", "/v1/schedule/model:m/dance", "{}", "sa"},
    {"GET", "/v1/calendar", "", "sa"},
    {"GET", "/v1/budget", "", "sa"},
    {"GET", "/v1/budget/whatif", "", "sa"},
    {"PUT", "/v1/budget/p/2027/l", "{}", "sa"},
    {"DELETE", "/v1/budget/p/2027/l", "", "sa"},
    {"POST", "/v1/budget/p/2027/waiver", "{}", "sa"},
    {"GET", "/v1/vendors", "", "sa"},
    {"GET", "/v1/vendor-questions", "", "vcdmsa"},
    {"GET", "/v1/vendor-comparison?names=none", "", "sa"},
    {"GET", "/v1/vendors/none", "", "sa"},
    {"PUT", "/v1/vendors/none", "{\"criticality\":9}", "sa"},
    {"PUT", "/v1/vendors/none/answers", "{}", "sa"},
    {"POST", "/v1/vendors/none/exceptions", "{}", "sa"},
    {"GET", "/v1/people", "", "sa"},
    {"PUT", "/v1/people/x/roles/none", "{}", "sa"},
    {"POST", "/v1/people/x/training", "{}", "sa"},
    {"POST", "/v1/signatures", "{}", "sa"},
    {"GET", "/v1/incidents", "", "sa"},
    {"POST", "/v1/incidents", "{}", "sa"},
    {"GET", "/v1/incidents/9", "", "sa"},
    {"GET", "/v1/incidents/9/report", "", "sa"},
    {"POST", "/v1/incidents/9/state", "{}", "sa"},
    {"POST", "/v1/incidents/9/owner", "{}", "sa"},
    {"POST", "/v1/incidents/9/notes", "{}", "sa"},
    {"POST", "/v1/incidents/9/tasks", "{}", "sa"},
    {"POST", "/v1/incidents/9/tasks/1/done", "{}", "sa"},
    {"POST", "/v1/incidents/9/hold", "{}", "sa"},
    {"GET", "/v1/incidents/9/holds", "", "sa"},
    {"POST", "/v1/holds/none/release", "{}", "sa"},
    {"POST", "/v1/incidents/9/anchors", "{}", "sa"},
    {"POST", "/v1/incidents/9/review", "{}", "sa"},
    {"GET", "/v1/clocks", "", "vcdmsa"},
    {"POST", "/v1/incidents/9/clocks", "{}", "sa"},
    {"POST", "/v1/incidents/9/clocks/gdpr-33/met", "{}", "sa"},
    {"POST", "/v1/incidents/9/messages", "{}", "sa"},
    {"GET", "/v1/messages/none", "", "sa"},
    {"POST", "/v1/messages/none/approve", "{}", "sa"},
    {"POST", "/v1/messages/none/send", "{}", "sa"},
    {"POST", "/v1/incidents/9/ticket", "{}", "sa"},
    {"GET", "/v1/playbooks", "", "sa"},
    {"GET", "/v1/playbooks/none", "", "sa"},
    {"PUT", "/v1/playbooks/x", "{}", "sa"},
    {"POST", "/v1/playbooks/none/run", "{}", "sa"},
    {"GET", "/v1/runs/none", "", "sa"},
    {"POST", "/v1/runs/none/decide", "{}", "sa"},
    {"POST", "/v1/runs/none/resume", "{}", "sa"},
    {"POST", "/v1/runs/none/abort", "{}", "sa"},
    {"POST", "/v1/incidents/9/principals", "{}", "sa"},
    {"PUT", "/v1/models/m/output", "{}", "sa"},
    {"POST", "/v1/models/m/audit", "{}", "sa"},
    {"GET", "/v1/restrictions", "", "sa"},
    {"DELETE", "/v1/restrictions/none", "", "sa"},
    {"GET", "/v1/cards/model:m", "", "vcdmsa"},
    {"POST", "/v1/cards/data:d?as=croissant", "", "vcdmsa"},
    {"POST", "/v1/cards/model:m/check", "no card", "vcdmsa"},
    {"GET", "/v1/exports/model:m/oscal", "", "vcdmsa"},
    {"GET", "/v1/exports/data:d/poam", "", "vcdmsa"},
    {"GET", "/v1/exports/organisation/sarif", "", "vcdmsa"},
    {"POST", "/v1/exports/model:m/pack", "", "sa"},
    {"GET", "/v1/approvals", "", "vcdmsa"},
    {"POST", "/v1/approvals/none/approve", "{}", "vcdmsa"},  // there is none: 404
    {"POST", "/v1/approvals/none/reject", "{}", "vcdmsa"},
};
constexpr const char* kOpen[] = {"/healthz", "/readyz", "/v2", "/v2/health/live", "/v2/health/ready"};
constexpr std::pair<char, const char*> kPeople[] = {{'v', "viewer"},      {'c', "consumer"}, {'d', "data-steward"},
                                                    {'m', "ml-engineer"}, {'s', "security"}, {'a', "admin"}};

class MatrixTest : public ServiceTest {
protected:
    void SetUp() override {
        ServiceTest::SetUp();
        for (const auto& [letter, role] : kPeople)
            if (letter != 'a') add(role, std::string(role) + "@*");
        push("one");
        push("two");
        push("rows", "datasets/d");
        // The workers of this test do not start, so the alias is moved beside the service.
        ASSERT_TRUE(
            state_->registry->promote("test", {{registry::Kind::model, "m"}, 1}, "production", config_.gates, "").ok());
        std::this_thread::sleep_for(std::chrono::milliseconds(600));  // until the service has seen it
    }
};

TEST_F(MatrixTest, EveryRouteAgainstEveryRole) {
    std::set<const Route*> walked;
    for (const Row& row : kMatrix) {
        const std::string target = row.target;
        const auto parts = http::path_parts(target.substr(0, target.find('?')));
        const Route* route = find_route(row.method, *parts).route;
        ASSERT_NE(route, nullptr) << row.method << " " << row.target;
        walked.insert(route);
        for (const auto& [letter, role] : kPeople) {
            const Answered answer = ask(role, row.method, target, row.body);
            const bool may = std::string(row.may).find(letter) != std::string::npos;
            EXPECT_EQ(answer.status != 403 && answer.status != 401, may)
                << role << " " << row.method << " " << row.target << " " << answer.status << " " << answer.body;
            if (may) EXPECT_NE(answer.status, 500) << answer.body;
            if (!may) EXPECT_EQ(answer.code(), "denied");
        }
        EXPECT_EQ(ask("", row.method, target, row.body).status, 401) << row.target;
    }
    for (const char* path : kOpen) {
        EXPECT_EQ(ask("", "GET", path).status, 200) << path;
        walked.insert(find_route("GET", *http::path_parts(path)).route);
    }
    EXPECT_EQ(ask("", "POST", "/v1/login", "{}").status, 401);
    walked.insert(find_route("POST", *http::path_parts("/v1/login")).route);
    EXPECT_EQ(ask("", "POST", "/v1/session", "{}", "Origin: http://x\r\nBartizan-Console: 1\r\n").status, 401);
    walked.insert(find_route("POST", *http::path_parts("/v1/session")).route);
    for (const auto& [letter, role] : kPeople) {  // a stream has no end to wait for
        http::RawClient client(server_->port());
        client.send("GET /v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + keys_.at(role) + "\r\n\r\n");
        EXPECT_EQ(http::status_of(client.some()), 200) << role;
    }
    EXPECT_EQ(ask("", "GET", "/v1/stream").status, 401);
    walked.insert(find_route("GET", *http::path_parts("/v1/stream")).route);
    for (const Route& route : routes()) EXPECT_TRUE(walked.contains(&route)) << "not in the matrix: " << route.path;
    EXPECT_GT(count("access.denied", "viewer"), 15U);
}

TEST_F(MatrixTest, AGrantHoldsForItsObjectAlone) {
    push("other", "models/n");
    add("narrow", "ml-engineer@model:n");
    EXPECT_EQ(ask("narrow", "GET", "/v1/models/n").status, 200);
    EXPECT_EQ(ask("narrow", "GET", "/v1/models/m").status, 403);
    EXPECT_EQ(ask("narrow", "GET", "/v1/models/there-is-none").status, 403);  // nor learns what there is
    EXPECT_EQ(ask("narrow", "POST", "/v2/models/m/infer", "{}").status, 403);
    EXPECT_EQ(ask("narrow", "GET", "/metrics").status, 403);
    EXPECT_EQ(ask("narrow", "POST", "/v1/collect", "{}").status, 403);
    const Json list = ask("narrow", "GET", "/v1/models").body;
    ASSERT_EQ(list["models"].size(), 1U);
    EXPECT_EQ(list["models"][0]["name"], "n");
}

TEST_F(MatrixTest, QuarantineStopsEverybodyButSecurity) {
    ASSERT_EQ(ask("security", "POST", "/v1/models/m/quarantine", R"({"reason":"suspect"})").status, 200);
    for (const char* role : {"consumer", "ml-engineer", "admin"}) {
        EXPECT_EQ(ask(role, "POST", "/v2/models/m/infer", "{}").code(), "quarantined") << role;
        EXPECT_EQ(ask(role, "GET", "/v1/models/m/versions/1/content").status, 403) << role;
    }
    EXPECT_EQ(ask("security", "GET", "/v1/models/m/versions/1/content").status, 200);
    EXPECT_EQ(ask("security", "POST", "/v2/models/m/infer", "{}").status, 400);
    EXPECT_EQ(count("content.read", "security"), 1U);
    ASSERT_EQ(ask("security", "POST", "/v1/models/m/release", R"({"reason":"fine"})").status, 200);
    EXPECT_EQ(ask("consumer", "POST", "/v2/models/m/infer", "{}").status, 400);
}

TEST_F(MatrixTest, OverridesNeedARoleAndAReason) {
    Config strict = config_;
    strict.gates = {};
    ASSERT_TRUE(service_->reload(strict).ok());
    const Answered refused = ask("ml-engineer", "PUT", "/v1/models/m/aliases/production", R"({"version":2})");
    EXPECT_EQ(refused.status, 403);
    EXPECT_NE(refused.body.value("detail", "").find("no audit"), std::string::npos);
    EXPECT_EQ(ask("ml-engineer", "PUT", "/v1/models/m/aliases/production", R"({"version":2,"override":"x"})").status,
              403);
    EXPECT_EQ(
        ask("ml-engineer", "PUT", "/v1/models/m/versions/2/attachments/signature", "bad").body["checks"][1]["verdict"],
        "failed");
    const Json version = ask("admin", "PUT", "/v1/models/m/versions/2/attachments/signature", "good").body;
    EXPECT_EQ(version["missing_for_production"].size(), 1U) << version;
    const std::string digest = version["sha256"];
    const auto audit = [&](const std::string& of) {
        return ask("admin", "PUT", "/v1/models/m/versions/2/attachments/audit",
                   Json{{"asset", {{"sha256", of}}}, {"summary", {{"score", 88}}}}.dump());
    };
    EXPECT_EQ(audit(std::string(64, '0')).body["missing_for_production"].size(), 1U);
    EXPECT_TRUE(audit(digest).body["missing_for_production"].empty());
}

}  // namespace
}  // namespace bartizan::gateway
