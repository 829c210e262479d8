/// A peer of the gRPC form in front of our own server of it: what goes in as REST comes out as REST.
#include "rpc/peer.h"

#include <future>

#include <gtest/gtest.h>

#include "http/server_testing.h"
#include "oip/message.h"
#include "rpc/server.h"

namespace bartizan::rpc {
namespace {

using namespace std::chrono_literals;

/// Answers inference with the tensor it got, named "y"; refuses the model "bad"; keeps calls of "slow".
class Handler final : public http::Handler {
public:
    std::optional<http::Reply> recognise(http::Call& call) override {
        if (call.header("authorization") == "Bearer good") return std::nullopt;
        return refuse(401, "not-identified", "who are you?");
    }
    http::Admission admit(http::Call&) override { return {1 << 20, {}}; }
    void handle(http::CallPointer call) override {
        const std::string target(call->target());
        if (target.starts_with("/v2/models/bad")) return call->reply(refuse(400, "bad-input", "not this one"));
        if (target.starts_with("/v2/models/slow")) {
            kept = std::move(call);
            return;
        }
        if (!target.ends_with("/infer"))
            return call->reply({.body = R"({"name":"m","versions":["1"],"platform":"p","ready":true,
                "inputs":[{"name":"x","datatype":"FP32","shape":[-1,2]}],"outputs":[]})"});
        trace = call->header("traceparent");
        const auto length = *oip::json_length(call->header(oip::kLengthHeader), call->body().size());
        auto request = oip::parse_request(call->body(), length);
        oip::InferResponse response{.model_name = target, .id = request->id};
        response.outputs = std::move(request->inputs);
        response.outputs[0].name = "y";
        const oip::Body body = *oip::serialize(response, *request);
        http::Reply reply{.body = body.text};
        if (body.has_binary())
            reply.headers.emplace_back(std::string(oip::kLengthHeader), std::to_string(body.json_bytes));
        call->reply(std::move(reply));
    }
    http::Reply refuse(int number, std::string_view name, std::string_view sentence) override {
        return {.status = number,
                .content_type = "application/problem+json",
                .body = "{\"code\":\"" + std::string(name) + "\",\"detail\":\"" + std::string(sentence) + "\"}"};
    }
    http::CallPointer kept;
    std::string trace;
};

class GrpcPeer : public testing::Test {
protected:
    void SetUp() override { start(0); }
    void start(std::uint16_t port) {
        auto server = Server::start({.port = port}, handler_, loops_);
        ASSERT_TRUE(server.ok()) << server.error().line();
        server_ = std::move(*server);
        port_ = server_->port();
        if (!peer_) peer_ = grpc_peers({.host = "127.0.0.1", .port = port_})(loops_.at(0));
    }
    void TearDown() override {
        handler_.kept.reset();
        server_.reset();
    }
    Result<http::PeerResponse> ask(http::PeerRequest request) {
        request.headers.emplace_back("Authorization", "Bearer good");
        auto promise = std::make_shared<std::promise<Result<http::PeerResponse>>>();
        auto future = promise->get_future();
        loops_.at(0).post([this, promise, request = std::move(request)]() mutable {
            peer_->ask(std::move(request), [promise](Result<http::PeerResponse> got) { promise->set_value(got); });
        });
        return future.get();
    }

    http::Loops loops_{1};
    Handler handler_;
    std::unique_ptr<Server> server_;
    std::uint16_t port_ = 0;
    std::shared_ptr<http::Peer> peer_;
};

TEST_F(GrpcPeer, QuestionsOfRestGoThereAndBack) {
    EXPECT_EQ(ask({.method = "GET", .path = "/v2/health/ready"})->status, 200);
    EXPECT_EQ(ask({.method = "GET", .path = "/v2/models/m/versions/2/ready"})->status, 200);
    const auto told = ask({.method = "GET", .path = "/v2/models/m"});
    ASSERT_TRUE(told.ok()) << told.error().line();
    EXPECT_NE(told->body.find(R"("shape":[-1,2])"), std::string::npos) << told->body;
    EXPECT_EQ(ask({.method = "GET", .path = "/v2/other"})->status, 400);
}

TEST_F(GrpcPeer, TensorsGoInTheFormThatWasAskedFor) {
    const std::string tensor = R"({"name":"x","datatype":"FP32","shape":[1,2],"data":[1,-2.5]})";
    const auto plain = ask({.path = "/v2/models/m/versions/3/infer",
                            .headers = {{"traceparent", "00-a-b-01"}},
                            .body = R"({"id":"7","inputs":[)" + tensor + "]}"});
    ASSERT_TRUE(plain.ok()) << plain.error().line();
    EXPECT_EQ(
        plain->body,
        R"({"model_name":"/v2/models/m/versions/3/infer","id":"7","outputs":[{"name":"y","datatype":"FP32","shape":[1,2],)"
        R"("data":[1,-2.5]}]})");
    EXPECT_EQ(handler_.trace, "00-a-b-01");
    const auto binary = ask({.path = "/v2/models/m/infer",
                             .body = R"({"parameters":{"binary_data_output":true},"inputs":[)" + tensor + "]}"});
    ASSERT_TRUE(binary.ok()) << binary.error().line();
    const auto length = oip::json_length(binary->header(oip::kLengthHeader), binary->body.size());
    ASSERT_TRUE(length.ok() && *length);
    EXPECT_EQ(binary->body.substr(**length), std::string("\x00\x00\x80\x3f\x00\x00\x20\xc0", 8));
}

TEST_F(GrpcPeer, RefusalsAreRefusals) {
    const auto refused = ask({.method = "GET", .path = "/v2/models/bad"});
    ASSERT_TRUE(refused.ok());
    EXPECT_EQ(refused->status, 400);
    EXPECT_NE(refused->body.find("not this one"), std::string::npos) << refused->body;
    EXPECT_EQ(ask({.path = "/v2/models/m/infer", .body = "{"})->status, 400);
    const auto late = ask({.method = "GET", .path = "/v2/models/slow", .patience = 200ms});
    ASSERT_FALSE(late.ok());
    EXPECT_EQ(late.error().code(), Errc::cancelled) << late.error().line();
}

TEST_F(GrpcPeer, AServerThatIsGoneIsFoundAgain) {
    EXPECT_EQ(ask({.method = "GET", .path = "/v2/health/ready"})->status, 200);
    server_.reset();
    const auto gone = ask({.method = "GET", .path = "/v2/health/ready"});
    ASSERT_FALSE(gone.ok());
    EXPECT_EQ(gone.error().code(), Errc::unavailable);
    start(port_);
    const auto until = std::chrono::steady_clock::now() + 10s;
    while (!ask({.method = "GET", .path = "/v2/health/ready"}).ok() && std::chrono::steady_clock::now() < until)
        std::this_thread::sleep_for(50ms);
    EXPECT_TRUE(ask({.method = "GET", .path = "/v2/health/ready"}).ok());
}

TEST_F(GrpcPeer, WhatIsUnderWayEndsWhenThePeerIsClosed) {
    std::promise<Result<http::PeerResponse>> promise;
    loops_.at(0).post([&] {
        peer_->ask({.method = "GET", .path = "/v2/models/slow", .headers = {{"authorization", "Bearer good"}}},
                   [&](Result<http::PeerResponse> got) { promise.set_value(std::move(got)); });
        peer_->close();
    });
    EXPECT_EQ(promise.get_future().get().error().code(), Errc::unavailable);
    EXPECT_FALSE(ask({.method = "GET", .path = "/v2/health/ready"}).ok());
}

}  // namespace
}  // namespace bartizan::rpc
