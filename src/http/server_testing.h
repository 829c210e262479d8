#pragma once
/// For tests of servers: a socket that says exactly what the test wants, whatever HTTP thinks of it.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace bartizan::http {

class RawClient {
public:
    explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(port);
        const timeval patience{10, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    ~RawClient() { ::close(socket_); }
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    bool connected() const { return connected_; }
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    /// Everything until the other side closes.
    std::string rest() {
        std::string out = std::move(kept_);
        kept_.clear();
        char buffer[4096];
        for (ssize_t got; (got = receive(buffer, sizeof buffer)) > 0;)
            out.append(buffer, static_cast<std::size_t>(got));
        return out;
    }
    /// One answer with a Content-Length: head and body.
    std::string answer() {
        char buffer[4096];
        for (;;) {
            const std::size_t end = kept_.find("\r\n\r\n");
            if (end != std::string::npos) {
                const std::size_t at = kept_.find("Content-Length: ");
                const std::size_t length = at < end ? std::stoul(kept_.substr(at + 16)) : 0;
                if (kept_.size() >= end + 4 + length) {
                    const std::string out = kept_.substr(0, end + 4 + length);
                    kept_.erase(0, out.size());
                    return out;
                }
            }
            const ssize_t got = receive(buffer, sizeof buffer);
            if (got <= 0) return std::move(kept_);
            kept_.append(buffer, static_cast<std::size_t>(got));
        }
    }
    /// What has come, at least a byte; empty: the other side has closed, or says nothing for long.
    std::string some() {
        if (!kept_.empty()) return std::exchange(kept_, {});
        char buffer[4096];
        const ssize_t got = receive(buffer, sizeof buffer);
        return {buffer, static_cast<std::size_t>(std::max<ssize_t>(got, 0))};
    }
    std::string asks(std::string_view bytes) {
        send(bytes);
        return answer();
    }

private:
    /// A child process that ends interrupts what has a time limit.
    ssize_t receive(char* buffer, std::size_t size) const {
        for (;;) {
            const ssize_t got = ::recv(socket_, buffer, size, 0);
            if (got >= 0 || errno != EINTR) return got;
        }
    }
    int socket_;
    bool connected_ = false;
    std::string kept_;
};

/// "HTTP/1.1 404 Not Found..." gives 404; 0: no answer.
inline int status_of(std::string_view answer) {
    return answer.starts_with("HTTP/1.1 ") && answer.size() > 12 ? std::stoi(std::string(answer.substr(9, 3))) : 0;
}

}  // namespace bartizan::http
