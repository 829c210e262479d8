#include "http/client.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include "bartizan/version.h"

namespace bartizan::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace wire = boost::beast::http;
using asio::ip::tcp;

constexpr std::size_t kPiece = 256 * 1024;

/// A failure of ours on its way out of a coroutine.
struct Failed {
    Error error;
};

bool same_name(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b,
                              [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

/// One request and its response over one connection.
class Exchange {
public:
    Exchange(const Request& request, const ClientOptions& options, const BodySink& sink)
        : request_(request), options_(options), sink_(sink) {}

    Result<Response> run() {
        try {
            talk();
            return std::move(response_);
        } catch (const Failed& failed) {
            return failed.error;
        } catch (const boost::system::system_error& error) {
            return unreachable(error.code());
        } catch (const std::exception& error) {
            return Error(Errc::unavailable, request_.url.authority() + ": " + error.what());
        }
    }

private:
    Error unreachable(const boost::system::error_code& code) const {
        const std::string who = request_.url.authority();
        if (code == beast::error::timeout)
            return {Errc::unavailable, who + " did not answer in time", "is it there, and reachable from here?"};
        if (code == wire::error::body_limit)
            return exhausted(who + ": the answer has more than " + std::to_string(options_.most_bytes) + " bytes");
        if (code == wire::error::header_limit)
            return {Errc::unavailable, who + ": the headers of the answer are longer than 64 KiB"};
        if (code.category() == asio::error::get_ssl_category() && verify_error_ != 0)
            return {Errc::unavailable,
                    who + ": its certificate does not hold: " + ::X509_verify_cert_error_string(verify_error_),
                    "if it is a server of your own, name its authority"};
        return {Errc::unavailable, who + ": " + stage_ + ": " + code.message()};
    }

    /// Starts one step and runs it to its end: only asynchronous steps can be given a time limit.
    template <class Start>
    boost::system::error_code outcome_of(const Start& start) {
        boost::system::error_code code;
        start([&code](const boost::system::error_code& ended, auto&&...) { code = ended; });
        context_.restart();
        context_.run();
        return code;
    }
    template <class Start>
    void wait(const Start& start) {
        if (const auto code = outcome_of(start); code) throw boost::system::system_error(code);
    }

    void talk() {
        stage_ = "cannot find it";
        tcp::resolver resolver(context_);
        const auto places = resolver.resolve(request_.url.host, std::to_string(request_.url.port));
        if (!request_.url.secure) {
            beast::tcp_stream stream(context_);
            connect(stream, places);
            converse(stream);
            return;
        }
        asio::ssl::context tls(asio::ssl::context::tls_client);
        prepare(tls);
        beast::ssl_stream<beast::tcp_stream> stream(context_, tls);
        connect(beast::get_lowest_layer(stream), places);
        greet(stream);
        converse(stream);
    }

    void connect(beast::tcp_stream& stream, const tcp::resolver::results_type& places) {
        stage_ = "cannot connect";
        stream.expires_after(options_.connect_timeout);
        wait([&](auto done) { stream.async_connect(places, done); });
    }

    void prepare(asio::ssl::context& tls) const {
        ::SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
        tls.set_verify_mode(asio::ssl::verify_peer);
        if (options_.ca_file.empty())
            tls.set_default_verify_paths();
        else
            tls.load_verify_file(options_.ca_file);
    }

    void greet(beast::ssl_stream<beast::tcp_stream>& stream) {
        stage_ = "no secure connection";
        const std::string& host = request_.url.host;
        if (::SSL_set_tlsext_host_name(stream.native_handle(), host.c_str()) != 1)
            throw Failed{internal_error("a host name that TLS does not take")};
        stream.set_verify_callback([this, check = asio::ssl::host_name_verification(host)](
                                       bool chain_holds, asio::ssl::verify_context& context) {
            const bool holds = check(chain_holds, context);
            if (!holds) {
                verify_error_ = ::X509_STORE_CTX_get_error(context.native_handle());
                if (verify_error_ == X509_V_OK) verify_error_ = X509_V_ERR_HOSTNAME_MISMATCH;
            }
            return holds;
        });
        beast::get_lowest_layer(stream).expires_after(options_.connect_timeout);
        wait([&](auto done) { stream.async_handshake(asio::ssl::stream_base::client, done); });
    }

    wire::request<wire::string_body> asked() const {
        wire::request<wire::string_body> out;
        out.method_string(request_.method);
        out.target(request_.url.target);
        out.version(11);
        out.set(wire::field::host, request_.url.authority());
        out.set(wire::field::user_agent, std::string("bartizan/") + std::string(kVersion));
        out.set(wire::field::connection, "close");
        for (const auto& [name, value] : request_.headers) out.set(name, value);
        out.body() = request_.body;
        if (!request_.body.empty()) out.prepare_payload();
        return out;
    }

    template <class Stream>
    void converse(Stream& stream) {
        stage_ = "the connection broke";
        auto& lowest = beast::get_lowest_layer(stream);
        lowest.expires_after(options_.idle_timeout);
        const auto request = asked();
        wait([&](auto done) { wire::async_write(stream, request, done); });
        beast::flat_buffer buffer;
        wire::response_parser<wire::buffer_body> parser;
        parser.header_limit(kMostHeaderBytes);
        parser.body_limit(options_.most_bytes);
        if (request_.method == "HEAD") parser.skip(true);
        lowest.expires_after(options_.idle_timeout);
        wait([&](auto done) { wire::async_read_header(stream, buffer, parser, done); });
        take_header(parser);
        take_body(stream, buffer, parser);
    }

    void take_header(const wire::response_parser<wire::buffer_body>& parser) {
        response_.status = static_cast<int>(parser.get().result_int());
        response_.url = request_.url;
        for (const auto& field : parser.get())
            response_.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }

    template <class Stream>
    void take_body(Stream& stream, beast::flat_buffer& buffer, wire::response_parser<wire::buffer_body>& parser) {
        std::vector<std::byte> piece(kPiece);
        const bool sunk = sink_ && response_.status >= 200 && response_.status < 300;
        while (!parser.is_done()) {
            parser.get().body().data = piece.data();
            parser.get().body().size = piece.size();
            beast::get_lowest_layer(stream).expires_after(options_.idle_timeout);
            const auto code = outcome_of([&](auto done) { wire::async_read(stream, buffer, parser, done); });
            if (code && code != wire::error::need_buffer) throw boost::system::system_error(code);
            const std::span<const std::byte> got(piece.data(), piece.size() - parser.get().body().size);
            if (sunk) {
                if (const auto taken = sink_(got); !taken.ok()) throw Failed{taken.error()};
            } else {
                response_.body.append(reinterpret_cast<const char*>(got.data()), got.size());
            }
        }
    }

    asio::io_context context_{1};
    const Request& request_;
    const ClientOptions& options_;
    const BodySink& sink_;
    Response response_;
    std::string stage_;
    long verify_error_ = 0;
};

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// Where to go next; fails where that would be unsafe.
Result<Url> next_of(const Response& response) {
    const Url next = BARTIZAN_TRY_WITHIN(resolve(response.url, response.header("Location")), "a redirect");
    if (response.url.secure && !next.secure)
        return Error(Errc::unavailable, response.url.authority() + " leads to an address without encryption");
    return next;
}

}  // namespace

std::string_view Response::header(std::string_view name) const {
    for (const auto& [key, value] : headers)
        if (same_name(key, name)) return value;
    return {};
}

Result<Response> exchange(const Request& request, const ClientOptions& options, const BodySink& sink) {
    Request here = request;
    for (int hop = 0;; ++hop) {
        Response response = BARTIZAN_TRY(Exchange(here, options, sink).run());
        const bool follow = (request.method == "GET" || request.method == "HEAD") && is_redirect(response.status) &&
                            !response.header("Location").empty();
        if (!follow) return response;
        if (hop >= options.redirects)
            return Error(Errc::unavailable, request.url.authority() + " redirects more than " +
                                                std::to_string(options.redirects) + " times");
        const Url next = BARTIZAN_TRY(next_of(response));
        // What was meant for one host is not told to another.
        if (next.authority() != here.url.authority())
            std::erase_if(here.headers, [](const auto& header) {
                return same_name(header.first, "authorization") || same_name(header.first, "cookie");
            });
        here.url = next;
    }
}

}  // namespace bartizan::http
