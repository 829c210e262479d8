#include "http/session.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "http/head.h"

namespace bartizan::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;
using Socket = asio::generic::stream_protocol::socket;
using Secured = asio::ssl::stream<Socket>;
using Code = boost::system::error_code;

/// What the group sees of a session.
class Connection {
public:
    virtual ~Connection() = default;
    virtual void close() = 0;
    SteadyTime deadline = SteadyTime::max();
    bool idle = false;
    std::size_t place = 0;
};

struct SessionGroup {
    SessionGroup(Loop& loop_in, std::shared_ptr<ServerShared> shared_in)
        : loop(loop_in), shared(std::move(shared_in)) {}
    void add(Connection& one) {
        one.place = open.size();
        open.push_back(&one);
        shared->open.fetch_add(1);
    }
    void remove(Connection& one) {
        open.back()->place = one.place;
        open[one.place] = open.back();
        open.pop_back();
        shared->open.fetch_sub(1);
    }
    Loop& loop;
    std::shared_ptr<ServerShared> shared;
    std::vector<Connection*> open;
};

namespace {

constexpr std::size_t kReadBytes = 16 * 1024;
constexpr std::size_t kBodyReadBytes = 128 * 1024;
constexpr std::size_t kMostPendingBytes = 1 << 20;  ///< of a reply in chunks that its reader does not take
constexpr std::size_t kMostDiscarded = 4 << 20;     ///< of a body that was refused
constexpr std::chrono::milliseconds kLinger{250};
constexpr std::chrono::milliseconds kLongLinger{2'000};  ///< where a body was not read
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

SteadyTime now() { return std::chrono::steady_clock::now(); }

std::chrono::milliseconds time_for(std::uint64_t bytes, std::uint64_t bytes_per_second) {
    return std::chrono::milliseconds(bytes * 1000 / std::max<std::uint64_t>(bytes_per_second, 1));
}

void add_header(std::string& out, std::string_view name, std::string_view value) {
    if (!safe_value(name) || !safe_value(value)) return;
    out.append(name).append(": ").append(value).append("\r\n");
}

/// What a `Call` asks of its connection.
class Replier : public Connection {
public:
    virtual void send(Reply reply) = 0;
    virtual void begin_chunks(Reply head) = 0;
    virtual void add_chunk(std::string piece) = 0;
    virtual void end_chunks() = 0;
    std::atomic<std::size_t> pending{0};
    std::atomic<bool> gone{false};
};

class CallOf final : public Call {
public:
    CallOf(Replier& session, SessionGroup& group, const std::string& peer, const std::string& subject, bool is_secure)
        : session_(&session),
          loop_(group.loop),
          handler_(*group.shared->handler),
          peer_(peer),
          subject_(subject),
          secure_(is_secure),
          started_(now()) {}
    ~CallOf() override {
        if (owner_ && !answered_) reply(handler_.refuse(500, "no-reply", "The request was not answered."));
        end();
        if (owner_ && !loop_.is_this_thread()) asio::post(loop_.context(), [keep = std::move(owner_)] {});
    }

    std::string_view method() const override { return method_; }
    std::string_view target() const override { return target_; }
    std::span<const HeaderView> headers() const override { return headers_; }
    std::string_view body() const override { return body_; }
    const std::string& peer() const override { return peer_; }
    const std::string& peer_subject() const override { return subject_; }
    bool secure() const override { return secure_; }
    Loop& loop() override { return loop_; }
    SteadyTime started() const override { return started_; }

    void reply(Reply reply) override {
        if (answered_.exchange(true) || !owner_) return;
        on_loop([session = session_, keep = owner_, reply = std::move(reply)]() mutable {
            session->send(std::move(reply));
        });
    }
    void begin(Reply head) override {
        if (answered_.exchange(true) || !owner_) return;
        streams_ = true;
        on_loop([session = session_, keep = owner_, head = std::move(head)]() mutable {
            session->begin_chunks(std::move(head));
        });
    }
    bool push(std::string piece) override {
        if (!streams_ || session_->gone) return false;
        if (session_->pending.fetch_add(piece.size()) + piece.size() > kMostPendingBytes) {
            end();
            return false;
        }
        on_loop([session = session_, keep = owner_, piece = std::move(piece)]() mutable {
            session->add_chunk(std::move(piece));
        });
        return true;
    }
    void end() override {
        if (!streams_.exchange(false)) return;
        on_loop([session = session_, keep = owner_] { session->end_chunks(); });
    }

    template <class Message>
    void show(const Message& message, std::string_view body) {
        method_ = {message.method_string().data(), message.method_string().size()};
        target_ = {message.target().data(), message.target().size()};
        headers_.clear();
        for (const auto& field : message)
            headers_.emplace_back(std::string_view(field.name_string().data(), field.name_string().size()),
                                  std::string_view(field.value().data(), field.value().size()));
        body_ = body;
    }
    /// From here on the call keeps its connection.
    void keep(std::shared_ptr<void> owner) { owner_ = std::move(owner); }

private:
    template <class Work>
    void on_loop(Work work) {
        if (loop_.is_this_thread())
            work();
        else
            asio::post(loop_.context(), std::move(work));
    }

    Replier* session_;
    Loop& loop_;
    Handler& handler_;
    const std::string& peer_;
    const std::string& subject_;
    bool secure_;
    SteadyTime started_;
    std::shared_ptr<void> owner_;
    std::string_view method_, target_, body_;
    std::vector<HeaderView> headers_;
    std::atomic<bool> answered_{false}, streams_{false};
};

Socket& socket_of(Socket& stream) { return stream; }
Socket& socket_of(Secured& stream) { return stream.next_layer(); }

std::string subject_text(const X509* certificate) {
    std::string out;
    BIO* const text = ::BIO_new(::BIO_s_mem());
    if (text != nullptr && ::X509_NAME_print_ex(text, ::X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253) >= 0) {
        char* bytes = nullptr;
        const long size = ::BIO_get_mem_data(text, &bytes);
        if (size > 0) out.assign(bytes, static_cast<std::size_t>(size));
    }
    ::BIO_free(text);
    return out;
}

std::string subject_of(Secured& stream) {
    X509* const certificate = ::SSL_get_peer_certificate(stream.native_handle());
    if (certificate == nullptr) return {};
    std::string out;
    if (::SSL_get_verify_result(stream.native_handle()) == X509_V_OK) out = subject_text(certificate);
    ::X509_free(certificate);
    return out;
}

template <class Stream>
class Session final : public Replier, public std::enable_shared_from_this<Session<Stream>> {
public:
    Session(std::shared_ptr<SessionGroup> group, Stream stream, std::shared_ptr<asio::ssl::context> tls,
            std::string peer)
        : group_(std::move(group)), tls_(std::move(tls)), stream_(std::move(stream)), peer_(std::move(peer)) {
        group_->add(*this);
    }
    ~Session() override { group_->remove(*this); }

    void start() {
        if constexpr (std::is_same_v<Stream, Secured>) {
            deadline = now() + limits().head_time;
            stream_.async_handshake(asio::ssl::stream_base::server,
                                    [self = this->shared_from_this()](const Code& code) {
                                        if (code) return self->close();
                                        self->subject_ = subject_of(self->stream_);
                                        self->next_request();
                                    });
        } else {
            next_request();
        }
    }

    void close() override {
        gone = true;
        call_.reset();
        Code ignored;
        socket_of(stream_).close(ignored);
    }

    void send(Reply reply) override {
        reply_ = std::move(reply);
        const bool ends = reply_.close || !parser_->get().keep_alive() || group_->shared->draining;
        head_reply("Content-Length", std::to_string(reply_.body.size()), ends);
        const bool bare = parser_->get().method() == wire::verb::head || reply_.status == 204 || reply_.status == 304;
        const asio::const_buffer body = bare ? asio::const_buffer() : asio::buffer(reply_.body);
        deadline = now() + limits().write_time + time_for(reply_.body.size(), limits().slowest_bytes_per_second);
        asio::async_write(stream_, std::array{asio::const_buffer(asio::buffer(head_)), body},
                          [self = this->shared_from_this(), ends](const Code& code, std::size_t) {
                              if (code) return self->close();
                              if (ends) return self->linger();
                              self->next_request();
                          });
    }

    void begin_chunks(Reply head) override {
        reply_ = std::move(head);
        head_reply("Transfer-Encoding", "chunked", true);
        deadline = SteadyTime::max();
        chunks_ = head_;
        write_chunks();
    }
    void add_chunk(std::string piece) override {
        static constexpr char kDigits[] = "0123456789abcdef";
        std::string size;
        for (std::size_t n = piece.size(); n != 0; n /= 16) size.insert(size.begin(), kDigits[n % 16]);
        if (size.empty()) return;
        chunks_.append(size).append("\r\n").append(piece).append("\r\n");
        pending -= piece.size();
        if (chunks_.size() > kMostPendingBytes) return close();
        write_chunks();
    }
    void end_chunks() override {
        chunks_ += "0\r\n\r\n";
        last_chunk_ = true;
        write_chunks();
    }

private:
    using Parser = wire::request_parser<wire::string_body>;
    const ServerLimits& limits() const { return group_->shared->options.limits; }

    void next_request() {
        call_.reset();
        parser_.emplace();
        parser_->header_limit(limits().head_bytes);
        parser_->body_limit(limits().body_bytes);
        parser_->eager(false);
        admitted_ = false;
        idle = true;
        deadline = now() + limits().idle_time;
        if (group_->shared->draining) return linger();
        if (buffer_.size() > 0) begin_head();
        parse();
    }

    void begin_head() {
        idle = false;
        deadline = now() + limits().head_time;
    }

    void read_more() {
        const std::size_t most = admitted_ ? kBodyReadBytes : kReadBytes;
        stream_.async_read_some(buffer_.prepare(most),
                                [self = this->shared_from_this()](const Code& code, std::size_t bytes) {
                                    if (code) return self->close();
                                    self->buffer_.commit(bytes);
                                    if (self->idle) self->begin_head();
                                    self->parse();
                                });
    }

    void parse() {
        for (;;) {
            if (buffer_.size() == 0 && !parser_->is_done()) return read_more();
            Code code;
            buffer_.consume(parser_->put(buffer_.data(), code));
            if (code == wire::error::need_more) return read_more();
            if (code) return malformed(code);
            if (!admitted_ && parser_->is_header_done() && !admit()) return;
            if (parser_->is_done()) return dispatch();
        }
    }

    void malformed(const Code& code) {
        group_->shared->malformed.fetch_add(1, std::memory_order_relaxed);
        if (code == wire::error::body_limit) return refuse(413, "body-too-large", "The body is too large.");
        if (code == wire::error::header_limit) return refuse(431, "head-too-large", "The head is too large.");
        if (code == wire::error::bad_version) return refuse(505, "unknown-version", "This is a server for HTTP/1.1.");
        refuse(400, "malformed-request", "The request is not well-formed HTTP/1.1.");
    }

    void refuse(int status, std::string_view code, std::string_view sentence) {
        refuse(group_->shared->handler->refuse(status, code, sentence));
    }
    void refuse(Reply reply) {
        reply.close = true;
        call_.reset();
        send(std::move(reply));
    }

    /// False: the request is answered already.
    bool admit() {
        admitted_ = true;
        const auto& head = parser_->get();
        call_ = std::make_shared<CallOf>(*this, *group_, peer_, subject_, std::is_same_v<Stream, Secured>);
        call_->show(head, {});
        group_->shared->requests.fetch_add(1, std::memory_order_relaxed);
        if (const auto bad = check_head(call_->target(), head.version(), call_->headers(), limits())) {
            group_->shared->malformed.fetch_add(1, std::memory_order_relaxed);
            refuse(bad->status, bad->code, bad->sentence);
            return false;
        }
        Admission admission = group_->shared->handler->admit(*call_);
        const std::uint64_t most = std::min(admission.body_bytes, limits().body_bytes);
        const auto length = parser_->content_length();
        if (!admission.refusal && length && *length > most)
            admission.refusal = group_->shared->handler->refuse(413, "body-too-large", "The body is too large.");
        if (admission.refusal) {
            const bool has_body = parser_->chunked() || (length && *length > 0);
            if (has_body) admission.refusal->close = true;
            call_.reset();
            send(std::move(*admission.refusal));
            return false;
        }
        parser_->body_limit(most);
        parser_->eager(true);
        if (parser_->is_done()) return true;
        deadline = now() + limits().body_time + time_for(length ? *length : most, limits().slowest_bytes_per_second);
        return !asks_to_continue();
    }

    /// True: the rest of the body is read once the caller is told to send it.
    bool asks_to_continue() {
        if (!same_name(call_->header("Expect"), "100-continue") || buffer_.size() > 0) return false;
        asio::async_write(stream_, asio::buffer(kContinue.data(), kContinue.size()),
                          [self = this->shared_from_this()](const Code& code, std::size_t) {
                              if (code) return self->close();
                              self->parse();
                          });
        return true;
    }

    void dispatch() {
        deadline = SteadyTime::max();
        call_->show(parser_->get(), parser_->get().body());
        call_->keep(this->shared_from_this());
        group_->shared->handler->handle(std::exchange(call_, nullptr));
    }

    void head_reply(std::string_view length_name, std::string_view length, bool ends) {
        head_.clear();
        head_.append("HTTP/1.1 ").append(std::to_string(reply_.status)).append(" ");
        head_.append(reason_of(reply_.status)).append("\r\n");
        add_header(head_, "Server", group_->shared->options.name);
        if (!reply_.content_type.empty()) add_header(head_, "Content-Type", reply_.content_type);
        for (const auto& [name, value] : reply_.headers) add_header(head_, name, value);
        if (reply_.status != 204 && reply_.status != 304) add_header(head_, length_name, length);
        if (ends) add_header(head_, "Connection", "close");
        head_.append("\r\n");
    }

    void write_chunks() {
        if (writing_ || chunks_.empty()) return;
        writing_ = true;
        written_.swap(chunks_);
        chunks_.clear();
        asio::async_write(stream_, asio::buffer(written_),
                          [self = this->shared_from_this()](const Code& code, std::size_t) {
                              self->writing_ = false;
                              if (code) return self->close();
                              if (self->chunks_.empty() && self->last_chunk_) return self->linger();
                              self->write_chunks();
                          });
    }

    /// Says that nothing more comes, and waits a little for the other side to close: closing with unread bytes would
    /// reset the connection, and the reply with it.
    void linger() {
        idle = false;
        deadline = now() + (parser_ && !parser_->is_done() ? kLongLinger : kLinger);
        Code ignored;
        socket_of(stream_).shutdown(Socket::shutdown_send, ignored);
        discard(0);
    }
    void discard(std::size_t so_far) {
        if (so_far > kMostDiscarded) return close();
        buffer_.clear();
        socket_of(stream_).async_read_some(buffer_.prepare(kReadBytes), [self = this->shared_from_this(), so_far](
                                                                            const Code& code, std::size_t bytes) {
            if (code) return self->close();
            self->discard(so_far + bytes);
        });
    }

    std::shared_ptr<SessionGroup> group_;
    std::shared_ptr<asio::ssl::context> tls_;  // outlives stream_
    Stream stream_;
    std::string peer_, subject_;
    beast::flat_buffer buffer_;
    std::optional<Parser> parser_;
    std::shared_ptr<CallOf> call_;
    bool admitted_ = false;
    Reply reply_;
    std::string head_;
    std::string chunks_, written_;
    bool writing_ = false, last_chunk_ = false;
};

}  // namespace

std::string_view Call::header(std::string_view name) const {
    for (const auto& [key, value] : headers())
        if (same_name(key, name)) return value;
    return {};
}

std::string_view Call::query() const {
    const std::size_t mark = target().find('?');
    return mark == std::string_view::npos ? std::string_view() : target().substr(mark + 1);
}

std::shared_ptr<SessionGroup> make_session_group(Loop& loop, std::shared_ptr<ServerShared> shared) {
    return std::make_shared<SessionGroup>(loop, std::move(shared));
}

void start_session(const std::shared_ptr<SessionGroup>& group, int descriptor, int family, std::string peer) {
    Socket socket(group->loop.context(), asio::generic::stream_protocol(family, 0), descriptor);
    if (auto tls = group->shared->tls()) {
        Secured stream(std::move(socket), *tls);
        std::make_shared<Session<Secured>>(group, std::move(stream), std::move(tls), std::move(peer))->start();
        return;
    }
    std::make_shared<Session<Socket>>(group, std::move(socket), nullptr, std::move(peer))->start();
}

void sweep(SessionGroup& group) {
    const SteadyTime time = now();
    const bool draining = group.shared->draining;
    const std::vector<Connection*> open = group.open;  // closing may end sessions later, never here
    for (Connection* const one : open) {
        const bool late = one->deadline <= time;
        if (late && !one->idle) group.shared->timeouts.fetch_add(1, std::memory_order_relaxed);
        if (late || (draining && one->idle)) one->close();
    }
}

void close_all(SessionGroup& group) {
    const std::vector<Connection*> open = group.open;
    for (Connection* const one : open) one->close();
}

Result<std::shared_ptr<asio::ssl::context>> make_tls(const TlsFiles& files) {
    auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
    ::SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
    ::SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    const auto bad = [](const std::filesystem::path& path, const Code& code) {
        return invalid_input("cannot use '" + path.string() + "' for TLS: " + code.message(),
                             "a PEM file is expected, and the key must fit the certificate");
    };
    Code code;
    context->use_certificate_chain_file(files.certificate.string(), code);
    if (code) return bad(files.certificate, code);
    context->use_private_key_file(files.key.string(), asio::ssl::context::pem, code);
    if (code) return bad(files.key, code);
    if (!files.client_authority.empty()) {
        context->load_verify_file(files.client_authority.string(), code);
        if (code) return bad(files.client_authority, code);
        context->set_verify_mode(asio::ssl::verify_peer, code);
    }
    return context;
}

Result<void> check_tls(const TlsFiles& files) {
    BARTIZAN_TRY(make_tls(files));
    return {};
}

std::string subject_of_pem(std::string_view pem) {
    BIO* const source = ::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    X509* const certificate = source == nullptr ? nullptr : ::PEM_read_bio_X509(source, nullptr, nullptr, nullptr);
    ::BIO_free(source);
    if (certificate == nullptr) return {};
    std::string out = subject_text(certificate);
    ::X509_free(certificate);
    return out;
}

}  // namespace bartizan::http
