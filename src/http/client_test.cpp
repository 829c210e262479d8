#include "http/client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include <gtest/gtest.h>

namespace bartizan::http {
namespace {

using namespace std::chrono_literals;

/// Answers each connection with bytes of the test's own, whatever is asked; what was asked is kept.
class Server {
public:
    explicit Server(std::vector<std::string> answers, std::chrono::milliseconds pause = 0ms)
        : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
        EXPECT_EQ(::listen(listener_, 8), 0);
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this, answers = std::move(answers), pause] { serve(answers, pause); });
    }
    ~Server() {
        ::shutdown(listener_, SHUT_RDWR);
        thread_.join();
        ::close(listener_);
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    Request asking(const std::string& path = "/") const {
        return {.url = *parse_url("http://127.0.0.1:" + std::to_string(port_) + path)};
    }
    std::vector<std::string> asked;

private:
    void serve(const std::vector<std::string>& answers, std::chrono::milliseconds pause) {
        for (const std::string& answer : answers) {
            const int peer = ::accept(listener_, nullptr, nullptr);
            if (peer < 0) return;
            char buffer[4096];
            const ssize_t got = ::recv(peer, buffer, sizeof buffer, 0);
            asked.emplace_back(buffer, got > 0 ? static_cast<std::size_t>(got) : 0);
            std::this_thread::sleep_for(pause);
            for (std::size_t at = 0; at < answer.size();) {
                const ssize_t sent = ::send(peer, answer.data() + at, answer.size() - at, MSG_NOSIGNAL);
                if (sent <= 0) break;
                at += static_cast<std::size_t>(sent);
            }
            ::shutdown(peer, SHUT_WR);
            ::close(peer);
        }
    }

    int listener_;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

const std::string kHello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Kind: test\r\n\r\nhello";

TEST(HttpClient, ReadsAnAnswer) {
    Server server({kHello});
    const auto response = exchange(server.asking("/a?b=c"));
    ASSERT_TRUE(response.ok()) << response.error().line();
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "hello");
    EXPECT_EQ(response->header("x-kind"), "test");
    EXPECT_TRUE(server.asked.at(0).starts_with("GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:")) << server.asked[0];
}

TEST(HttpClient, SendsABodyAndHeaders) {
    Server server({"HTTP/1.1 204 No Content\r\n\r\n"});
    Request request = server.asking();
    request.method = "POST";
    request.headers = {{"Content-Type", "text/plain"}};
    request.body = "payload";
    EXPECT_EQ(exchange(request)->status, 204);
    EXPECT_NE(server.asked.at(0).find("Content-Length: 7\r\n"), std::string::npos);
    EXPECT_TRUE(server.asked[0].ends_with("\r\n\r\npayload"));
}

TEST(HttpClient, BodiesInChunksGoToTheSinkPieceByPiece) {
    std::string answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", whole;
    for (int i = 0; i < 50; ++i) {
        const std::string chunk(20'000, static_cast<char>('a' + i % 26));
        answer += "4e20\r\n" + chunk + "\r\n";
        whole += chunk;
    }
    Server server({answer + "0\r\n\r\n"});
    std::string got;
    int pieces = 0;
    const auto response = exchange(server.asking(), {}, [&](std::span<const std::byte> piece) -> Result<void> {
        got.append(reinterpret_cast<const char*>(piece.data()), piece.size());
        ++pieces;
        return {};
    });
    ASSERT_TRUE(response.ok()) << response.error().line();
    EXPECT_EQ(got, whole);
    EXPECT_GT(pieces, 2);
    EXPECT_TRUE(response->body.empty());
}

TEST(HttpClient, WhatTheSinkRefusesEndsTheExchange) {
    Server server({kHello});
    const auto response =
        exchange(server.asking(), {}, [](std::span<const std::byte>) -> Result<void> { return exhausted("full"); });
    ASSERT_FALSE(response.ok());
    EXPECT_EQ(response.error().message(), "full");
}

TEST(HttpClient, RedirectsAreFollowedButNotForever) {
    Server server({"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n", kHello});
    const auto response = exchange(server.asking("/here"));
    ASSERT_TRUE(response.ok()) << response.error().line();
    EXPECT_EQ(response->url.target, "/there");
    const std::string loop = "HTTP/1.1 301 Moved\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n";
    Server circle({loop, loop, loop, loop});
    const auto never = exchange(circle.asking(), {.redirects = 2});
    ASSERT_FALSE(never.ok());
    EXPECT_NE(never.error().line().find("redirects"), std::string::npos);
}

TEST(HttpClient, CredentialsDoNotFollowARedirectToAnotherHost) {
    Server other({kHello});
    Server first(
        {"HTTP/1.1 302 Found\r\nLocation: " + other.asking("/x").url.text() + "\r\nContent-Length: 0\r\n\r\n"});
    Request request = first.asking();
    request.headers = {{"Authorization", "Bearer secret"}, {"Accept", "x"}};
    EXPECT_EQ(exchange(request)->body, "hello");
    EXPECT_NE(first.asked.at(0).find("secret"), std::string::npos);
    EXPECT_EQ(other.asked.at(0).find("secret"), std::string::npos);
    EXPECT_NE(other.asked[0].find("Accept: x"), std::string::npos);
}

TEST(HttpClient, HostileAnswersAreErrors) {
    const std::string cases[] = {"",
                                 "not http at all\r\n\r\n",
                                 "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort",
                                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                                 "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
                                 "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n"};
    for (const std::string& answer : cases) {
        Server server({answer});
        const auto response = exchange(server.asking());
        ASSERT_FALSE(response.ok()) << answer.substr(0, 60);
        EXPECT_EQ(response.error().code(), Errc::unavailable) << response.error().line();
    }
}

TEST(HttpClient, BodiesAreBounded) {
    for (const char* how : {"Content-Length: 3000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\nbb8\r\n", "\r\n"}) {
        Server server({"HTTP/1.1 200 OK\r\n" + std::string(how) + std::string(3'000, 'x') + "\r\n0\r\n\r\n"});
        const auto response = exchange(server.asking(), {.most_bytes = 1'000});
        ASSERT_FALSE(response.ok()) << how;
        EXPECT_EQ(response.error().code(), Errc::exhausted) << response.error().line();
    }
}

TEST(HttpClient, SlowAndMissingServersAreErrorsInTime) {
    Server server({kHello}, 500ms);
    const auto slow = exchange(server.asking(), {.idle_timeout = 50ms});
    ASSERT_FALSE(slow.ok());
    EXPECT_NE(slow.error().line().find("in time"), std::string::npos) << slow.error().line();
    const auto missing = exchange({.url = *parse_url("http://127.0.0.1:1/")});
    ASSERT_FALSE(missing.ok());
    EXPECT_NE(missing.error().line().find("cannot connect"), std::string::npos) << missing.error().line();
    EXPECT_FALSE(exchange({.url = *parse_url("https://127.0.0.1:1/")}).ok());
}

TEST(HttpClient, APlainServerIsNoSecureOne) {
    Server server({kHello});
    Request request = server.asking();
    request.url.secure = true;
    const auto response = exchange(request);
    ASSERT_FALSE(response.ok());
    EXPECT_NE(response.error().line().find("no secure connection"), std::string::npos) << response.error().line();
}

}  // namespace
}  // namespace bartizan::http
