/// The service against callers who mean no good, and the rules that hold for everybody.
#include "gateway/service_testing.h"
#include "oip/message.h"

#include <yaml-cpp/yaml.h>

#include <set>

namespace bartizan::gateway {
namespace {

class HostileTest : public ServiceTest {};

TEST_F(HostileTest, EveryRefusalIsAProblemWithACodeAndAnId) {
    for (const auto& [method, target, status, code] : {std::tuple("GET", "/nothing", 404, "not-found"),
                                                       {"PATCH", "/v1/models", 405, "method-not-allowed"},
                                                       {"GET", "/v1/models/m", 404, "not-found"},
                                                       {"POST", "/v1/keys", 400, "invalid-input"},
                                                       {"GET", "/v1/models/..%2f..%2fsecrets", 400, "bad-path"},
                                                       {"GET", "/v1/models/../../etc/passwd", 400, "bad-path"},
                                                       {"GET", "/v1//models", 400, "bad-path"},
                                                       {"GET", "/v1/models/%00", 400, "bad-path"},
                                                       {"GET", "/v1/models/a%5cb", 400, "bad-path"}}) {
        const Answered answer = ask("admin", method, target, "[");
        EXPECT_EQ(answer.status, status) << target << answer.body;
        EXPECT_EQ(answer.code(), code) << target;
        EXPECT_EQ(answer.body.value("request_id", "").size(), 16U);
        EXPECT_NE(answer.head.find("application/problem+json"), std::string::npos);
    }
}

TEST_F(HostileTest, NoNameLeadsOutOfTheState) {
    const auto before = std::distance(std::filesystem::recursive_directory_iterator(folder_), {});
    for (const char* target :
         {"/v1/models/m/versions?file=../evil.onnx", "/v1/models/m/versions?file=%2e%2e%2fevil.onnx",
          "/v1/models/m/versions?file=/evil.onnx", "/v1/models/m/versions?file=..", "/v1/models/m/versions?file=a%00b",
          "/v1/models/m/versions?file=a%5c..%5cb", "/v1/models/%2e%2e/versions?file=m.onnx",
          "/v1/models/.hidden/versions?file=m.onnx", "/v1/models/-rf/versions?file=m.onnx",
          "/v1/models/m%20n/versions?file=m.onnx"})
        EXPECT_EQ(ask("admin", "POST", target, "x").status, 400) << target;
    EXPECT_EQ(std::distance(std::filesystem::recursive_directory_iterator(folder_), {}), before);
    EXPECT_FALSE(std::filesystem::exists(folder_.parent_path() / "evil.onnx"));
    push("model");
    EXPECT_EQ(ask("admin", "PUT", "/v1/models/m/versions/1/attachments/%2e%2e%2fbom", "x").status, 400);
    EXPECT_EQ(ask("admin", "PUT", "/v1/models/m/versions/1/attachments/..", "x").status, 400);
    EXPECT_EQ(ask("admin", "PUT", "/v1/models/m/aliases/..%5cx", R"({"version":1})").status, 400);
}

TEST_F(HostileTest, RequestsThatCouldBeReadInTwoWaysAreRefused) {
    const std::string auth = "Authorization: Bearer " + keys_["admin"] + "\r\n";
    for (const std::string headers :
         {"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 3\r\nContent-Length: 4\r\n",
          "Transfer-Encoding: chunked, identity\r\n", "Content-Length: +3\r\n", "Content-Length : 3\r\n"}) {
        const Answered answer = raw("POST /v1/keys HTTP/1.1\r\nHost: x\r\n" + auth + headers + "\r\n{}\r\n");
        EXPECT_TRUE(answer.status == 400 || answer.status == 501) << headers << answer.status;
    }
}

TEST_F(HostileTest, BodiesAreBoundedBeforeTheyAreRead) {
    const std::string head = "Host: x\r\nAuthorization: Bearer " + keys_["admin"] + "\r\n";
    EXPECT_EQ(raw("POST /v1/keys HTTP/1.1\r\n" + head + "Content-Length: 100000\r\n\r\n").status, 413);
    EXPECT_EQ(raw("POST /v2/models/m/infer HTTP/1.1\r\n" + head + "Content-Length: 99999999999\r\n\r\n").status, 413);
    EXPECT_EQ(raw("GET /v1/models HTTP/1.1\r\n" + head + "Content-Length: 5\r\n\r\nhello").status, 413);
    // Who is not known sends no body at all.
    EXPECT_EQ(raw("POST /v1/models/m/versions HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n").status, 401);
}

TEST_F(HostileTest, JsonBombsAreRefused) {
    std::string deep;
    for (int i = 0; i < 20'000; ++i) deep += "[";
    EXPECT_EQ(ask("admin", "POST", "/v1/keys", "{\"a\":" + deep + "}").status, 400);
    EXPECT_EQ(ask("admin", "POST", "/v1/login", deep).status, 400);
    std::string wide = "{\"a\":0";
    for (int i = 0; i < 5000; ++i) wide += ",\"k" + std::to_string(i) + "\":0";
    EXPECT_EQ(ask("admin", "POST", "/v1/keys", wide + "}").status, 400);
    push("model");
    EXPECT_EQ(ask("admin", "POST", "/v2/models/m/infer", R"({"inputs":)" + deep).status, 400);
    EXPECT_EQ(ask("admin", "POST", "/v2/models/m/infer",
                  R"({"inputs":[{"name":"x","shape":[1000000,1000000],"datatype":"FP32","data":[1]}]})")
                  .code(),
              "too-large");
}

TEST_F(HostileTest, NothingThatACallerSaysSplitsAnAnswer) {
    const Answered answer = ask("admin", "GET", "/v1/models", "", "traceparent: 00-evil%0d%0aSet-Cookie: a=b\r\n");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.head.find("Set-Cookie"), std::string::npos);
    const Answered named = ask("admin", "GET", "/v1/models/a%0d%0aSet-Cookie:x");
    EXPECT_EQ(named.status, 400);
}

TEST_F(HostileTest, GuessingMakesTheGuesserWait) {
    keys_["guess"] = "btz_0123456789ab_" + std::string(64, '0');
    int refused = 0;
    Answered last;
    for (int i = 0; i < 25; ++i) {
        last = ask("guess", "GET", "/v1/models");
        refused += last.status == 401;
    }
    EXPECT_GE(refused, 20);
    EXPECT_EQ(last.status, 429);
    EXPECT_EQ(last.code(), "too-many-failures");
    EXPECT_NE(last.head.find("Retry-After: "), std::string::npos);
    EXPECT_EQ(ask("admin", "GET", "/v1/models").status, 200);
}

TEST_F(HostileTest, NoSecretIsInTheLogOrTheLedger) {
    add("carl", "viewer@*");
    const std::string password = "correct horse battery staple";
    const Json person = {{"name", "dora"}, {"kind", "person"}, {"password", password}};
    ASSERT_EQ(ask("admin", "POST", "/v1/principals", person.dump()).status, 201);
    const Answered session = ask("", "POST", "/v1/login", Json{{"name", "dora"}, {"password", password}}.dump());
    ASSERT_EQ(session.status, 201);
    keys_["dora"] = session.body["key"];
    EXPECT_EQ(ask("dora", "GET", "/v1/whoami").body["name"], "dora");
    EXPECT_EQ(ask("", "POST", "/v1/login", R"({"name":"dora","password":"wrong horse battery staple"})").status, 401);
    keys_["fresh"] = ask("admin", "POST", "/v1/keys", R"({"principal":"carl","label":"x"})").body["key"];
    keys_["guess"] = "btz_0123456789ab_" + std::string(64, '7');
    EXPECT_EQ(ask("guess", "GET", "/v1/models").status, 401);
    EXPECT_EQ(ask("carl", "GET", "/v1/models/m?key=" + keys_["carl"]).status, 404);
    keys_["token"] = "eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUifQ.c2VjcmV0LXNpZ25hdHVyZQ";
    EXPECT_EQ(ask("token", "GET", "/v1/models").status, 401);
    EXPECT_EQ(ask("carl", "PUT", "/v1/principals/dora/password", R"({"password":"battery horse staple"})").status, 403);
    EXPECT_EQ(ask("", "POST", "/v1/login", R"({"name":"no horse","password":"no horse at all"})").status, 401);
    std::string written;
    for (const ledger::Entry& entry : entries())
        written += entry.event.kind + entry.event.actor + entry.event.details.dump();
    stop();
    written += log_;
    EXPECT_NE(log_.find("\"principal\":\"dora\""), std::string::npos);
    for (const auto& [who, key] : keys_) EXPECT_EQ(written.find(key.substr(17)), std::string::npos) << who;
    for (const char* word : {"correct horse", "wrong horse", "battery horse", "no horse at all"})
        EXPECT_EQ(written.find(word), std::string::npos) << word;
}

/// A model with one input "x" and one output "y" of three numbers, whose worker puts features behind its answer.
class StandInTest : public ServiceTest {
protected:
    void SetUp() override {
        stand_in_ = [this](const http::PeerRequest& request) -> http::PeerResponse {
            if (request.method == "GET")
                return {.status = 200,
                        .body = R"({"name":"m","platform":"onnx_onnxv1","inputs":[{"name":"x","datatype":"FP32",)"
                                R"("shape":[-1,3]}],"outputs":[{"name":"y","datatype":"FP32","shape":[-1,3]}]})"};
            asked_ = request.headers;
            http::PeerResponse response{.status = 200, .body = kAnswer + std::string("12345678")};
            response.headers.emplace_back(oip::kFeaturesHeader, told_);
            return response;
        };
        ServiceTest::SetUp();
        push("model");
        ASSERT_TRUE(
            state_->registry->promote("test", {{registry::Kind::model, "m"}, 1}, "production", config_.gates, "").ok());
    }
    Answered infer(const std::string& headers = {}) {
        const std::string body = R"({"inputs":[{"name":"x","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]})";
        Answered answer = ask("admin", "POST", "/v2/models/m/versions/1/infer", body, headers);
        for (int i = 0; answer.status == 503 && i < 100; ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            answer = ask("admin", "POST", "/v2/models/m/versions/1/infer", body, headers);
        }
        return answer;
    }
    static constexpr const char* kAnswer =
        R"({"model_name":"m","outputs":[{"name":"y","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]})";
    std::string told_ = "8";
    http::Headers asked_;
};

TEST_F(StandInTest, WhatAWorkerTellsOfItsInsideStaysInside) {
    const Answered answer = infer("Bartizan-Features: 99\r\n");
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.body, Json::parse(kAnswer));
    EXPECT_EQ(answer.head.find("Features"), std::string::npos) << answer.head;
    std::size_t found = 0;
    for (const auto& [name, value] : asked_) found += name == oip::kFeaturesHeader && value == "1";
    EXPECT_EQ(found, 1U) << "the gateway's own header, not the caller's";
    for (const auto& [name, value] : asked_) EXPECT_NE(value, "99");
    for (const char* lie : {"7", "1000000", "-4", "8x", "99999999999999999999"}) {
        told_ = lie;
        EXPECT_EQ(infer().code(), "worker-failed") << lie;
    }
}

TEST_F(HostileTest, AModelThatItsScanCallsMaliciousIsNotRun) {
    push("evil model");
    EXPECT_EQ(ask("admin", "POST", "/v2/models/m/infer", "{}").code(), "malicious");
}

TEST_F(HostileTest, AModelThatDoesNotRunIs503AndStaysOutOfProduction) {
    const std::int64_t version = push("model");
    const Answered answer = ask("admin", "POST", "/v2/models/m/infer",
                                R"({"inputs":[{"name":"x","shape":[1],"datatype":"FP32","data":[1]}]})");
    EXPECT_EQ(answer.status, 503) << answer.body;
    EXPECT_NE(answer.head.find("Retry-After: "), std::string::npos);
    const Answered promoted = ask("admin", "PUT", "/v1/models/m/aliases/production", Json{{"version", version}}.dump());
    EXPECT_EQ(promoted.status, 409) << promoted.body;
    EXPECT_TRUE(ask("admin", "GET", "/v1/models/m").body["aliases"].value("production", Json()).is_null());
}

TEST_F(HostileTest, TwoPersonsDecide) {
    push("model");
    add("erik", "ml-engineer@*");
    add("eva", "ml-engineer@*");
    add("carl", "consumer@*");
    Config two = config_;
    two.two_person.promote = true;
    ASSERT_TRUE(service_->reload(two).ok());
    const auto promote = [&] { return ask("erik", "PUT", "/v1/models/m/aliases/canary", R"({"version":1})"); };
    const Answered asked = promote();
    ASSERT_EQ(asked.status, 202) << asked.body;
    const std::string id = asked.body["approval"]["id"];
    EXPECT_FALSE(ask("erik", "GET", "/v1/models/m").body["aliases"].contains("canary"));
    EXPECT_EQ(ask("eva", "GET", "/v1/approvals").body["approvals"].size(), 1U);
    EXPECT_TRUE(ask("carl", "GET", "/v1/approvals").body["approvals"].empty());
    EXPECT_EQ(ask("erik", "POST", "/v1/approvals/" + id + "/approve", "{}").status, 403);
    EXPECT_EQ(ask("carl", "POST", "/v1/approvals/" + id + "/approve", "{}").status, 403);
    EXPECT_EQ(ask("eva", "POST", "/v1/approvals/" + id + "/approve", "{}").status, 200);
    EXPECT_EQ(ask("erik", "GET", "/v1/models/m").body["aliases"]["canary"], 1);
    EXPECT_EQ(ask("eva", "POST", "/v1/approvals/" + id + "/approve", "{}").status, 409);
    const std::string next = ask("erik", "PUT", "/v1/models/m/aliases/beta", R"({"version":1})").body["approval"]["id"];
    EXPECT_EQ(ask("eva", "POST", "/v1/approvals/" + next + "/reject", "{}").status, 200);
    EXPECT_FALSE(ask("erik", "GET", "/v1/models/m").body["aliases"].contains("beta"));
    EXPECT_EQ(count("approval.ask", "erik"), 2U);
    EXPECT_EQ(count("approval.approved", "eva"), 1U);
}

TEST_F(HostileTest, EverythingIsThereAgainAfterARestart) {
    push("model");
    add("carl", "consumer@model:m");
    const Json before = ask("admin", "GET", "/v1/ledger/head").body;
    stop();
    start();
    EXPECT_FALSE(state_->admin_key);
    EXPECT_EQ(ask("carl", "GET", "/v1/whoami").body["grants"][0], "consumer@model:m");
    EXPECT_EQ(ask("admin", "GET", "/v1/models/m").body["aliases"]["candidate"], 1);
    const Json entry = ask("admin", "GET", "/v1/ledger/entries?from=0&limit=1").body["entries"][0];
    EXPECT_EQ(entry["kind"], "access.principal.add");
    const Json after = ask("admin", "GET", "/v1/ledger/head").body;
    EXPECT_EQ(after["key"], before["key"]);
    EXPECT_GE(after["entries"], before["entries"]);
}

TEST_F(HostileTest, ReadinessEndsWhenItDrains) {
    EXPECT_EQ(ask("", "GET", "/readyz").status, 200);
    service_->begin_draining();
    EXPECT_EQ(ask("", "GET", "/readyz").status, 503);
    EXPECT_EQ(ask("", "GET", "/healthz").status, 200);
}

TEST(OpenApi, TellsEveryRouteAndNoOther) {
    const YAML::Node document = YAML::LoadFile(std::string(BARTIZAN_SOURCE_DIR) + "/docs/openapi.yaml");
    EXPECT_EQ(document["openapi"].as<std::string>().substr(0, 3), "3.1");
    std::set<std::string> told;
    for (const auto& path : document["paths"])
        for (const auto& method : path.second) {
            const std::string word = method.first.as<std::string>();
            if (word == "parameters") continue;
            told.insert(word + " " + path.first.as<std::string>());
            EXPECT_TRUE(method.second["summary"]) << path.first;
            EXPECT_TRUE(method.second["responses"]) << path.first;
        }
    std::set<std::string> there;
    for (const Route& route : routes()) {
        std::string word(route.method);
        std::ranges::transform(word, word.begin(), [](char c) { return static_cast<char>(c | 0x20); });
        there.insert(word + " " + std::string(route.path));
    }
    EXPECT_EQ(told, there);
}

}  // namespace
}  // namespace bartizan::gateway
