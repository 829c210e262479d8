// links: oip
// seeds: fuzz/seeds/grpc_request/*
// Messages of the Open Inference Protocol's gRPC form: what is read keeps within the limits, reads the same however it
// is cut, and what the REST form then takes can be written as an answer.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "oip/grpc_answer.h"
#include "oip/grpc_request.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bartizan::oip;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const Limits limits{.elements = 100'000, .bytes = 1 << 20};
    const std::string_view whole[] = {bytes};
    (void)read_grpc_model(WireReader(whole), limits).ok();
    const auto inference = read_grpc_inference(WireReader(whole), limits);
    const std::size_t cut = size == 0 ? 0 : data[0] % size;
    const std::string_view halves[] = {bytes.substr(0, cut), {}, bytes.substr(cut)};
    const auto again = read_grpc_inference(WireReader(halves), limits);
    if (inference.ok() != again.ok() || (again.ok() && inference->body.text != again->body.text)) std::abort();
    if (!inference.ok()) return 0;
    if (inference->body.text.size() - inference->body.json_bytes > limits.bytes) std::abort();
    auto request = parse_request(inference->body.text, inference->body.json_bytes, limits);
    if (!request.ok()) return 0;
    InferResponse response{.model_name = inference->model.name};
    response.outputs = std::move(request->inputs);
    for (const bool raw : {true, false}) (void)grpc_answer(response, raw).size();
    return 0;
}
