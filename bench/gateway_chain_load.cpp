// links: gateway core
/// The gateway with all its filters and detectors, and a worker that answers at once: what the chain alone can carry.
///     gateway_chain_load STATE REFERENCE.npz [THREADS [log]]
/// prints its address, a key and the length of an answer, and serves until its input ends. bench/reference/gateway.py
/// loads it.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "core/file.h"
#include "gateway/service.h"
#include "oip/message.h"

namespace {

using namespace bartizan;

constexpr const char* kMetadata =
    R"({"name":"m","platform":"onnx_onnxv1","inputs":[{"name":"x","datatype":"FP32","shape":[-1,64]}],)"
    R"("outputs":[{"name":"logits","datatype":"FP32","shape":[-1,10]}]})";
constexpr const char* kAnswer =
    R"({"model_name":"m","model_version":"1","outputs":[{"name":"logits","datatype":"FP32","shape":[1,10],)"
    R"("data":[0.5,1.25,-2.5,0.75,3.5,-1.125,0.25,2.25,-0.5,1.5]}]})";

/// Sums of every tenth element: what the detectors learn the reference from.
http::PeerResponse sums(const http::PeerRequest& request, const std::string& json_bytes) {
    const auto asked = oip::parse_request(request.body, std::stoul(json_bytes));
    if (!asked.ok()) return {.status = 400};
    const oip::Tensor& x = asked->inputs.at(0);
    std::vector<float> out(static_cast<std::size_t>(x.shape[0]) * 10);
    for (std::int64_t i = 0; i < x.elements(); ++i)
        out[static_cast<std::size_t>(i / 64 * 10 + i % 64 % 10)] += static_cast<float>(oip::number_at(x, i));
    oip::InferResponse answer{"m", "1", {}, {}};
    oip::Tensor& logits = answer.outputs.emplace_back();
    logits.name = "logits";
    logits.type = oip::Datatype::fp32;
    logits.shape = {x.shape[0], 10};
    logits.refer({reinterpret_cast<const char*>(out.data()), out.size() * sizeof(float)});
    oip::InferRequest binary;
    binary.binary_outputs = true;
    auto body = oip::serialize(answer, binary);
    http::PeerResponse response{.status = 200, .body = body.ok() ? std::move(body->text) : ""};
    response.headers.emplace_back(oip::kLengthHeader, std::to_string(body.ok() ? body->json_bytes : 0));
    return response;
}

http::PeerResponse answer(const http::PeerRequest& request) {
    for (const auto& [name, value] : request.headers)
        if (name == oip::kLengthHeader) return sums(request, value);
    return {.status = 200, .body = request.method == "GET" ? kMetadata : kAnswer};
}

/// Nothing is scanned: what is measured comes after.
class Nobody final : public gateway::Examiner {
public:
    Result<registry::Check> scan(const std::filesystem::path&) override { return registry::Check{"scan", "clean"}; }
    Result<registry::Check> verify(const std::filesystem::path&, const std::filesystem::path&,
                                   const std::vector<std::filesystem::path>&) override {
        return registry::Check{"signature", "verified"};
    }
};

Result<void> run(const std::filesystem::path& folder, const std::filesystem::path& reference, std::size_t threads,
                 bool log_requests) {
    gateway::Config config;
    config.state = folder;
    config.gates = {.scan = false, .signature = false, .audit_score = {}};
    config.quotas = {{{}, {}, {.requests_per_second = 1e9, .burst = 1e9, .queries_per_day = 1ULL << 60}}};
    config.log_requests = log_requests;
    const auto state = BARTIZAN_TRY(gateway::State::open(config));
    BARTIZAN_TRY(state->access->add_principal("bench", {"caller"}));
    BARTIZAN_TRY(state->access->grant("bench", "caller", {access::Role::consumer, "model:m"}));
    const auto key = BARTIZAN_TRY(state->access->add_key("bench", {"caller"}));
    const auto pushed =
        BARTIZAN_TRY(state->registry->push("bench", {registry::Kind::model, "m"}, {.file_name = "m.onnx"},
                                           [sent = false]() mutable -> Result<std::string> {
                                               return std::exchange(sent, true) ? "" : "model";
                                           }));
    BARTIZAN_TRY(
        state->registry->attach("bench", pushed.id, "reference", BARTIZAN_TRY(read_file(reference, 64 << 20))));
    BARTIZAN_TRY(state->registry->promote("bench", pushed.id, "production", config.gates, ""));
    Nobody examiner;
    http::Loops loops(threads, "http");
    gateway::Service service({*state,
                              examiner,
                              loops,
                              {.folder = folder / "run", .stand_in = answer},
                              [](std::string_view lines) { std::fwrite(lines.data(), 1, lines.size(), stderr); }},
                             config);
    BARTIZAN_TRY(service.start());
    auto server = BARTIZAN_TRY(http::Server::start({}, service, loops));
    std::printf("%s %s %zu\n", server->address().c_str(), std::string(key.text().text()).c_str(),
                std::string_view(kAnswer).size());
    std::fflush(stdout);
    char ignored[64];
    while (::read(STDIN_FILENO, ignored, sizeof ignored) > 0) continue;
    server->drain(std::chrono::seconds(2));
    service.stop();
    server.reset();
    loops.stop();
    return {};
}

}  // namespace

int main(int count, char** words) {
    if (count < 3) return 2;
    const auto threads = static_cast<std::size_t>(count > 3 ? std::atoi(words[3]) : 1);
    const auto done = run(words[1], words[2], threads, count > 4);
    if (!done.ok()) std::fprintf(stderr, "%s\n", done.error().line().c_str());
    return done.ok() ? 0 : 1;
}
