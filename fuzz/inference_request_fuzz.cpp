// links: oip
// seeds: fuzz/seeds/inference_request/*
// Requests and answers of the Open Inference Protocol: what is read fits its own shape, and can be written and read
// again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "oip/message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bartizan::oip;
    if (size < 2) return 0;
    // The first two bytes say how long the JSON part is.
    const std::string_view body(reinterpret_cast<const char*>(data) + 2, size - 2);
    const std::size_t told = static_cast<std::size_t>(data[0]) * 256 + data[1];
    const auto json_bytes = told == 0 ? std::nullopt : std::optional<std::size_t>(told);
    const Limits limits{.elements = 100'000, .bytes = 1 << 20};
    (void)parse_response(body, json_bytes, limits).ok();
    const auto request = parse_request(body, json_bytes, limits);
    if (!request.ok()) return 0;
    for (const Tensor& tensor : request->inputs)
        if (!check_bytes(tensor).ok()) std::abort();
    const auto again = serialize(*request, true);
    if (!again.ok() || !parse_request(again->text, again->json_bytes, limits).ok()) std::abort();
    return 0;
}
