#include "http/server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>
#include <utility>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>

#include "http/session.h"

namespace bartizan::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Local = asio::local::stream_protocol;
using Code = boost::system::error_code;

constexpr int kBacklog = 4096;
constexpr std::chrono::milliseconds kPause{50};  ///< after an accept that failed: no descriptors left, say

Error cannot_listen(const std::string& where, const Code& code) {
    const Errc kind = code == asio::error::access_denied    ? Errc::denied
                      : code == asio::error::address_in_use ? Errc::conflict
                                                            : Errc::invalid_input;
    return {kind, "cannot listen on " + where + ": " + code.message(), "--listen names another address"};
}

std::string peer_of(const tcp::socket& socket) {
    Code code;
    const auto endpoint = socket.remote_endpoint(code);
    return code ? std::string() : endpoint.address().to_string(code);
}
std::string peer_of(const Local::socket&) { return "unix"; }

void tune(tcp::socket& socket) {
    Code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
}
void tune(Local::socket&) {}

template <class Protocol>
class Listening final : public Server, public std::enable_shared_from_this<Listening<Protocol>> {
public:
    using Acceptor = typename Protocol::acceptor;
    using Peer = typename Protocol::socket;

    Listening(ServerOptions options, Handler& handler, Loops& loops)
        : loops_(loops), acceptor_(loops.at(0).context()), shared_(std::make_shared<ServerShared>()) {
        shared_->options = std::move(options);
        shared_->handler = &handler;
        for (std::size_t i = 0; i < loops.size(); ++i) groups_.push_back(make_session_group(loops.at(i), shared_));
    }

    Result<void> open(const typename Protocol::endpoint& endpoint) {
        Code code;
        acceptor_.open(endpoint.protocol(), code);
        if (!code) acceptor_.set_option(typename Acceptor::reuse_address(true), code);
        if (!code) acceptor_.bind(endpoint, code);
        if (!code) acceptor_.listen(kBacklog, code);
        if (code)
            return cannot_listen(shared_->options.address + " port " + std::to_string(shared_->options.port), code);
        if (shared_->options.tls) BARTIZAN_TRY(reload_tls());
        told_ = told(acceptor_.local_endpoint());
        return {};
    }
    Result<void> take_over(int listener) {
        Code code;
        acceptor_.assign(Protocol(), listener, code);
        if (code) return cannot_listen("the socket that was given", code);
        told_ = told(acceptor_.local_endpoint());
        return {};
    }

    void run() {
        for (const auto& group : groups_)
            group_loop(*group, [group, alive = alive_] {
                sweep(*group);
                return alive->load();
            });
        asio::post(loops_.at(0).context(), [self = this->shared_from_this()] { self->accept(); });
    }

    void stop() {
        *alive_ = false;
        shared_->draining = true;
        asio::post(loops_.at(0).context(), [self = this->shared_from_this()] {
            Code ignored;
            self->acceptor_.close(ignored);
        });
        for (std::size_t i = 0; i < groups_.size(); ++i) loops_.at(i).post([group = groups_[i]] { close_all(*group); });
    }

    std::uint16_t port() const override { return port_; }
    std::string address() const override { return told_; }
    ServerCounts counts() const override {
        return {.connections = static_cast<std::uint64_t>(std::max<std::int64_t>(shared_->open, 0)),
                .accepted = shared_->accepted,
                .refused = shared_->refused,
                .timeouts = shared_->timeouts,
                .malformed = shared_->malformed,
                .requests = shared_->requests};
    }
    bool drain(std::chrono::milliseconds patience) override {
        shared_->draining = true;
        asio::post(loops_.at(0).context(), [self = this->shared_from_this()] {
            Code ignored;
            self->acceptor_.close(ignored);
        });
        const SteadyTime end = std::chrono::steady_clock::now() + patience;
        while (shared_->open > 0 && std::chrono::steady_clock::now() < end)
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        return shared_->open == 0;
    }
    Result<void> reload_tls() override {
        if (!shared_->options.tls) return {};
        shared_->set_tls(BARTIZAN_TRY(make_tls(*shared_->options.tls)));
        return {};
    }

private:
    std::string told(const tcp::endpoint& endpoint) {
        port_ = endpoint.port();
        const std::string host = endpoint.address().to_string();
        return std::string(shared_->options.tls ? "https://" : "http://") +
               (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(port_);
    }
    std::string told(const Local::endpoint& endpoint) { return "unix:" + endpoint.path(); }

    template <class Work>
    void group_loop(SessionGroup&, Work work) {
        loops_.at(next_++).every_tick(std::move(work));
    }

    void accept() {
        acceptor_.async_accept([self = this->shared_from_this()](const Code& code, Peer socket) {
            if (!self->acceptor_.is_open()) return;
            if (code) {
                self->loops_.at(0).after(kPause, [self] {
                    if (self->acceptor_.is_open()) self->accept();
                });
                return;
            }
            self->take(std::move(socket));
            self->accept();
        });
    }

    /// Hands the connection to the loops in turn.
    void take(Peer socket) {
        shared_->accepted.fetch_add(1, std::memory_order_relaxed);
        const auto most = static_cast<std::int64_t>(shared_->options.limits.connections * groups_.size());
        if (shared_->open >= most) {
            shared_->refused.fetch_add(1, std::memory_order_relaxed);
            return;  // closed with the socket
        }
        tune(socket);
        std::string peer = peer_of(socket);
        const int family = socket.local_endpoint().protocol().family();
        const std::size_t place = turn_++ % groups_.size();
        Code code;
        const int descriptor = socket.release(code);
        if (code) return;
        auto begin = [group = groups_[place], descriptor, family, peer = std::move(peer)]() mutable {
            start_session(group, descriptor, family, std::move(peer));
        };
        if (place == 0)
            begin();
        else
            asio::post(loops_.at(place).context(), std::move(begin));
    }

    Loops& loops_;
    Acceptor acceptor_;
    std::uint16_t port_ = 0;
    std::string told_;
    std::shared_ptr<ServerShared> shared_;
    std::vector<std::shared_ptr<SessionGroup>> groups_;
    std::shared_ptr<std::atomic<bool>> alive_ = std::make_shared<std::atomic<bool>>(true);
    std::size_t next_ = 0, turn_ = 0;
};

/// What the caller holds: ends the server when it goes.
template <class Protocol>
class Held final : public Server {
public:
    explicit Held(std::shared_ptr<Listening<Protocol>> server) : server_(std::move(server)) {}
    ~Held() override { server_->stop(); }
    std::uint16_t port() const override { return server_->port(); }
    std::string address() const override { return server_->address(); }
    ServerCounts counts() const override { return server_->counts(); }
    bool drain(std::chrono::milliseconds patience) override { return server_->drain(patience); }
    Result<void> reload_tls() override { return server_->reload_tls(); }

private:
    std::shared_ptr<Listening<Protocol>> server_;
};

template <class Protocol>
Result<std::unique_ptr<Server>> started(std::shared_ptr<Listening<Protocol>> server) {
    server->run();
    return std::make_unique<Held<Protocol>>(std::move(server));
}

Result<std::unique_ptr<Server>> adopt(const ServerOptions& options, Handler& handler, Loops& loops, int listener) {
    auto server = std::make_shared<Listening<Local>>(options, handler, loops);
    BARTIZAN_TRY(server->take_over(listener));
    return started(std::move(server));
}

}  // namespace

Result<int> listen_on_unix_socket(const std::filesystem::path& path) {
    const std::string name = path.string();
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (name.size() >= sizeof address.sun_path)
        return invalid_input("the path of a Unix socket is too long: '" + name + "'");
    name.copy(address.sun_path, name.size());
    ::unlink(name.c_str());
    const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const ::mode_t before = ::umask(0077);
    const bool bound = listener >= 0 &&
                       ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                       ::listen(listener, kBacklog) == 0;
    const int error = errno;
    ::umask(before);
    if (bound) return listener;
    ::close(listener);
    return cannot_listen("'" + name + "'", Code(error, boost::system::system_category()));
}

Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options, Handler& handler, Loops& loops) {
    if (options.listener >= 0) return adopt(options, handler, loops, options.listener);
    if (!options.unix_socket.empty())
        return adopt(options, handler, loops, BARTIZAN_TRY(listen_on_unix_socket(options.unix_socket)));
    Code code;
    const auto address = asio::ip::make_address(options.address, code);
    if (code) return invalid_input("'" + options.address + "' is no IP address", "as 127.0.0.1 or ::1");
    auto server = std::make_shared<Listening<tcp>>(options, handler, loops);
    BARTIZAN_TRY(server->open(tcp::endpoint(address, options.port)));
    return started(std::move(server));
}

}  // namespace bartizan::http
