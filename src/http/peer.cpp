#include "http/peer.h"

#include <deque>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "http/head.h"

namespace bartizan::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;
using asio::ip::tcp;
using Socket = asio::generic::stream_protocol::socket;
using Secured = asio::ssl::stream<Socket>;
using Code = boost::system::error_code;
using Parser = wire::response_parser<wire::string_body>;

constexpr std::size_t kReadBytes = 64 * 1024;

SteadyTime now() { return std::chrono::steady_clock::now(); }

/// A request with what has become of it.
struct Asked {
    PeerRequest request;
    PeerDone done;
    SteadyTime deadline;
    bool again = false;  ///< sent before, on a connection that was gone

    void finish(Result<PeerResponse> result) {
        if (const PeerDone tell = std::exchange(done, nullptr)) tell(std::move(result));
    }
};
using AskedPointer = std::unique_ptr<Asked>;

class PeerPool;

/// One connection; carries one request at a time.
class Link : public std::enable_shared_from_this<Link> {
public:
    Link(PeerPool& pool, asio::io_context& context, asio::ssl::context* tls);
    void open(AskedPointer asked);
    void send(AskedPointer asked);
    void abandon(const Error& error);
    SteadyTime deadline() const { return deadline_; }
    bool idle() const { return !asked_; }

private:
    void resolved(const tcp::resolver::results_type& places);
    void connected();
    void write();
    void read();
    void take();
    void failed(const Code& code);
    void complete();
    template <class Work>
    void with_stream(Work work) {
        if (secured_)
            work(*secured_);
        else
            work(*plain_);
    }
    Socket& socket() { return secured_ ? secured_->next_layer() : *plain_; }

    PeerPool* pool_;
    tcp::resolver resolver_;
    std::optional<Socket> plain_;
    std::optional<Secured> secured_;
    SteadyTime deadline_ = SteadyTime::max();
    AskedPointer asked_;
    bool used_ = false, got_bytes_ = false, closed_ = false;
    std::string head_;
    beast::flat_buffer buffer_;
    std::optional<Parser> parser_;
};

class PeerPool final : public Peer, public std::enable_shared_from_this<PeerPool> {
public:
    PeerPool(Loop& loop, PeerAddress address, PeerLimits limits)
        : loop_(loop), address_(std::move(address)), limits_(limits) {}
    ~PeerPool() override { end(); }

    void begin() {
        loop_.every_tick([weak = weak_from_this()] {
            const auto self = weak.lock();
            if (!self || self->ended_) return false;
            self->sweep();
            return true;
        });
        if (!address_.unix_socket.empty() || !address_.url.secure) return;
        tls_.emplace(asio::ssl::context::tls_client);
        ::SSL_CTX_set_min_proto_version(tls_->native_handle(), TLS1_2_VERSION);
        tls_->set_verify_mode(asio::ssl::verify_peer);
        Code ignored;  // without authorities no certificate holds: the first request says so
        if (address_.ca_file.empty())
            tls_->set_default_verify_paths(ignored);
        else
            tls_->load_verify_file(address_.ca_file, ignored);
    }

    void ask(PeerRequest request, PeerDone done) override {
        auto asked = std::make_unique<Asked>();
        asked->deadline = now() + request.patience;
        asked->request = std::move(request);
        asked->done = std::move(done);
        if (ended_) return asked->finish(Error(Errc::unavailable, address_.text() + " is not served any more"));
        place(std::move(asked));
    }

    void close() override { end(); }

    /// On an idle connection, a new one, or in the queue.
    void place(AskedPointer asked) {
        if (!asked->again && !idle_.empty()) {
            const std::shared_ptr<Link> link = std::move(idle_.back());
            idle_.pop_back();
            return link->send(std::move(asked));
        }
        if (links_.size() < limits_.connections) {
            auto link = std::make_shared<Link>(*this, loop_.context(), tls_ ? &*tls_ : nullptr);
            links_.push_back(link);
            return link->open(std::move(asked));
        }
        if (waiting_.size() >= limits_.waiting)
            return asked->finish(exhausted("too many requests wait for " + address_.text()));
        waiting_.push_back(std::move(asked));
    }

    void released(const std::shared_ptr<Link>& link) {
        if (waiting_.empty()) {
            idle_.push_back(link);
            return;
        }
        AskedPointer next = std::move(waiting_.front());
        waiting_.pop_front();
        link->send(std::move(next));
    }
    void lost(const std::shared_ptr<Link>& link) {
        std::erase(links_, link);
        std::erase(idle_, link);
        if (waiting_.empty() || ended_) return;
        AskedPointer next = std::move(waiting_.front());
        waiting_.pop_front();
        place(std::move(next));
    }

    const PeerAddress& address() const { return address_; }
    const PeerLimits& limits() const { return limits_; }

private:
    void sweep() {
        const SteadyTime time = now();
        const auto links = links_;
        for (const auto& link : links)
            if (link->deadline() <= time) link->abandon(out_of_time());
        std::vector<AskedPointer> late;
        for (auto it = waiting_.begin(); it != waiting_.end();) {
            if ((*it)->deadline <= time) {
                late.push_back(std::move(*it));
                it = waiting_.erase(it);
            } else {
                ++it;
            }
        }
        for (const AskedPointer& one : late) one->finish(out_of_time());
    }
    Error out_of_time() const { return {Errc::cancelled, address_.text() + " did not answer in time"}; }

    void end() {
        if (std::exchange(ended_, true)) return;
        const Error gone(Errc::unavailable, address_.text() + " is not served any more");
        const auto links = links_;
        for (const auto& link : links) link->abandon(gone);
        std::deque<AskedPointer> waiting;
        waiting.swap(waiting_);
        for (const AskedPointer& one : waiting) one->finish(gone);
    }

    Loop& loop_;
    PeerAddress address_;
    PeerLimits limits_;
    std::optional<asio::ssl::context> tls_;
    std::vector<std::shared_ptr<Link>> links_;
    std::vector<std::shared_ptr<Link>> idle_;
    std::deque<AskedPointer> waiting_;
    bool ended_ = false;
};

Link::Link(PeerPool& pool, asio::io_context& context, asio::ssl::context* tls) : pool_(&pool), resolver_(context) {
    if (tls != nullptr)
        secured_.emplace(Socket(context), *tls);
    else
        plain_.emplace(context);
}

void Link::open(AskedPointer asked) {
    asked_ = std::move(asked);
    deadline_ = std::min(asked_->deadline, now() + pool_->limits().connect_time);
    const PeerAddress& address = pool_->address();
    if (!address.unix_socket.empty()) {
        socket().async_connect(asio::local::stream_protocol::endpoint(address.unix_socket.string()),
                               [self = shared_from_this()](const Code& code) {
                                   if (code) return self->failed(code);
                                   self->connected();
                               });
        return;
    }
    resolver_.async_resolve(address.url.host, std::to_string(address.url.port),
                            [self = shared_from_this()](const Code& code, const tcp::resolver::results_type& places) {
                                if (code) return self->failed(code);
                                self->resolved(places);
                            });
}

void Link::resolved(const tcp::resolver::results_type& places) {
    if (closed_) return;
    socket().async_connect(places.begin()->endpoint(), [self = shared_from_this()](const Code& code) {
        if (code) return self->failed(code);
        if (self->closed_) return;
        Code ignored;
        self->socket().set_option(tcp::no_delay(true), ignored);
        if (!self->secured_) return self->connected();
        const std::string& host = self->pool_->address().url.host;
        ::SSL_set_tlsext_host_name(self->secured_->native_handle(), host.c_str());
        self->secured_->set_verify_callback(asio::ssl::host_name_verification(host), ignored);
        self->secured_->async_handshake(asio::ssl::stream_base::client, [self](const Code& outcome) {
            if (outcome) return self->failed(outcome);
            self->connected();
        });
    });
}

void Link::connected() {
    if (closed_ || !asked_) return;
    write();
}

void Link::send(AskedPointer asked) {
    asked_ = std::move(asked);
    used_ = true;
    write();
}

void Link::write() {
    deadline_ = asked_->deadline;
    got_bytes_ = false;
    const PeerRequest& request = asked_->request;
    const PeerAddress& address = pool_->address();
    head_.assign(request.method).append(" ");
    if (address.unix_socket.empty() && address.url.target != "/") head_.append(address.url.target);
    head_.append(request.path).append(" HTTP/1.1\r\nHost: ");
    head_.append(address.unix_socket.empty() ? address.url.authority() : "localhost").append("\r\n");
    for (const auto& [name, value] : request.headers)
        if (safe_value(name) && safe_value(value)) head_.append(name).append(": ").append(value).append("\r\n");
    const std::string_view content = request.content();
    if (!content.empty() || request.method == "POST")
        head_.append("Content-Length: ").append(std::to_string(content.size())).append("\r\n");
    head_.append("\r\n");
    with_stream([this, content](auto& stream) {
        asio::async_write(
            stream,
            std::array<asio::const_buffer, 2>{asio::buffer(head_), asio::buffer(content.data(), content.size())},
            [self = shared_from_this()](const Code& code, std::size_t) {
                if (code) return self->failed(code);
                if (self->closed_) return;
                self->parser_.emplace();
                self->parser_->body_limit(self->pool_->limits().body_bytes);
                self->parser_->header_limit(kMostHeaderBytes);
                self->parser_->eager(true);
                self->read();
            });
    });
}

void Link::read() {
    with_stream([this](auto& stream) {
        stream.async_read_some(buffer_.prepare(kReadBytes),
                               [self = shared_from_this()](const Code& code, std::size_t bytes) {
                                   if (self->closed_) return;
                                   self->got_bytes_ |= bytes > 0;
                                   self->buffer_.commit(bytes);
                                   if (code) return self->failed(code);
                                   self->take();
                               });
    });
}

void Link::take() {
    while (!parser_->is_done()) {
        if (buffer_.size() == 0) return read();
        Code code;
        buffer_.consume(parser_->put(buffer_.data(), code));
        if (code == wire::error::need_more) return read();
        if (code) return failed(code);
    }
    complete();
}

void Link::complete() {
    PeerResponse response;
    auto& message = parser_->get();
    response.status = static_cast<int>(message.result_int());
    for (const auto& field : message)
        response.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    response.body = std::move(message.body());
    const bool keep = parser_->keep_alive() && buffer_.size() == 0;
    const AskedPointer asked = std::move(asked_);
    deadline_ = SteadyTime::max();
    const auto self = shared_from_this();
    if (keep) {
        pool_->released(self);
    } else {
        closed_ = true;
        Code ignored;
        socket().close(ignored);
        pool_->lost(self);
    }
    asked->finish(std::move(response));
}

void Link::failed(const Code& code) {
    if (closed_) return;
    const bool stale = used_ && !got_bytes_ && asked_ && !asked_->again;
    if (stale) {
        AskedPointer asked = std::move(asked_);
        asked->again = true;
        const auto self = shared_from_this();
        closed_ = true;
        Code ignored;
        socket().close(ignored);
        pool_->lost(self);
        return pool_->place(std::move(asked));
    }
    abandon({Errc::unavailable, pool_->address().text() + ": " + code.message()});
}

void Link::abandon(const Error& error) {
    if (std::exchange(closed_, true)) return;
    const auto self = shared_from_this();
    Code ignored;
    resolver_.cancel();
    socket().close(ignored);
    const AskedPointer asked = std::move(asked_);
    pool_->lost(self);
    if (asked) asked->finish(error);
}

}  // namespace

std::string PeerAddress::text() const { return unix_socket.empty() ? url.text() : "unix:" + unix_socket.string(); }

std::string_view PeerResponse::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (same_name(key, name)) return value;
    return {};
}

std::shared_ptr<Peer> Peer::make(Loop& loop, PeerAddress address, PeerLimits limits) {
    auto pool = std::make_shared<PeerPool>(loop, std::move(address), limits);
    pool->begin();
    return pool;
}

}  // namespace bartizan::http
