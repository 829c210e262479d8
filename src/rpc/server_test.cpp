/// The server against gRPC's own client, in front of a handler that answers what the test wants.
#include "rpc/server.h"

#include <condition_variable>
#include <filesystem>
#include <thread>

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include "http/server_testing.h"
#include "oip/wire.h"
#include "rpc/status.h"

namespace bartizan::rpc {
namespace {

using namespace std::chrono_literals;

/// Knows callers with the key "good". Says what it was asked; /v2/models/slow keeps its calls.
class Handler final : public http::Handler {
public:
    std::optional<http::Reply> recognise(http::Call& call) override {
        ++recognised;
        if (call.header("authorization") == "Bearer good") return std::nullopt;
        return refuse(401, "not-identified", "who are you?");
    }
    http::Admission admit(http::Call& call) override {
        if (call.path().find("secret") != std::string_view::npos) return {0, refuse(403, "denied", "not that one")};
        return {call.method() == "GET" ? 0 : std::uint64_t{1000}, {}};
    }
    void handle(http::CallPointer call) override {
        std::unique_lock lock(mutex_);
        last_target = call->target();
        last_peer = call->peer();
        last_body = call->body();
        if (call->path().find("/v2/models/slow") == 0) {
            kept.push_back(std::move(call));
            changed_.notify_all();
            return;
        }
        if (call->path().find("/v2/models/dropped") == 0) return;
        http::Reply out{.status = status, .body = body};
        if (status != 200 && !plain) out = refuse(status, code, "as the test wants");
        out.headers = {{"X-Request-Id", "17"}, {"Other", "x"}};
        if (!length.empty()) out.headers.emplace_back("Inference-Header-Content-Length", length);
        call->reply(std::move(out));
    }
    http::Reply refuse(int number, std::string_view name, std::string_view sentence) override {
        return {.status = number,
                .content_type = "application/problem+json",
                .body = "{\"code\":\"" + std::string(name) + "\",\"detail\":\"" + std::string(sentence) + "\"}"};
    }
    bool wait_kept(std::size_t count) {
        std::unique_lock lock(mutex_);
        return changed_.wait_for(lock, 10s, [&] { return kept.size() >= count; });
    }

    std::atomic<int> recognised{0};
    int status = 200;
    bool plain = false;
    std::string code = "some-code", body = "{}", length, last_target, last_peer, last_body;
    std::vector<http::CallPointer> kept;

private:
    std::mutex mutex_;
    std::condition_variable changed_;
};

struct Answered {
    grpc::Status status;
    std::string message;
    std::multimap<std::string, std::string> metadata;
    int code() const { return static_cast<int>(status.error_code()); }
    std::string told(const std::string& name) const {
        const auto found = metadata.find(name);
        return found == metadata.end() ? "" : found->second;
    }
};

class RpcServer : public testing::Test {
protected:
    void TearDown() override {
        channel_.reset();
        handler_.kept.clear();
        server_.reset();
    }
    void start(ServerOptions options = {}) {
        auto server = Server::start(options, handler_, loops_);
        ASSERT_TRUE(server.ok()) << server.error().line();
        server_ = std::move(*server);
        channel_ = grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
    }
    using Metadata = std::vector<std::pair<std::string, std::string>>;
    Answered call(const std::string& method, const std::string& message,
                  const Metadata& metadata = {{"authorization", "Bearer good"}},
                  const std::function<void(grpc::ClientContext&)>& adjust = {}) {
        grpc::GenericStub stub(channel_);
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + 20s);
        for (const auto& [name, value] : metadata) context.AddMetadata(name, value);
        if (adjust) adjust(context);
        grpc::Slice slice(message);
        grpc::ByteBuffer request(&slice, 1), response;
        grpc::CompletionQueue queue;
        const auto reader =
            stub.PrepareUnaryCall(&context, "/inference.GRPCInferenceService/" + method, request, &queue);
        reader->StartCall();
        Answered out;
        reader->Finish(&response, &out.status, &queue);
        void* tag = nullptr;
        bool ok = false;
        queue.Next(&tag, &ok);
        grpc::Slice whole;
        if (response.Valid() && response.DumpToSingleSlice(&whole).ok())
            out.message.assign(reinterpret_cast<const char*>(whole.begin()), whole.size());
        for (const auto& [name, value] : context.GetServerTrailingMetadata())
            out.metadata.emplace(std::string(name.data(), name.size()), std::string(value.data(), value.size()));
        return out;
    }
    /// ModelReadyRequest, ModelMetadataRequest.
    static std::string named(const std::string& name, const std::string& version = {}) {
        std::string out;
        oip::append_bytes(out, 1, name);
        oip::append_bytes(out, 2, version);
        return out;
    }
    /// ModelInferRequest with one UINT8 tensor.
    static std::string inference(const std::string& name, const std::string& bytes) {
        std::string tensor, shape, out;
        oip::append_bytes(tensor, 1, "x");
        oip::append_bytes(tensor, 2, "UINT8");
        oip::append_varint(shape, bytes.size());
        oip::append_bytes(tensor, 3, shape);
        oip::append_bytes(out, 1, name);
        oip::append_item(out, 5, tensor);
        oip::append_item(out, 7, bytes);
        return out;
    }

    http::Loops loops_{2};
    Handler handler_;
    std::unique_ptr<Server> server_;
    std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(RpcServer, CallsBecomeRequestsAndRepliesMessages) {
    start();
    EXPECT_EQ(call("ServerLive", "", {}).message, std::string("\x08\x01", 2));
    EXPECT_EQ(handler_.last_target, "/v2/health/live");
    EXPECT_EQ(handler_.last_peer, "127.0.0.1");
    EXPECT_EQ(handler_.recognised, 0) << "open methods ask nobody who he is";
    handler_.body = R"({"name":"bartizan","version":"1","extensions":["a"]})";
    EXPECT_EQ(call("ServerMetadata", "", {}).message,
              "\x0a\x08"
              "bartizan\x12\x01"
              "1\x1a\x01"
              "a");
    handler_.body = R"({"name":"a b","ready":true})";
    const Answered ready = call("ModelReady", named("a b/..", "2"));
    EXPECT_TRUE(ready.status.ok());
    EXPECT_EQ(handler_.last_target, "/v2/models/a%20b%2F../versions/2/ready");
    EXPECT_EQ(ready.told("x-request-id"), "17");
    EXPECT_EQ(ready.told("other"), "");
}

TEST_F(RpcServer, ReadinessIsAnAnswerAndNotAnError) {
    start();
    handler_.status = 503;
    handler_.plain = true;
    handler_.body = R"({"ready":false})";
    EXPECT_TRUE(call("ServerReady", "", {}).status.ok());
    EXPECT_EQ(call("ModelReady", named("m")).message, "");
    EXPECT_TRUE(call("ModelReady", named("m")).status.ok());
    handler_.plain = false;
    EXPECT_EQ(call("ModelReady", named("m")).code(), grpc::StatusCode::UNAVAILABLE);
}

TEST_F(RpcServer, TensorsGoThereAndBack) {
    start();
    handler_.body =
        R"({"model_name":"m","outputs":[{"name":"y","datatype":"UINT8","shape":[3],"parameters":{"binary_data_size":3}}]})";
    handler_.length = std::to_string(handler_.body.size());
    handler_.body += "abc";
    const Answered answer = call("ModelInfer", inference("m", "xyz"));
    ASSERT_TRUE(answer.status.ok()) << answer.status.error_message();
    EXPECT_EQ(handler_.last_target, "/v2/models/m/infer");
    EXPECT_TRUE(handler_.last_body.ends_with("}xyz")) << handler_.last_body;
    EXPECT_TRUE(
        answer.message.ends_with("\x32\x03"
                                 "abc"));
    handler_.body = "{";
    handler_.length.clear();
    EXPECT_EQ(call("ModelInfer", inference("m", "xyz")).code(), grpc::StatusCode::INTERNAL);
}

TEST_F(RpcServer, WhoIsNotKnownSendsNothing) {
    start();
    const Answered answer = call("ModelInfer", inference("m", "xyz"), {});
    EXPECT_EQ(answer.code(), grpc::StatusCode::UNAUTHENTICATED);
    EXPECT_EQ(answer.told("bartizan-code"), "not-identified");
    EXPECT_EQ(handler_.last_body, "");
    EXPECT_EQ(call("ModelInfer", inference("m", "xyz"), {{"x-api-key", "bad"}}).code(),
              grpc::StatusCode::UNAUTHENTICATED);
    handler_.body = R"({"outputs":[]})";
    EXPECT_TRUE(call("ModelInfer", inference("m", "xyz"), {{"x-api-key", "good"}}).status.ok());
    EXPECT_EQ(call("ModelInfer", inference("m", "x"), {{"x-api-key", "good"}, {"authorization", "Bearer good"}}).code(),
              grpc::StatusCode::UNAUTHENTICATED)
        << "who says it in two ways";
    EXPECT_EQ(call("ModelReady", named("secret")).code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(RpcServer, RefusalsHaveTheirStatusAndCode) {
    start();
    for (const auto& [status, code, expected] :
         {std::tuple(400, "input-does-not-fit", grpc::StatusCode::INVALID_ARGUMENT),
          {404, "not-found", grpc::StatusCode::NOT_FOUND},
          {403, "quarantined", grpc::StatusCode::PERMISSION_DENIED},
          {413, "too-large", grpc::StatusCode::RESOURCE_EXHAUSTED},
          {429, "rate-exceeded", grpc::StatusCode::RESOURCE_EXHAUSTED},
          {503, "overloaded", grpc::StatusCode::RESOURCE_EXHAUSTED},
          {503, "worker-unavailable", grpc::StatusCode::UNAVAILABLE},
          {504, "timeout", grpc::StatusCode::DEADLINE_EXCEEDED},
          {502, "worker-failed", grpc::StatusCode::INTERNAL},
          {422, "unsupported", grpc::StatusCode::INVALID_ARGUMENT},
          {409, "conflict", grpc::StatusCode::FAILED_PRECONDITION}}) {
        handler_.status = status;
        handler_.code = code;
        const Answered answer = call("ModelInfer", inference("m", "x"));
        EXPECT_EQ(answer.code(), expected) << code;
        EXPECT_EQ(answer.told("bartizan-code"), code);
        EXPECT_EQ(answer.status.error_message(), "as the test wants");
        EXPECT_EQ(answer.told("x-request-id"), "17");
    }
}

TEST_F(RpcServer, BadMessagesAndMethodsAreRefused) {
    start();
    EXPECT_EQ(call("ModelConfig", "").code(), grpc::StatusCode::UNIMPLEMENTED);
    EXPECT_EQ(call("ModelInfer", "\xff\xff\xff").code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(call("ModelReady", "").code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(call("ModelInfer", "").told("bartizan-code"), "invalid-input");
    // Beyond what the handler takes of a body.
    EXPECT_EQ(call("ModelInfer", inference("m", std::string(2000, 'x'))).code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    const Answered packed = call("ServerLive", std::string(5000, 'x'), {},
                                 [](grpc::ClientContext& one) { one.set_compression_algorithm(GRPC_COMPRESS_GZIP); });
    EXPECT_FALSE(packed.status.ok());
    // A reply that never comes is an error too.
    EXPECT_EQ(call("ModelReady", named("dropped")).code(), grpc::StatusCode::INTERNAL);
    EXPECT_TRUE(call("ServerLive", "", {}).status.ok());
}

TEST_F(RpcServer, MessagesAreBounded) {
    start({.message_bytes = 10'000});
    EXPECT_EQ(call("ModelInfer", inference("m", std::string(20'000, 'x'))).code(),
              grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_TRUE(call("ServerLive", "", {}).status.ok());
}

TEST_F(RpcServer, CallsAreBounded) {
    start({.calls = 1});
    std::thread slow([this] { call("ModelReady", named("slow")); });
    ASSERT_TRUE(handler_.wait_kept(1));
    const Answered answer = call("ServerLive", "", {});
    EXPECT_EQ(answer.code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    EXPECT_EQ(answer.told("bartizan-code"), "overloaded");
    handler_.kept[0]->reply({.body = "{}"});
    handler_.kept.clear();
    slow.join();
    for (int i = 0; i < 500 && server_->counts().calls > 0; ++i) std::this_thread::sleep_for(10ms);
    EXPECT_TRUE(call("ServerLive", "", {}).status.ok());
}

TEST_F(RpcServer, AMessageThatDoesNotComeEndsItsCall) {
    start({.message_time = 300ms});
    grpc::GenericStub stub(channel_);
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer good");
    grpc::CompletionQueue queue;
    const auto stream = stub.PrepareCall(&context, "/inference.GRPCInferenceService/ModelInfer", &queue);
    void* tag = nullptr;
    bool ok = false;
    stream->StartCall(nullptr);
    queue.Next(&tag, &ok);
    grpc::Status status;
    stream->Finish(&status, nullptr);
    queue.Next(&tag, &ok);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED) << status.error_message();
    EXPECT_EQ(server_->counts().late, 1U);
}

TEST_F(RpcServer, CallersThatGoAwayLeaveNothing) {
    start();
    const Answered answer =
        call("ModelReady", named("slow"), {{"authorization", "Bearer good"}},
             [](grpc::ClientContext& one) { one.set_deadline(std::chrono::system_clock::now() + 200ms); });
    EXPECT_EQ(answer.code(), grpc::StatusCode::DEADLINE_EXCEEDED);
    ASSERT_TRUE(handler_.wait_kept(1));
    for (int i = 0; i < 500 && server_->counts().calls > 1; ++i) std::this_thread::sleep_for(10ms);
    handler_.kept[0]->reply({.body = "{}"});
    handler_.kept.clear();
    for (int i = 0; i < 500 && server_->counts().calls > 0; ++i) std::this_thread::sleep_for(10ms);
    EXPECT_EQ(server_->counts().calls, 0U);
}

TEST_F(RpcServer, DrainsBeforeItEnds) {
    start();
    Answered last;
    std::thread slow([&] { last = call("ModelReady", named("slow")); });
    ASSERT_TRUE(handler_.wait_kept(1));
    std::thread drain([this] { server_->drain(10s); });
    std::this_thread::sleep_for(100ms);
    EXPECT_FALSE(call("ServerLive", "", {}, [](grpc::ClientContext& one) {
                     one.set_deadline(std::chrono::system_clock::now() + 300ms);
                 }).status.ok());
    handler_.kept[0]->reply({.body = "{}"});
    handler_.kept.clear();
    slow.join();
    drain.join();
    EXPECT_TRUE(last.status.ok()) << last.status.error_message();
}

TEST_F(RpcServer, CancelsWhatTakesLongerThanItsDrainHasPatience) {
    start();
    Answered last;
    std::thread slow([&] { last = call("ModelReady", named("slow")); });
    ASSERT_TRUE(handler_.wait_kept(1));
    server_->drain(100ms);
    slow.join();
    EXPECT_FALSE(last.status.ok());
    handler_.kept[0]->reply({.body = "{}"});
}

TEST_F(RpcServer, APortThatIsTakenIsToldAndNotShared) {
    start();
    const auto second = Server::start({.port = server_->port()}, handler_, loops_);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code(), Errc::conflict);
    const auto insecure = Server::start({.tls = http::TlsFiles{"/nothing.pem", "/nothing.key"}}, handler_, loops_);
    ASSERT_FALSE(insecure.ok());
    EXPECT_NE(insecure.error().line().find("/nothing.pem"), std::string::npos);
}

TEST_F(RpcServer, BytesThatAreNoHttp2EndTheirConnectionAlone) {
    start();
    for (const std::string& bytes : {std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), std::string(100, '\xff'),
                                     "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + std::string(2000, '\x07')}) {
        http::RawClient client(server_->port());
        client.send(bytes);
        EXPECT_EQ(client.rest().find("200"), std::string::npos);
    }
    EXPECT_TRUE(call("ServerLive", "", {}).status.ok());
}

}  // namespace
}  // namespace bartizan::rpc
