#include "rpc/call.h"

#include <algorithm>

#include <grpcpp/security/auth_context.h>

#include "http/head.h"

namespace bartizan::rpc {
namespace {

constexpr std::size_t kMostHeaders = 100;

std::string_view view(grpc::string_ref text) { return {text.data(), text.size()}; }

/// "ipv4:127.0.0.1:5000" and "ipv6:[::1]:5000", also with the brackets as %5B and %5D.
std::string address_of(std::string_view peer) {
    peer.remove_prefix(std::min(peer.find(':'), peer.size() - 1) + 1);
    peer = peer.substr(0, peer.rfind(':'));
    if (peer.starts_with('[')) return std::string(peer.substr(1, peer.find(']') - 1));
    if (peer.starts_with("%5B")) return std::string(peer.substr(3, peer.find("%5D") - 3));
    return std::string(peer);
}

/// A reply and those who still read from it.
struct Held {
    std::shared_ptr<const Answer> answer;
};

grpc::ByteBuffer buffer_of(const std::shared_ptr<const Answer>& answer) {
    std::vector<grpc::Slice> slices;
    for (const oip::WirePiece& piece : answer->message) {
        if (!piece.text.empty()) slices.emplace_back(piece.text);
        if (piece.bytes.empty()) continue;
        slices.emplace_back(
            const_cast<char*>(piece.bytes.data()), piece.bytes.size(),
            [](void* held) { delete static_cast<Held*>(held); }, new Held{answer});
    }
    if (slices.empty()) slices.emplace_back();
    return grpc::ByteBuffer(slices.data(), slices.size());
}

/// What the handler gets to see of a call's metadata. Nothing: it says in two ways who calls.
std::optional<http::Headers> headers_of(const grpc::GenericCallbackServerContext& context) {
    http::Headers out;
    int credentials = 0;
    for (const auto& [name, value] : context.client_metadata()) {
        if (name.ends_with("-bin") || out.size() >= kMostHeaders) continue;
        if (name == "authorization" || name == "x-api-key") ++credentials;
        if (name == "x-api-key")
            out.emplace_back("authorization", "Bearer " + std::string(view(value)));
        else
            out.emplace_back(view(name), view(value));
    }
    if (credentials > 1) return std::nullopt;
    return out;
}

struct Certificate {
    bool secure = false;
    std::string subject;
};
Certificate certificate_of(const grpc::GenericCallbackServerContext& context) {
    const auto security = context.auth_context();
    if (!security) return {};
    Certificate out{!security->FindPropertyValues("transport_security_type").empty(), {}};
    for (const grpc::string_ref& one : security->FindPropertyValues("transport_security_type"))
        if (view(one) == "insecure") out.secure = false;
    for (const grpc::string_ref& pem : security->FindPropertyValues("x509_pem_cert"))
        out.subject = http::subject_of_pem(view(pem));
    return out;
}

}  // namespace

void Shared::sweep() {
    const auto now = std::chrono::steady_clock::now();
    std::vector<std::shared_ptr<Reactor>> over;
    {
        const std::lock_guard lock(mutex);
        for (const auto& weak : reading) {
            auto one = weak.lock();
            if (!one) continue;
            if (now - one->started() < options.message_time) break;
            over.push_back(std::move(one));
        }
    }
    for (const auto& one : over) one->too_late();
}

Call::Call(std::shared_ptr<Reactor> reactor, std::string method, http::Headers headers, std::string peer,
           std::string subject, bool is_secure, http::Loop& loop)
    : reactor_(std::move(reactor)),
      ask_{.method = "POST", .target = std::move(method)},
      headers_(std::move(headers)),
      peer_(std::move(peer)),
      subject_(std::move(subject)),
      secure_(is_secure),
      loop_(loop),
      started_(std::chrono::steady_clock::now()) {
    for (const auto& [name, value] : headers_) views_.emplace_back(name, value);
}

Call::~Call() {
    if (!answered_)
        reply(http::Reply{.status = 500, .body = R"({"code":"no-reply","detail":"the call was not answered"})"});
}

void Call::ask(Ask ask) {
    ask_ = std::move(ask);
    std::erase_if(views_, [](const http::HeaderView& one) { return http::same_name(one.first, oip::kLengthHeader); });
    if (ask_.body.text.empty()) return;
    length_ = std::to_string(ask_.body.json_bytes);
    views_.emplace_back(oip::kLengthHeader, length_);
}

void Call::reply(http::Reply reply) {
    if (!answered_.exchange(true)) reactor_->answer(std::move(reply), ask_);
}

void Call::begin(http::Reply) {
    reply({.status = 501, .body = R"({"code":"unsupported","detail":"there are no streams here"})"});
}

Reactor::Reactor(std::shared_ptr<Shared> shared, grpc::GenericCallbackServerContext& context)
    : shared_(std::move(shared)), context_(context), started_(std::chrono::steady_clock::now()) {
    shared_->open.fetch_add(1, std::memory_order_relaxed);
}

Reactor::~Reactor() { shared_->open.fetch_sub(1, std::memory_order_relaxed); }

void Reactor::start() {
    self_ = shared_from_this();
    if (shared_->draining) return refuse(503, "unavailable", "the server is about to end; ask another one");
    if (shared_->open.load(std::memory_order_relaxed) > shared_->options.calls)
        return refuse(503, "overloaded", "the gateway has more to do than it can; ask again");
    method_ = find_method(context_.method());
    if (method_ == nullptr) return refuse(501, "unsupported", "there is no such method here");
    auto headers = headers_of(context_);
    if (!headers) return refuse(401, "not-identified", "say once who you are, in 'authorization' or in 'x-api-key'");
    Certificate certificate = certificate_of(context_);
    http::Loop& loop = shared_->loops.at(shared_->next_loop.fetch_add(1, std::memory_order_relaxed));
    call_ =
        std::make_shared<Call>(shared_from_this(), context_.method(), std::move(*headers), address_of(context_.peer()),
                               std::move(certificate.subject), certificate.secure, loop);
    if (!method_->open) {
        if (auto refusal = shared_->handler.recognise(*call_)) {
            call_->reply(std::move(*refusal));
            call_.reset();
            return;
        }
    }
    {
        const std::lock_guard lock(shared_->mutex);
        place_ = shared_->reading.insert(shared_->reading.end(), weak_from_this());
        listed_ = true;
    }
    StartRead(&message_);
}

void Reactor::stop_reading() {
    const std::lock_guard lock(shared_->mutex);
    if (std::exchange(listed_, false)) shared_->reading.erase(place_);
}

void Reactor::too_late() {
    stop_reading();
    shared_->late.fetch_add(1, std::memory_order_relaxed);
    refuse(408, "timeout", "the message did not come to its end in time");
    const std::lock_guard lock(context_mutex_);
    if (!done_) context_.TryCancel();
}

void Reactor::OnReadDone(bool ok) {
    stop_reading();
    std::shared_ptr<Call> call = std::move(call_);
    if (!ok) refuse(400, "invalid-input", "the call has no message");
    if (!call || finished_) return;
    http::Loop& loop = call->loop();
    loop.post([self = shared_from_this(), call = std::move(call)]() mutable { self->handle(std::move(call)); });
}

/// On the loop of the call.
void Reactor::handle(std::shared_ptr<Call> call) {
    std::vector<grpc::Slice> slices;
    if (!message_.Dump(&slices).ok()) return refuse(400, "invalid-input", "the message cannot be read");
    std::vector<std::string_view> pieces;
    for (const grpc::Slice& slice : slices)
        pieces.emplace_back(reinterpret_cast<const char*>(slice.begin()), slice.size());
    const oip::Limits limits{.bytes = shared_->options.message_bytes};
    auto ask = method_->read(oip::WireReader(pieces), limits);
    message_.Clear();
    slices.clear();
    if (!ask.ok()) {
        std::string code(to_string(ask.error().code()));
        std::ranges::replace(code, '_', '-');
        const bool large = ask.error().code() == Errc::exhausted;
        return refuse(large ? 413 : http_status(ask.error().code()), large ? "too-large" : code, ask.error().line());
    }
    call->ask(std::move(*ask));
    http::Admission admission = shared_->handler.admit(*call);
    if (admission.refusal) return call->reply(std::move(*admission.refusal));
    if (call->body().size() > admission.body_bytes)
        return refuse(413, "too-large", "the message has more bytes than a request may have");
    shared_->handler.handle(std::move(call));
}

void Reactor::refuse(int status, std::string_view code, std::string_view sentence) {
    if (finished_) return;
    finish(refusal_of(shared_->handler.refuse(status, code, sentence)));
}

void Reactor::tell(const http::Headers& metadata) {
    for (const auto& [name, value] : metadata) context_.AddTrailingMetadata(name, value);
}

void Reactor::finish(const Refusal& refusal) {
    if (!first()) return;
    shared_->answered.fetch_add(1, std::memory_order_relaxed);
    tell(refusal.metadata);
    Finish(grpc::Status(static_cast<grpc::StatusCode>(refusal.code), refusal.message));
}

void Reactor::answer(http::Reply reply, const Ask& ask) {
    if (finished_) return;
    const bool told =
        method_ != nullptr &&
        (reply.status == 200 || (method_->flag && reply.status == 503 && reply.content_type == "application/json"));
    if (!told) return finish(refusal_of(reply));
    auto answer = std::make_shared<Answer>();
    answer->reply = std::move(reply);
    const Result<void> written = method_->write(*answer, ask);
    if (!written.ok()) return refuse(500, "internal", "the answer cannot be told in gRPC");
    if (!first()) return;
    shared_->answered.fetch_add(1, std::memory_order_relaxed);
    tell(metadata_of(answer->reply));
    answer_ = buffer_of(answer);
    StartWriteAndFinish(&answer_, grpc::WriteOptions(), grpc::Status::OK);
}

/// gRPC wants every call to be finished, also one that nobody waits for.
void Reactor::OnCancel() {
    if (first()) Finish(grpc::Status::CANCELLED);
}

void Reactor::OnDone() {
    stop_reading();
    {
        const std::lock_guard lock(context_mutex_);
        done_ = true;
    }
    call_.reset();
    const auto self = std::move(self_);  // the last one, but for those who still hold it
}

}  // namespace bartizan::rpc
