#include "http/server.h"

#include <atomic>
#include <filesystem>
#include <future>
#include <thread>

#include <gtest/gtest.h>

#include "http/peer.h"
#include "http/server_testing.h"

namespace bartizan::http {
namespace {

using namespace std::chrono_literals;

/// Gives back what it was asked: "POST /path body".
class Echo final : public Handler {
public:
    Admission admit(Call& call) override {
        if (call.path() == "/refused") return {.body_bytes = 0, .refusal = refuse(403, "refused", "No.")};
        return {.body_bytes = 1000, .refusal = {}};
    }
    void handle(CallPointer call) override {
        handled.fetch_add(1);
        if (call->path() == "/later") {
            std::thread([call] {
                std::this_thread::sleep_for(30ms);
                call->reply({.body = "later"});
            }).detach();
            return;
        }
        if (call->path() == "/forgotten") return;
        if (call->path() == "/large") return call->reply({.body = std::string(64 << 20, 'x')});
        if (call->path() == "/stream") {
            call->begin({.content_type = "text/event-stream"});
            for (int i = 0; i < 3; ++i) call->push("data: " + std::to_string(i) + "\n\n");
            call->end();
            return;
        }
        Reply reply;
        if (call->path() == "/split") reply.headers = {{"X-Bad", "a\r\nX-Injected: 1"}, {"X-Good", "b"}};
        reply.body = std::string(call->method()) + " " + std::string(call->target()) + " " + std::string(call->body());
        call->reply(std::move(reply));
    }
    Reply refuse(int status, std::string_view code, std::string_view) override {
        return {.status = status, .body = std::string(code)};
    }
    std::atomic<int> handled{0};
};

class HttpServer : public testing::Test {
protected:
    void start(ServerLimits limits = {}) {
        auto server = Server::start({.limits = limits}, echo_, loops_);
        ASSERT_TRUE(server.ok()) << server.error().line();
        server_ = std::move(*server);
    }
    void SetUp() override { start(); }
    void TearDown() override { server_.reset(); }

    Echo echo_;
    Loops loops_{2, "test"};
    std::unique_ptr<Server> server_;
};

const std::string kHost = "Host: here\r\n";

TEST_F(HttpServer, AnswersAndKeepsTheConnection) {
    RawClient client(server_->port());
    const std::string first = client.asks("GET /a?b=c HTTP/1.1\r\n" + kHost + "\r\n");
    EXPECT_TRUE(first.starts_with("HTTP/1.1 200 OK\r\n")) << first;
    EXPECT_TRUE(first.ends_with("\r\n\r\nGET /a?b=c ")) << first;
    const std::string second = client.asks("POST /d HTTP/1.1\r\n" + kHost + "Content-Length: 4\r\n\r\nbody");
    EXPECT_TRUE(second.ends_with("POST /d body")) << second;
    EXPECT_EQ(server_->counts().accepted, 1U);
    EXPECT_EQ(server_->counts().requests, 2U);
}

TEST_F(HttpServer, AnswersPipelinedRequestsInOrder) {
    RawClient client(server_->port());
    client.send("GET /later HTTP/1.1\r\n" + kHost + "\r\nGET /2 HTTP/1.1\r\n" + kHost + "\r\n");
    EXPECT_TRUE(client.answer().ends_with("later"));
    EXPECT_TRUE(client.answer().ends_with("GET /2 "));
}

TEST_F(HttpServer, ReadsBodiesInChunksAndByteByByte) {
    RawClient client(server_->port());
    const std::string request =
        "POST /c HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
    for (const char c : request) client.send(std::string_view(&c, 1));
    EXPECT_TRUE(client.answer().ends_with("POST /c abcde"));
}

TEST_F(HttpServer, TellsTheCallerToContinue) {
    RawClient client(server_->port());
    client.send("POST /c HTTP/1.1\r\n" + kHost + "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_TRUE(client.answer().starts_with("HTTP/1.1 100 Continue"));
    EXPECT_TRUE(client.asks("ok").ends_with("POST /c ok"));
}

TEST_F(HttpServer, RefusesWhatTwoReadersWouldReadInTwoWays) {
    struct Case {
        const char* request;
        int status;
    };
    const Case cases[] = {
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd", 400},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 4\r\n\r\nabcd", 400},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +4\r\n\r\nabcd", 400},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x4\r\n\r\nabcd", 400},
        {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", 501},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400},
        {"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", 400},
        {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n", 400},
        {"GET / HTTP/1.1\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
        {"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400},
        {"GET / HTTP/1.1\nHost: a\n\n", 505},
        {"GET http://elsewhere/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"GET / HTTP/9.9\r\nHost: a\r\n\r\n", 505},
        {"G\x01T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
        {"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    };
    for (const Case& one : cases) {
        RawClient client(server_->port());
        client.send(one.request);
        client.send("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
        const std::string all = client.rest();
        EXPECT_EQ(status_of(all), one.status) << one.request << "\n" << all;
        EXPECT_EQ(all.find("smuggled"), std::string::npos) << one.request << "\n" << all;
        EXPECT_NE(all.find("Connection: close\r\n"), std::string::npos) << all;
    }
    EXPECT_EQ(echo_.handled, 0);
}

TEST_F(HttpServer, BoundsHeadsAndBodies) {
    const auto outcome = [&](const std::string& request) {
        RawClient client(server_->port());
        client.send(request);
        return status_of(client.rest());
    };
    EXPECT_EQ(outcome("GET /" + std::string(5'000, 'x') + " HTTP/1.1\r\n" + kHost + "\r\n"), 414);
    EXPECT_EQ(outcome("GET / HTTP/1.1\r\n" + kHost + "X: " + std::string(20'000, 'x') + "\r\n\r\n"), 431);
    std::string many = "GET / HTTP/1.1\r\n" + kHost;
    for (int i = 0; i < 200; ++i) many += "a: b\r\n";
    EXPECT_EQ(outcome(many + "\r\n"), 431);
    EXPECT_EQ(outcome("POST / HTTP/1.1\r\n" + kHost + "Content-Length: 1001\r\n\r\n"), 413);
    EXPECT_EQ(outcome("POST / HTTP/1.1\r\n" + kHost + "Content-Length: 99999999999\r\n\r\n"), 413);
    std::string chunks = "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 20; ++i) chunks += "64\r\n" + std::string(100, 'x') + "\r\n";
    EXPECT_EQ(outcome(chunks), 413);
    EXPECT_EQ(echo_.handled, 0);
}

TEST_F(HttpServer, ARefusalByTheHeadAloneDoesNotReadTheBody) {
    RawClient client(server_->port());
    const std::string answer = client.asks("POST /refused HTTP/1.1\r\n" + kHost + "Content-Length: 900\r\n\r\n");
    EXPECT_EQ(status_of(answer), 403);
    EXPECT_NE(answer.find("Connection: close"), std::string::npos);
    RawClient empty(server_->port());
    const std::string kept = empty.asks("GET /refused HTTP/1.1\r\n" + kHost + "\r\n");
    EXPECT_EQ(status_of(kept), 403);
    EXPECT_EQ(kept.find("Connection: close"), std::string::npos);
}

TEST_F(HttpServer, AHeaderCannotSplitAnAnswer) {
    RawClient client(server_->port());
    const std::string answer = client.asks("GET /split HTTP/1.1\r\n" + kHost + "\r\n");
    EXPECT_EQ(answer.find("X-Injected"), std::string::npos);
    EXPECT_EQ(answer.find("X-Bad"), std::string::npos);
    EXPECT_NE(answer.find("X-Good: b\r\n"), std::string::npos);
}

TEST_F(HttpServer, WhoeverForgetsToReplyStillAnswers) {
    RawClient client(server_->port());
    EXPECT_EQ(status_of(client.asks("GET /forgotten HTTP/1.1\r\n" + kHost + "\r\n")), 500);
}

TEST_F(HttpServer, HeadRequestsHaveNoBody) {
    RawClient client(server_->port());
    client.send("HEAD /a HTTP/1.1\r\n" + kHost + "Connection: close\r\n\r\n");
    const std::string all = client.rest();
    EXPECT_NE(all.find("Content-Length: 8\r\n"), std::string::npos) << all;
    EXPECT_TRUE(all.ends_with("\r\n\r\n"));
}

TEST_F(HttpServer, StreamsInChunks) {
    RawClient client(server_->port());
    client.send("GET /stream HTTP/1.1\r\n" + kHost + "\r\n");
    const std::string all = client.rest();
    EXPECT_NE(all.find("Transfer-Encoding: chunked\r\n"), std::string::npos) << all;
    EXPECT_NE(all.find("9\r\ndata: 2\n\n\r\n0\r\n\r\n"), std::string::npos) << all;
}

TEST(HttpServerTimes, SlowCallersAreClosed) {
    Echo echo;
    Loops loops(1, "test");
    const ServerLimits limits{
        .head_time = 200ms, .idle_time = 400ms, .body_time = 200ms, .slowest_bytes_per_second = 1'000'000};
    auto server = *Server::start({.limits = limits}, echo, loops);
    const auto lasts = [&](std::string_view begin, std::string_view drip) {
        RawClient client(server->port());
        const auto start = std::chrono::steady_clock::now();
        client.send(begin);
        for (int i = 0; i < 40 && client.send(drip); ++i) std::this_thread::sleep_for(25ms);
        return std::chrono::steady_clock::now() - start;
    };
    // A byte now and then keeps neither a head nor a body alive (slowloris).
    EXPECT_LT(lasts("GET / HTTP/1.1\r\nHost: a\r\nX: ", "x"), 900ms);
    EXPECT_LT(lasts("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n", "x"), 900ms);
    RawClient idle(server->port());
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(idle.rest(), "");
    EXPECT_LT(std::chrono::steady_clock::now() - start, 900ms);
    EXPECT_GE(server->counts().timeouts, 2U);
    EXPECT_EQ(echo.handled, 0);
}

TEST(HttpServerTimes, WhoDoesNotReadHisAnswerIsClosed) {
    Echo echo;
    Loops loops(1, "test");
    const ServerLimits limits{.write_time = 200ms, .slowest_bytes_per_second = 1'000'000'000};
    auto server = *Server::start({.limits = limits}, echo, loops);
    RawClient lazy(server->port());
    lazy.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto until = std::chrono::steady_clock::now() + 5s;
    while (server->counts().timeouts == 0 && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(5ms);
    EXPECT_EQ(server->counts().timeouts, 1U);
    EXPECT_LT(lazy.rest().size(), std::size_t{64} << 20);
    EXPECT_EQ(status_of(RawClient(server->port()).asks("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")), 200);
}

TEST(HttpServerTimes, DrainingLetsRequestsEndAndTakesNoMore) {
    Echo echo;
    Loops loops(2, "test");
    auto server = *Server::start({}, echo, loops);
    RawClient idle(server->port()), busy(server->port());
    EXPECT_EQ(status_of(idle.asks("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")), 200);
    busy.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
    while (echo.handled < 2) std::this_thread::sleep_for(1ms);
    std::string answer;
    std::thread reader([&] { answer = busy.rest(); });
    EXPECT_TRUE(server->drain(5s));
    reader.join();
    EXPECT_TRUE(answer.ends_with("later")) << answer;
    EXPECT_NE(answer.find("Connection: close"), std::string::npos);
    EXPECT_EQ(idle.rest(), "");
    EXPECT_FALSE(RawClient(server->port()).connected());
}

TEST(HttpServerTimes, ConnectionsAreCounted) {
    Echo echo;
    Loops loops(1, "test");
    auto server = *Server::start({.limits = {.connections = 2}}, echo, loops);
    RawClient first(server->port()), second(server->port());
    EXPECT_EQ(status_of(first.asks("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")), 200);
    EXPECT_EQ(status_of(second.asks("GET /a HTTP/1.1\r\nHost: a\r\n\r\n")), 200);
    RawClient third(server->port());
    EXPECT_EQ(third.rest(), "");
    EXPECT_EQ(server->counts().refused, 1U);
    EXPECT_EQ(server->counts().connections, 2U);
}

TEST(HttpServerStart, SaysWhatIsWrong) {
    Echo echo;
    Loops loops(1, "test");
    auto server = *Server::start({}, echo, loops);
    EXPECT_TRUE(server->address().starts_with("http://127.0.0.1:"));
    const auto taken = Server::start({.port = server->port()}, echo, loops);
    ASSERT_FALSE(taken.ok());
    EXPECT_EQ(taken.error().code(), Errc::conflict);
    EXPECT_EQ(Server::start({.address = "nowhere"}, echo, loops).error().code(), Errc::invalid_input);
    const auto tls = Server::start({.tls = TlsFiles{"/nonexistent.pem", "/nonexistent.key"}}, echo, loops);
    ASSERT_FALSE(tls.ok());
    EXPECT_NE(tls.error().line().find("/nonexistent.pem"), std::string::npos) << tls.error().line();
}

/// A socket in a folder of its own.
class HttpPeer : public testing::Test {
protected:
    HttpPeer() : folder_(std::filesystem::temp_directory_path() / ("bartizan-peer-" + std::to_string(::getpid()))) {
        std::filesystem::create_directories(folder_);
    }
    ~HttpPeer() override { std::filesystem::remove_all(folder_); }
    std::filesystem::path socket() const { return folder_ / "s"; }

    /// Asks on the peer's loop and waits for what comes back.
    Result<PeerResponse> ask(const std::shared_ptr<Peer>& peer, PeerRequest request) {
        std::promise<Result<PeerResponse>> promise;
        auto future = promise.get_future();
        loops_.at(0).post([&] {
            peer->ask(std::move(request), [&](Result<PeerResponse> got) { promise.set_value(std::move(got)); });
        });
        return future.get();
    }
    void close(const std::shared_ptr<Peer>& peer) {
        std::promise<void> closed;
        loops_.at(0).post([&] {
            peer->close();
            closed.set_value();
        });
        closed.get_future().wait();
    }

    std::filesystem::path folder_;
    Echo echo_;
    Loops loops_{1, "test"};
};

TEST_F(HttpPeer, AsksOverAUnixSocketAndKeepsTheConnection) {
    auto server = *Server::start({.unix_socket = socket()}, echo_, loops_);
    const auto mode = std::filesystem::status(socket()).permissions();
    EXPECT_EQ(mode & std::filesystem::perms::others_all, std::filesystem::perms::none);
    auto peer = Peer::make(loops_.at(0), {.unix_socket = socket()});
    for (int i = 0; i < 5; ++i) {
        const auto got = ask(peer, {.path = "/x", .body = "ping" + std::to_string(i)});
        ASSERT_TRUE(got.ok()) << got.error().line();
        EXPECT_EQ(got->body, "POST /x ping" + std::to_string(i));
        EXPECT_EQ(got->header("content-type"), "application/json");
    }
    EXPECT_EQ(server->counts().accepted, 1U);
    // A server that was started again in the meantime costs nobody a request.
    server.reset();
    server = *Server::start({.unix_socket = socket()}, echo_, loops_);
    EXPECT_EQ(ask(peer, {.path = "/y"})->body, "POST /y ");
    close(peer);
}

TEST_F(HttpPeer, GoesOverAnAddressToo) {
    auto server = *Server::start({}, echo_, loops_);
    auto peer = Peer::make(loops_.at(0), {.url = *parse_url(server->address() + "/base")});
    EXPECT_EQ(ask(peer, {.method = "GET", .path = "/x"})->body, "GET /base/x ");
    EXPECT_EQ(ask(peer, {.path = "/x", .headers = {{"X", "a\r\nb"}}})->status, 200);
    close(peer);
}

TEST_F(HttpPeer, AnAbsentServerIsUnavailable) {
    auto peer = Peer::make(loops_.at(0), {.unix_socket = socket()});
    const auto got = ask(peer, {.path = "/x"});
    ASSERT_FALSE(got.ok());
    EXPECT_EQ(got.error().code(), Errc::unavailable) << got.error().line();
    close(peer);
}

TEST_F(HttpPeer, WaitsNoLongerThanItsPatienceAndQueuesNoMoreThanItsLimit) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);  // takes connections, never answers
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
    ASSERT_EQ(::listen(listener, 8), 0);
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    auto peer =
        Peer::make(loops_.at(0), {.url = *parse_url("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)))},
                   {.connections = 1, .waiting = 1});
    std::vector<Errc> codes;
    std::promise<void> all;
    loops_.at(0).post([&] {
        for (int i = 0; i < 3; ++i)
            peer->ask({.path = "/", .patience = 200ms}, [&](Result<PeerResponse> got) {
                codes.push_back(got.error().code());
                if (codes.size() == 3) all.set_value();
            });
    });
    ASSERT_EQ(all.get_future().wait_for(5s), std::future_status::ready);
    EXPECT_EQ(codes[0], Errc::exhausted);
    EXPECT_EQ(codes[1], Errc::cancelled);
    EXPECT_EQ(codes[2], Errc::cancelled);
    close(peer);
    ::close(listener);
}

}  // namespace
}  // namespace bartizan::http
