#include "rpc/methods.h"

#include <algorithm>

#include "core/json.h"
#include "http/head.h"
#include "oip/grpc_request.h"

namespace bartizan::rpc {
namespace {

constexpr JsonLimits kJson{.bytes = 1 << 20, .depth = 16, .keys = 1000};
constexpr std::size_t kMostExtensions = 32;

/// One part of a path.
std::string encoded(std::string_view text) {
    constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        if (kPlain.find(c) != std::string_view::npos) {
            out += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        ((out += '%') += kDigits[byte >> 4]) += kDigits[byte & 15];
    }
    return out;
}

Result<std::string> target_of(const oip::GrpcModel& model, std::string_view end) {
    if (model.name.empty()) return invalid_input("the call names no model");
    std::string out = "/v2/models/" + encoded(model.name);
    if (!model.version.empty()) out += "/versions/" + encoded(model.version);
    return out.append(end);
}

Result<Ask> asks_live(oip::WireReader, const oip::Limits&) { return Ask{.target = "/v2/health/live"}; }
Result<Ask> asks_ready(oip::WireReader, const oip::Limits&) { return Ask{.target = "/v2/health/ready"}; }
Result<Ask> asks_server(oip::WireReader, const oip::Limits&) { return Ask{.target = "/v2"}; }

Result<Ask> asks_model(oip::WireReader message, const oip::Limits& limits) {
    const oip::GrpcModel model = BARTIZAN_TRY(read_grpc_model(message, limits));
    return Ask{.target = BARTIZAN_TRY(target_of(model, ""))};
}
Result<Ask> asks_model_ready(oip::WireReader message, const oip::Limits& limits) {
    const oip::GrpcModel model = BARTIZAN_TRY(read_grpc_model(message, limits));
    return Ask{.target = BARTIZAN_TRY(target_of(model, "/ready"))};
}
Result<Ask> asks_inference(oip::WireReader message, const oip::Limits& limits) {
    oip::GrpcInference inference = BARTIZAN_TRY(read_grpc_inference(message, limits));
    return Ask{.method = "POST",
               .target = BARTIZAN_TRY(target_of(inference.model, "/infer")),
               .body = std::move(inference.body),
               .raw = inference.raw};
}

Result<void> tells_live(Answer& answer, const Ask&) {
    answer.message = oip::grpc_flag(true);
    return {};
}
Result<void> tells_ready(Answer& answer, const Ask&) {
    answer.message = oip::grpc_flag(answer.reply.status == 200);
    return {};
}

/// grpc.health.v1.HealthCheckResponse: 1 serving, 2 not serving.
Result<void> tells_health(Answer& answer, const Ask&) {
    answer.message.resize(1);
    oip::append_number(answer.message[0].text, 1, answer.reply.status == 200 ? 1 : 2);
    return {};
}

Result<void> tells_server(Answer& answer, const Ask&) {
    const Json json = BARTIZAN_TRY(parse_json(answer.reply.body, kJson));
    if (!json.is_object()) return internal_error("the metadata of the server is no object");
    std::vector<std::string> extensions;
    if (const auto list = json.find("extensions"); list != json.end() && list->is_array())
        for (const Json& one : *list)
            if (one.is_string() && extensions.size() < kMostExtensions) extensions.push_back(one.get<std::string>());
    answer.message =
        oip::grpc_server(json.value("name", std::string()), json.value("version", std::string()), extensions);
    return {};
}

Result<void> tells_model(Answer& answer, const Ask&) {
    answer.message = oip::grpc_answer(BARTIZAN_TRY(oip::parse_metadata(answer.reply.body)));
    return {};
}

Result<void> tells_inference(Answer& answer, const Ask& ask) {
    std::string_view length;
    for (const auto& [name, value] : answer.reply.headers)
        if (http::same_name(name, oip::kLengthHeader)) length = value;
    const std::string& body = answer.reply.body;
    const auto json_bytes = BARTIZAN_TRY(oip::json_length(length, body.size()));
    answer.response = BARTIZAN_TRY(oip::parse_response(body, json_bytes));
    answer.message = oip::grpc_answer(answer.response, ask.raw);
    return {};
}

constexpr Method kMethods[] = {
    {"/inference.GRPCInferenceService/ModelInfer", false, false, asks_inference, tells_inference},
    {"/inference.GRPCInferenceService/ModelMetadata", false, false, asks_model, tells_model},
    {"/inference.GRPCInferenceService/ModelReady", false, true, asks_model_ready, tells_ready},
    {"/inference.GRPCInferenceService/ServerLive", true, false, asks_live, tells_live},
    {"/inference.GRPCInferenceService/ServerMetadata", true, false, asks_server, tells_server},
    {"/inference.GRPCInferenceService/ServerReady", true, true, asks_ready, tells_ready},
    {"/grpc.health.v1.Health/Check", true, true, asks_ready, tells_health},
};

}  // namespace

const Method* find_method(std::string_view name) {
    const auto found = std::ranges::find(kMethods, name, &Method::name);
    return found == std::end(kMethods) ? nullptr : &*found;
}

}  // namespace bartizan::rpc
