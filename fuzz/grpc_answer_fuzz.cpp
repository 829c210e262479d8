// links: oip
// seeds: fuzz/seeds/grpc_request/*
// Answers of a server that speaks the Open Inference Protocol's gRPC form: what is read keeps within the limits, and is
// the same again when it was written and read once more.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "oip/grpc_answer.h"
#include "oip/grpc_client.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace bartizan::oip;
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    const Limits limits{.elements = 100'000, .bytes = 1 << 20};
    const std::string_view whole[] = {bytes};
    (void)read_grpc_flag(WireReader(whole)).ok();
    if (const auto metadata = read_grpc_metadata(WireReader(whole), limits); metadata.ok())
        (void)parse_metadata(to_json(*metadata)).ok();
    const auto answer = read_grpc_answer(WireReader(whole), limits);
    if (!answer.ok()) return 0;
    std::string written;
    for (const WirePiece& piece : grpc_answer(*answer, true)) written.append(piece.text).append(piece.bytes);
    const std::string_view again_bytes[] = {written};
    const auto again = read_grpc_answer(WireReader(again_bytes), limits);
    if (!again.ok() || again->outputs.size() != answer->outputs.size()) std::abort();
    for (std::size_t i = 0; i < answer->outputs.size(); ++i)
        if (again->outputs[i].bytes() != answer->outputs[i].bytes()) std::abort();
    return 0;
}
