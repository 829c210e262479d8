#pragma once
/// For tests: a nats-server with JetStream on a free port of loopback, in a folder that is thrown away.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>

extern char** environ;

namespace bartizan::stream {

class NatsServer {
public:
    NatsServer() {
        folder_ = (std::filesystem::temp_directory_path() / "bartizan-XXXXXX").string();
        if (::mkdtemp(folder_.data()) == nullptr) folder_.clear();
        port_ = std::to_string(free_port());
        start();
    }
    ~NatsServer() {
        kill();
        std::filesystem::remove_all(folder_);
    }
    NatsServer(const NatsServer&) = delete;
    NatsServer& operator=(const NatsServer&) = delete;

    /// False: it is not installed.
    bool there() const { return process_ > 0; }
    std::string url() const { return "nats://127.0.0.1:" + port_; }
    void start() {
        std::string words[] = {"nats-server", "-js", "-sd", folder_, "-a",
                               "127.0.0.1",   "-p",  port_, "-l",    folder_ + "/log"};
        char* arguments[std::size(words) + 1] = {};
        for (std::size_t i = 0; i < std::size(words); ++i) arguments[i] = words[i].data();
        if (::posix_spawnp(&process_, words[0].c_str(), nullptr, nullptr, arguments, environ) != 0) process_ = -1;
        for (int i = 0; there() && i < 1000 && !answers(); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    void pause() const { ::kill(process_, SIGSTOP); }
    void go_on() const { ::kill(process_, SIGCONT); }
    void kill() {
        if (!there()) return;
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
        process_ = -1;
    }

private:
    static sockaddr_in loopback(std::uint16_t port) {
        sockaddr_in out{};
        out.sin_family = AF_INET;
        out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        out.sin_port = htons(port);
        return out;
    }
    static std::uint16_t free_port() {
        const int one = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address = loopback(0);
        socklen_t size = sizeof address;
        ::bind(one, reinterpret_cast<sockaddr*>(&address), size);
        ::getsockname(one, reinterpret_cast<sockaddr*>(&address), &size);
        ::close(one);
        return ntohs(address.sin_port);
    }
    bool answers() const {
        const int one = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const sockaddr_in address = loopback(static_cast<std::uint16_t>(std::stoi(port_)));
        const bool connected = ::connect(one, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
        ::close(one);
        return connected;
    }

    std::string folder_, port_;
    pid_t process_ = -1;
};

}  // namespace bartizan::stream
