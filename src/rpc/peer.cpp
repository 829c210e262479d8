#include "rpc/peer.h"

#include <algorithm>
#include <cctype>
#include <climits>
#include <list>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include "core/json.h"
#include "http/head.h"
#include "oip/grpc_client.h"
#include "rpc/status.h"

namespace bartizan::rpc {
namespace grpc_peer {
namespace {

constexpr int kFirstBackoffMs = 100;
constexpr int kLongestBackoffMs = 2'000;  // a server that comes back is found soon

/// What a request of the REST form asks for.
struct Question {
    std::string_view method;  ///< of the service
    std::string message = {};
    std::optional<oip::InferRequest> inference = {};
};

/// "/v2/models/NAME[/versions/N]" and what follows.
struct Target {
    oip::GrpcModel model;
    std::string_view end;
};
std::optional<Target> target_of(std::string_view path) {
    constexpr std::string_view kModels = "/v2/models/", kVersions = "/versions/";
    if (!path.starts_with(kModels)) return {};
    path.remove_prefix(kModels.size());
    Target out{{std::string(path.substr(0, path.find('/')))}, {}};
    path.remove_prefix(out.model.name.size());
    if (path.starts_with(kVersions)) {
        path.remove_prefix(kVersions.size());
        out.model.version = path.substr(0, path.find('/'));
        path.remove_prefix(out.model.version.size());
    }
    out.end = path;
    return out;
}

Result<Question> question_of(const http::PeerRequest& request) {
    if (request.path == "/v2/health/ready") return Question{"ServerReady"};
    const auto target = target_of(request.path);
    if (target && target->end.empty()) return Question{"ModelMetadata", oip::grpc_question(target->model)};
    if (target && target->end == "/ready") return Question{"ModelReady", oip::grpc_question(target->model)};
    if (!target || target->end != "/infer") return unsupported("gRPC has nothing for '" + request.path + "'");
    std::string_view length;
    for (const auto& [name, value] : request.headers)
        if (http::same_name(name, oip::kLengthHeader)) length = value;
    const auto json_bytes = BARTIZAN_TRY(oip::json_length(length, request.content().size()));
    oip::InferRequest inference = BARTIZAN_TRY(oip::parse_request(request.content(), json_bytes));
    std::string message = oip::grpc_question(target->model, inference);
    inference.inputs.clear();  // they refer to the request's bytes
    return Question{"ModelInfer", std::move(message), std::move(inference)};
}

/// A call under way; what gRPC reads and writes stays where it is.
struct Flight {
    grpc::ClientContext context;
    grpc::ByteBuffer request, response;
    std::string_view method;
    std::optional<oip::InferRequest> inference;
    http::PeerDone done;
};

/// Its pieces, without a copy; they live in `slices`.
std::vector<std::string_view> pieces_of(const grpc::ByteBuffer& buffer, std::vector<grpc::Slice>& slices) {
    std::vector<std::string_view> out;
    if (!buffer.Valid() || !buffer.Dump(&slices).ok()) return out;
    for (const grpc::Slice& one : slices) out.emplace_back(reinterpret_cast<const char*>(one.begin()), one.size());
    return out;
}

Result<http::PeerResponse> answer_of(const Flight& flight) {
    std::vector<grpc::Slice> slices;
    const auto pieces = pieces_of(flight.response, slices);
    const oip::WireReader message{oip::WireReader::Pieces(pieces)};
    if (flight.inference) {
        const auto response = BARTIZAN_TRY(oip::read_grpc_answer(message));
        oip::Body body = BARTIZAN_TRY(oip::serialize(response, *flight.inference));
        http::PeerResponse out{.status = 200};
        if (body.has_binary())
            out.headers.emplace_back(std::string(oip::kLengthHeader), std::to_string(body.json_bytes));
        out.body = std::move(body.text);
        return out;
    }
    if (flight.method == "ModelMetadata")
        return http::PeerResponse{.status = 200, .body = oip::to_json(BARTIZAN_TRY(oip::read_grpc_metadata(message)))};
    return http::PeerResponse{.status = BARTIZAN_TRY(oip::read_grpc_flag(message)) ? 200 : 503};
}

/// The REST form of a refusal.
int status_of(grpc::StatusCode code) {
    switch (code) {
        case grpc::StatusCode::INVALID_ARGUMENT:
        case grpc::StatusCode::FAILED_PRECONDITION:
        case grpc::StatusCode::OUT_OF_RANGE:
            return 400;
        case grpc::StatusCode::NOT_FOUND:
            return 404;
        case grpc::StatusCode::RESOURCE_EXHAUSTED:
            return 503;
        default:
            return 500;
    }
}

Result<http::PeerResponse> outcome(const Flight& flight, const grpc::Status& status, const std::string& address) {
    if (status.ok()) {
        Result<http::PeerResponse> answer = answer_of(flight);
        if (answer.ok()) return answer;
        return Error(Errc::unavailable, address + ": a broken answer: " + answer.error().line());
    }
    if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED)
        return Error(Errc::cancelled, address + " did not answer in time");
    if (status.error_code() == grpc::StatusCode::UNAVAILABLE || status.error_code() == grpc::StatusCode::CANCELLED)
        return Error(Errc::unavailable, address + ": " + status.error_message());
    return http::PeerResponse{
        .status = status_of(status.error_code()),
        .body = Json{{"error", status.error_message()}}.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

std::shared_ptr<grpc::Channel> channel_to(const PeerOptions& options) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstBackoffMs);
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kFirstBackoffMs);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLongestBackoffMs);
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetMaxReceiveMessageSize(static_cast<int>(std::min<std::uint64_t>(options.message_bytes, INT_MAX)));
    arguments.SetMaxSendMessageSize(-1);
    arguments.SetCompressionAlgorithm(GRPC_COMPRESS_NONE);
    std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
    if (options.secure) credentials = grpc::SslCredentials({options.authority, {}, {}});
    const bool v6 = options.host.find(':') != std::string::npos;
    const std::string host = v6 ? "[" + options.host + "]" : options.host;
    return grpc::CreateCustomChannel(host + ":" + std::to_string(options.port), credentials, arguments);
}

/// Calls under way are known, so that `close` can end them. The end of a call is told on the loop.
class GrpcPeer final : public http::Peer, public std::enable_shared_from_this<GrpcPeer> {
public:
    GrpcPeer(http::Loop& loop, std::shared_ptr<grpc::Channel> channel, std::string address)
        : loop_(loop), stub_(std::move(channel)), address_(std::move(address)) {}

    void ask(http::PeerRequest request, http::PeerDone done) override {
        if (closed_) return done(Error(Errc::unavailable, address_ + " is not served any more"));
        Result<Question> question = question_of(request);
        if (!question.ok())
            return done(http::PeerResponse{.status = 400, .body = Json{{"error", question.error().line()}}.dump()});
        auto flight = std::make_shared<Flight>();
        flight->method = question->method;
        flight->inference = std::move(question->inference);
        flight->done = std::move(done);
        flight->context.set_deadline(std::chrono::system_clock::now() + request.patience);
        for (const auto& [name, value] : request.headers) add(flight->context, name, value);
        const grpc::Slice slice(question->message);
        flight->request = grpc::ByteBuffer(&slice, 1);
        const auto place = flights_.insert(flights_.end(), flight);
        stub_.UnaryCall(&flight->context, "/inference.GRPCInferenceService/" + std::string(flight->method), {},
                        &flight->request, &flight->response,
                        [self = shared_from_this(), flight, place](const grpc::Status& status) {
                            self->loop_.post([self, flight, place, status] {
                                self->flights_.erase(place);
                                flight->done(outcome(*flight, status, self->address_));
                            });
                        });
    }

    void close() override {
        closed_ = true;
        for (const auto& flight : flights_) flight->context.TryCancel();
    }

private:
    static void add(grpc::ClientContext& context, std::string name, const std::string& value) {
        std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        if ((name == "authorization" || name == "traceparent") && http::safe_value(value))
            context.AddMetadata(name, value);
    }

    http::Loop& loop_;
    grpc::GenericStub stub_;
    std::string address_;
    std::list<std::shared_ptr<Flight>> flights_;
    bool closed_ = false;
};

}  // namespace
}  // namespace grpc_peer

PeerMaker grpc_peers(PeerOptions options) {
    const std::string address = "grpc://" + options.host + ":" + std::to_string(options.port);
    auto channel = grpc_peer::channel_to(options);
    return [channel, address](http::Loop& loop) -> std::shared_ptr<http::Peer> {
        return std::make_shared<grpc_peer::GrpcPeer>(loop, channel, address);
    };
}

}  // namespace bartizan::rpc
