/// A model behind an address: right answers, and servers that answer nonsense, slowly, or not at all.
#include "serving/remote_model.h"

#include <atomic>
#include <chrono>
#include <mutex>
#include <vector>

#include <ATen/core/Tensor.h>
#include <ATen/ops/arange.h>
#include <gtest/gtest.h>

#include "graph/builder.h"
#include "http/server.h"
#include "model/classifier.h"
#include "serving/served_model.h"
#include "serving/worker.h"

namespace bartizan::serving {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kMetadata =
    R"({"name":"m","versions":[],"platform":"x","inputs":[{"name":"x","datatype":"FP32","shape":[-1,3]}],)"
    R"("outputs":[{"name":"y","datatype":"FP32","shape":[-1,2]}]})";

/// Says what it is told to say.
class Scripted final : public http::Handler {
public:
    http::Admission admit(http::Call&) override { return {.body_bytes = 1 << 20, .refusal = {}}; }
    void handle(http::CallPointer call) override {
        const bool infer = call->path().ends_with("/infer");
        if (infer && failures.fetch_sub(1) > 0) {
            call->reply({.status = 503, .body = R"({"error":"busy"})"});
            return;
        }
        if (infer && silent) {
            const std::lock_guard lock(mutex);
            kept.push_back(std::move(call));
            return;
        }
        call->reply({.status = infer ? status : 200, .body = infer ? answer : metadata});
    }
    http::Reply refuse(int code, std::string_view, std::string_view) override { return {.status = code}; }

    std::string metadata{kMetadata}, answer;
    int status = 200;
    bool silent = false;
    std::atomic<int> failures{0};
    std::mutex mutex;
    std::vector<http::CallPointer> kept;  ///< requests that get no answer while this holds them

    void let_go() {
        const std::lock_guard lock(mutex);
        kept.clear();
    }
};

struct Running {
    explicit Running(http::Handler& handler) {
        auto started = http::Server::start({}, handler, loops);
        EXPECT_TRUE(started.ok()) << started.error().line();
        server = std::move(*started);
    }
    std::string address(std::string_view name = "m") const {
        return "http://127.0.0.1:" + std::to_string(server->port()) + "/v2/models/" + std::string(name);
    }
    http::Loops loops{1};
    std::unique_ptr<http::Server> server;
};

Result<std::vector<at::Tensor>> asked(const std::string& address, RemoteOptions options = {}) {
    options.patience = 300ms;
    const auto model = BARTIZAN_TRY(open_remote(address, options));
    const at::Tensor x = at::arange(6).to(at::kFloat).reshape({2, 3});
    return model->run({&x, 1}, model::Mode::evaluation);
}

std::string error_of(const std::string& address, RemoteOptions options = {}) {
    const auto answer = asked(address, options);
    return answer.ok() ? std::string() : answer.error().line();
}

TEST(RemoteModel, AnswersAsTheWorkerBehindItDoesHoweverTheRowsAreCut) {
    graph::GraphBuilder builder("doubling");
    builder.input("x", DType::f32, {-1, 3});
    builder.initializer<float>("two", {1}, {2});
    builder.node_with_outputs("Mul", {"x", "two"}, {"y"});
    builder.output("y", DType::f32, {-1, 3});
    auto model = model::from_graph(std::move(builder).build().value()).value();
    WorkerService worker{BatchLimits{}};
    worker.serve(ServedModel::make(std::shared_ptr<const model::Model>(std::move(model)), "m", "1").value());
    const Running running(worker);
    for (const std::int64_t rows : {1, 2, 64}) {
        const auto remote = open_remote(running.address(), {.rows = rows});
        ASSERT_TRUE(remote.ok()) << remote.error().line();
        EXPECT_EQ((*remote)->info().inputs[0].name, "x");
        EXPECT_EQ((*remote)->gradient_path(0).reach, model::GradientPath::Reach::none);
        const at::Tensor x = at::arange(15).to(at::kFloat).reshape({5, 3});
        const auto y = (*remote)->run({&x, 1}, model::Mode::evaluation);
        ASSERT_TRUE(y.ok()) << y.error().line();
        EXPECT_TRUE((*y)[0].equal(at::arange(15).to(at::kFloat).mul(2).reshape({5, 3})));
    }
    EXPECT_NE(error_of(running.address("other")).find("404"), std::string::npos);
    EXPECT_FALSE(asked(running.address() + "?x=1").ok());
    EXPECT_NE(error_of("http://127.0.0.1:1/v2/health").find("not the address of a model"), std::string::npos);
}

TEST(RemoteModel, NonsenseIsRefusedWithTheReason) {
    Scripted server;
    const Running running(server);
    const std::pair<std::string, std::string> answers[] = {
        {"<html>hello</html>", "the server's answer"},
        {R"({"outputs":[{"name":"y","datatype":"FP32","shape":[3,2],"data":[1,2,3,4,5,6]}]})", "[3, 2]"},
        {R"({"outputs":[{"name":"y","datatype":"FP32","shape":[2,2],"data":[1,2,3]}]})", "y"},
        {R"({"outputs":[{"name":"z","datatype":"FP32","shape":[2,2],"data":[1,2,3,4]}]})", "did not announce"},
        {R"({"outputs":[{"name":"y","datatype":"FP32","shape":[2,2],"data":[1,2,3,1e999]}]})", "y"},
    };
    for (const auto& [answer, reason] : answers) {
        server.answer = answer;
        EXPECT_NE(error_of(running.address()).find(reason), std::string::npos) << answer << ": " << error_of(running.address());
    }
    server.answer = R"({"outputs":[{"name":"y","datatype":"FP32","shape":[2,2],"data":[1,2,3,4]}]})";
    EXPECT_EQ(error_of(running.address()), "");
    for (const char* metadata : {"", "[]", "{}", R"({"inputs":[],"outputs":[]})", "\x01\x02"}) {
        server.metadata = metadata;
        EXPECT_NE(error_of(running.address()), "") << metadata;
    }
}

TEST(RemoteModel, ScoresThatGrowAfterTheFirstAnswerAreRefused) {
    Scripted server;
    server.answer = R"({"outputs":[{"name":"y","datatype":"FP32","shape":[3,2],"data":[1,2,3,4,5,6]}]})";
    const Running running(server);
    const auto classifier = model::make_classifier(open_remote(running.address()).value(), {3}, {});
    ASSERT_TRUE(classifier.ok()) << classifier.error().line();
    const at::Tensor x = at::arange(9).to(at::kFloat).reshape({3, 3});
    EXPECT_TRUE((*classifier)->logits(x).ok());
    server.answer = R"({"outputs":[{"name":"y","datatype":"FP32","shape":[3,4],"data":[1,2,3,4,5,6,7,8,9,10,11,12]}]})";
    const auto wider = (*classifier)->logits(x);
    ASSERT_FALSE(wider.ok());
    EXPECT_NE(wider.error().line().find("[3, 4]"), std::string::npos) << wider.error().line();
    server.answer = R"({"outputs":[]})";
    EXPECT_NE((*classifier)->logits(x).error().line().find("lacks the output 'y'"), std::string::npos);
}

TEST(RemoteModel, WhatMayPassIsAskedAgainAndTheRestIsNot) {
    Scripted server;
    server.answer = R"({"outputs":[{"name":"y","datatype":"FP32","shape":[2,2],"data":[1,2,3,4]}]})";
    const Running running(server);
    server.failures = 2;
    EXPECT_EQ(error_of(running.address(), {.retries = 2}), "");
    server.failures = 100;
    EXPECT_NE(error_of(running.address(), {.retries = 1}).find("503: busy"), std::string::npos);
    EXPECT_EQ(server.failures, 98);
    server.failures = 0;
    server.status = 403;
    EXPECT_EQ(asked(running.address()).error().code(), Errc::denied);
}

TEST(RemoteModel, AServerThatIsSilentOrGoneIsGivenUp) {
    Scripted server;
    server.silent = true;
    const Running running(server);
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(asked(running.address(), {.retries = 1}).error().code(), Errc::unavailable);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
    server.let_go();
    EXPECT_EQ(asked("http://127.0.0.1:1/v2/models/m", {.retries = 0}).error().code(), Errc::unavailable);
}

}  // namespace
}  // namespace bartizan::serving
