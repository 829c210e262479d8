// links: rpc http oip core
/// What the two faces of the service cost: the same handler behind gRPC and behind HTTP, asked by one caller after the
/// other's answer, with tensors of three sizes; and the reading of a gRPC message alone. `bytes_per_second` counts the
/// tensor's bytes; CPU is that of both ends.
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <future>

#include <benchmark/benchmark.h>

#include "http/peer.h"
#include "http/server.h"
#include "oip/grpc_request.h"
#include "oip/message.h"
#include "rpc/server.h"

namespace {

using namespace bartizan;

constexpr int kSizes[] = {3, 28 * 28, 3 * 224 * 224};

/// Reads the request as the gateway does, and answers ten scores.
class Handler final : public http::Handler {
public:
    http::Admission admit(http::Call&) override { return {std::uint64_t{16} << 20, {}}; }
    void handle(http::CallPointer call) override {
        const auto length = oip::json_length(call->header(oip::kLengthHeader), call->body().size());
        const auto request = oip::parse_request(call->body(), *length);
        if (!request.ok()) std::abort();
        http::Reply reply{.body = R"({"model_name":"m","outputs":[{"name":"y","datatype":"FP32","shape":[1,10],)"
                                  R"("parameters":{"binary_data_size":40}}]})"};
        reply.headers.emplace_back(oip::kLengthHeader, std::to_string(reply.body.size()));
        reply.body.append(40, '\0');
        call->reply(std::move(reply));
    }
    http::Reply refuse(int status, std::string_view, std::string_view) override { return {.status = status}; }
};

/// A ModelInferRequest with one raw FP32 tensor.
std::string message_of(int floats) {
    std::string tensor, shape, out;
    oip::append_bytes(tensor, 1, "x");
    oip::append_bytes(tensor, 2, "FP32");
    oip::append_varint(shape, 1);
    oip::append_varint(shape, static_cast<std::uint64_t>(floats));
    oip::append_bytes(tensor, 3, shape);
    oip::append_bytes(out, 1, "m");
    oip::append_item(out, 5, tensor);
    oip::append_item(out, 7, std::string(static_cast<std::size_t>(floats) * 4, '\x3c'));
    return out;
}

void count(benchmark::State& state) { state.SetBytesProcessed(state.iterations() * state.range(0) * 4); }

void read_message(benchmark::State& state) {
    const std::string message = message_of(static_cast<int>(state.range(0)));
    // As it comes over HTTP/2: frames of 16 KiB.
    std::vector<std::string_view> pieces;
    for (std::size_t at = 0; at < message.size(); at += 16'384)
        pieces.push_back(std::string_view(message).substr(at, 16'384));
    for (auto _ : state) {
        auto inference = oip::read_grpc_inference(oip::WireReader(pieces));
        benchmark::DoNotOptimize(inference);
    }
    count(state);
}
BENCHMARK(read_message)->ArgsProduct({{kSizes[0], kSizes[1], kSizes[2]}})->Unit(benchmark::kMicrosecond);

void ask_grpc(benchmark::State& state) {
    Handler handler;
    http::Loops loops(1);
    const auto server = rpc::Server::start({}, handler, loops);
    grpc::GenericStub stub(grpc::CreateChannel((*server)->address(), grpc::InsecureChannelCredentials()));
    const grpc::Slice slice(message_of(static_cast<int>(state.range(0))));
    for (auto _ : state) {
        grpc::ByteBuffer request(&slice, 1), response;
        grpc::ClientContext context;
        std::promise<bool> told;
        stub.UnaryCall(&context, "/inference.GRPCInferenceService/ModelInfer", {}, &request, &response,
                       [&](const grpc::Status& status) { told.set_value(status.ok()); });
        if (!told.get_future().get()) return state.SkipWithError("refused");
    }
    count(state);
}
BENCHMARK(ask_grpc)
    ->ArgsProduct({{kSizes[0], kSizes[1], kSizes[2]}})
    ->Unit(benchmark::kMicrosecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

void ask_http(benchmark::State& state) {
    Handler handler;
    http::Loops loops(1), mine(1);
    const auto server = http::Server::start({}, handler, loops);
    const auto url = http::parse_url((*server)->address());
    const auto peer = http::Peer::make(mine.at(0), {.url = *url});
    const std::string message = message_of(static_cast<int>(state.range(0)));
    const std::string_view pieces[] = {message};
    const auto inference = oip::read_grpc_inference(oip::WireReader(pieces));
    for (auto _ : state) {
        std::promise<bool> told;
        mine.at(0).post([&] {
            peer->ask({.path = "/v2/models/m/infer",
                       .headers = {{std::string(oip::kLengthHeader), std::to_string(inference->body.json_bytes)}},
                       .lent = inference->body.text},
                      [&](const Result<http::PeerResponse>& answer) {
                          told.set_value(answer.ok() && answer->status == 200);
                      });
        });
        if (!told.get_future().get()) return state.SkipWithError("refused");
    }
    mine.at(0).post([&] { peer->close(); });
    count(state);
}
BENCHMARK(ask_http)
    ->ArgsProduct({{kSizes[0], kSizes[1], kSizes[2]}})
    ->Unit(benchmark::kMicrosecond)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

}  // namespace
